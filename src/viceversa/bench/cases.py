"""The cases: each is a job of viceversa and, where the one-page reference can do the same, a job of the reference."""

import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image

from .. import images
from ..data.loader import Unpaired
from ..data.preparation import Preparation
from ..data.transforms import Augment
from ..errors import ResourceError
from ..evaluation.extractors import load_extractor
from ..evaluation.features import BATCH
from ..hardware.compile import compile_net
from ..hardware.cuda_graph import device_step
from ..hardware.precision import choose_precision
from ..images.windows import Window
from ..methods.cyclegan import CycleGAN, CycleGANConfig, make_generator
from ..methods.protocol import SIDES
from ..networks.layers import to_device
from ..networks.norms import FrozenNorm
from ..networks.translation import TranslationModule
from ..runs.presets import preset
from ..training.plan import with_measured
from ..translation.pipeline import translate_files
from ..translation.tile_plan import tile_plan
from ..translation.tiles import Read, TiledTranslation
from ..translation.translator import Translator
from ..worlds.scenes import WORLDS
from . import flops

PAGE = "cyclegan_one_page.py"
FILES = 8  # images in the folder that is translated or read
SLIDE = 2**16  # pixels of a side of the slide that tiles are cut from


@dataclass(frozen=True, kw_only=True)
class Job:
    """A call to repeat."""

    call: Callable[[], object]
    items: float  # images, megapixels or process starts in one call
    flops: Callable[[], int] | None = None  # counts the operations of one call


@dataclass(frozen=True, kw_only=True)
class Case:
    """A row of the table. `ours` and `reference` make a job from a working folder and a device."""

    unit: str
    ours: Callable[[Path, str], Job]
    reference: Callable[[Path, str], Job] | None = None
    quick: bool = False  # also measured by --quick
    memory: bool = False  # also measure the peak memory, on a CPU in separate processes
    precision: str = "fp32"
    devices: tuple[str, ...] = ("cpu",)  # that it is measured on


def one_page() -> dict[str, Any]:
    """The functions of the reference: a file next to this one when installed, in examples/ in a source tree."""
    here = Path(__file__)
    for path in (here.with_name(PAGE), here.parents[3] / "examples" / PAGE):
        if path.exists():
            return runpy.run_path(str(path))
    raise ResourceError(f"the one-page reference {PAGE} is missing from this installation; install viceversa anew")


def config_of(name: str, size: int, **changes: Any) -> CycleGANConfig:
    """The CycleGAN configuration of a preset, with changes."""
    return replace(cast(CycleGANConfig, preset(name, size).method), **changes)


def noise(batch: int, size: int, device: str) -> list[torch.Tensor]:
    """A batch of noise for each domain, (batch, 3, size, size) in [-1, 1]."""
    rng = torch.Generator().manual_seed(0)
    return [(torch.rand(batch, 3, size, size, generator=rng) * 2 - 1).to(device) for _ in SIDES]


def train_ours(
    name: str,
    size: int,
    folder: Path,
    device: str,
    *,
    batch: int | None = None,
    precision: str | None = None,
    compile: bool = False,
    **changes: Any,
) -> Job:
    """A training step of a preset as in a run: batches come from the host; on a GPU the step is a CUDA graph."""
    base = preset(name, size)
    batch, precision = batch or base.train.batch, choose_precision(precision or base.train.precision, device)
    train = replace(base.train, batch=batch, precision=precision)
    config = with_measured(replace(base, method=config_of(name, size, **changes), train=train), device)
    method = cast(CycleGANConfig, config.method)
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = device == "cuda"
    model = CycleGAN(method, precision=precision, device=device)
    if compile:
        for net in model.nets.values():
            compile_net(net, device)
    a, b = noise(batch, size, "cpu")
    step_fn = device_step(model.step, model.players.values(), device)

    def step() -> None:
        losses = step_fn(a, b)
        if device == "cpu":
            for loss in losses.values():
                loss.item()

    return Job(call=step, items=batch, flops=partial(flops.of_step, method, batch, size))


def train_reference(size: int, batch: int, folder: Path, device: str) -> Job:
    """A training step of the one-page reference."""
    torch.manual_seed(0)
    model = one_page()["CycleGAN"](blocks=9 if size >= 256 else 6)
    for net in (model.G, model.F, model.D_A, model.D_B):
        net.to(device)
    a, b = noise(batch, size, device)
    return Job(call=lambda: model.step(a, b), items=batch)


def draw_files(folder: Path, size: int, count: int = FILES) -> list[Path]:
    """Write `count` PNG files of drawn images, FILES of them different."""
    world = WORLDS["orchard"]
    inputs = folder / f"in{size}"
    inputs.mkdir(parents=True, exist_ok=True)
    paths = [inputs / f"{i}.png" for i in range(count)]
    for i, path in enumerate(paths):
        if i < FILES:
            images.save_png(path, images.from_uint8(world.draw(i, size, "A")[0]).transpose(2, 0, 1))
        else:
            shutil.copy(paths[i % FILES], path)
    return paths


def translator_of(c: CycleGANConfig, size: int, device: str, precision: str, compile: bool) -> Translator:
    """A translator with random weights."""
    torch.manual_seed(0)
    nets = {side: make_generator(c, 3, 3) for side in SIDES}
    if compile:
        for net in nets.values():
            compile_net(net, device, dynamic=True)
    return Translator(nets, ("a", "b"), (3, 3), size, 0, device, precision, fixed_batch=compile)


def translate_ours(
    name: str,
    size: int,
    count: int,
    folder: Path,
    device: str,
    *,
    precision: str = "fp32",
    compile: bool = False,
    **changes: Any,
) -> Job:
    """Files to files through a translator."""
    config, count = config_of(name, size, **changes), files_of(count, device)
    translator = translator_of(config, size, device, precision, compile)
    sources = draw_files(folder, size, count)
    call = partial(translate_files, translator, sources, "b", folder / "out")
    return Job(call=call, items=count, flops=lambda: count * flops.of_translation(config, size))


def network_ours(size: int, folder: Path, device: str, *, precision: str, compile: bool) -> Job:
    """Tensors to tensors, a full GPU batch at a time."""
    config = config_of("cyclegan", size)
    translator = translator_of(config, size, device, precision, compile)
    x = torch.cat([noise(1, size, "cpu")[0]] * translator.batch_size)
    return Job(
        call=lambda: translator.batch(x, "B"), items=len(x), flops=lambda: len(x) * flops.of_translation(config, size)
    )


def tiles_ours(
    name: str,
    size: int,
    folder: Path,
    device: str,
    *,
    precision: str = "fp32",
    compile: bool = False,
    **changes: Any,
) -> Job:
    """Tiles in the middle of a slide, in memory; instance norms have fixed statistics."""
    config, precision = config_of(name, size, **changes), choose_precision(precision, device)
    torch.manual_seed(0)
    net = to_device(with_fixed_statistics(make_generator(config, 3, 3)), device).eval().requires_grad_(False)
    if compile:
        compile_net(net, device, dynamic=True)
    module = TranslationModule(net)
    plan = tile_plan(module, 3, device, precision)
    tiling = TiledTranslation(module, (SLIDE, SLIDE), side=plan.side, device=device, precision=precision)

    count = 2 * plan.batch if device == "cuda" else 1
    windows = [Window(SLIDE // 2, i * plan.side + plan.side, plan.side, plan.side) for i in range(count)]
    region = tiling.region(windows[0])
    block = noise(1, region.height, "cpu")[0][0].numpy()

    def operations() -> int:
        fresh = with_fixed_statistics(make_generator(config, 3, 3))
        return count * flops.of_pass(fresh, (1, 3, region.height, region.width))

    call = partial(exhaust, tiling, windows, lambda window: block[:, : window.height, : window.width], plan.batch)
    return Job(call=call, items=count * plan.side**2 / 1e6, flops=operations)


def exhaust(tiling: TiledTranslation, windows: list[Window], read: Read, batch: int) -> None:
    for _ in tiling.tiles(windows, read, batch):
        pass


def with_fixed_statistics(net: torch.nn.Module) -> torch.nn.Module:
    """The same network with instance norms frozen at mean 0 and variance 1."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.InstanceNorm2d):
                c = child.num_features
                setattr(module, name, FrozenNorm(torch.zeros(c), torch.ones(c)))
    return net.eval()


def network_reference(size: int, folder: Path, device: str) -> Job:
    """Tensors to tensors through the reference's generator, one at a time."""
    net = one_page()["generator"](blocks=9 if size >= 256 else 6).to(device)
    x = noise(1, size, "cpu")[0]

    def call() -> None:
        with torch.no_grad():
            net(x.to(device)).cpu()

    return Job(call=call, items=1)


def files_of(count: int, device: str) -> int:
    """The number of files to translate: on a GPU more, to fill batches and to amortise the first and the last one."""
    return count if device == "cpu" else 64 * count


def translate_reference(size: int, count: int, folder: Path, device: str) -> Job:
    """Files to files through the reference."""
    page = one_page()
    net = page["generator"](blocks=9 if size >= 256 else 6).to(device)
    sources = draw_files(folder, size, files_of(count, device))

    def call() -> None:
        for source in sources:
            with torch.no_grad():
                x = net(page["picture"](source, size, crop=False).to(device))[0].cpu()
            pixels = ((x + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
            Image.fromarray(pixels).save(folder / source.name)

    return Job(call=call, items=len(sources))


def load_ours(in_memory: bool, folder: Path, device: str, size: int = 256) -> Job:
    """A batch of each domain as for `cyclegan`, read from files or from images in memory."""
    files, data = draw_files(folder, size), preset("cyclegan", size).data
    read = Preparation(size=size, load=data.load_size, fit=data.fit).stored
    source = Unpaired(files, files, (read, read), Augment(size, flip=True), FILES, 0, 2**30 if in_memory else 0)
    return Job(call=lambda: source.batch(0), items=2 * FILES)


def load_reference(folder: Path, device: str, size: int = 256) -> Job:
    """The same batches through the reference's `picture`, which reads the file every time."""
    picture, files = one_page()["picture"], draw_files(folder, size)
    return Job(call=lambda: [picture(path, size) for path in (*files, *files)], items=2 * FILES)


def features(folder: Path, device: str) -> Job:
    """A batch of images through the embedded feature extractor."""
    extractor = load_extractor()
    side = extractor.side
    x = np.random.default_rng(0).uniform(-1, 1, (BATCH, 3, side, side)).astype(np.float32)
    count = partial(flops.of_pass, load_extractor().net, (BATCH, 3, side, side))
    return Job(call=lambda: extractor(x), items=BATCH, flops=count)


def start(arguments: list[str], folder: Path, device: str) -> Job:
    """A Python process from start to end."""
    command = [sys.executable, *arguments]
    return Job(call=lambda: subprocess.run(command, check=True, capture_output=True), items=1)


def start_reference(folder: Path, device: str) -> Job:
    """A Python process that imports what the reference imports."""
    return start(["-c", "import numpy, torch, PIL.Image"], folder, device)


def train(size: int, name: str = "cyclegan", **changes: Any) -> dict[str, Any]:
    """Both sides of a training step."""
    reference = partial(train_reference, size, changes.get("batch", 1))
    return dict(unit="images", ours=partial(train_ours, name, size, **changes), reference=reference)


def translate(size: int, count: int, name: str = "cyclegan", **changes: Any) -> dict[str, Any]:
    """Both sides of a translation of `count` files."""
    ours = partial(translate_ours, name, size, count, **changes)
    return dict(unit="images", ours=ours, reference=partial(translate_reference, size, count))


def tiles(size: int, name: str, **changes: Any) -> dict[str, Any]:
    """Tiles of a preset's generator."""
    return dict(unit="megapixels", ours=partial(tiles_ours, name, size, **changes))


EVERY_VERB = (
    "import viceversa.training.session, viceversa.translation.pipeline, viceversa.evaluation.evaluate, "
    "viceversa.report.page"
)
BOTH, GPU = ("cpu", "cuda"), ("cuda",)
FAST: dict[str, Any] = dict(precision="bf16", compile=True)
CASES = {
    "train cyclegan 128 px": Case(**train(128), quick=True, memory=True, devices=BOTH),
    "train cyclegan 128 px, direct": Case(**train(128, winograd=False)),
    "train cyclegan 256 px": Case(**train(256), memory=True, devices=BOTH),
    "train cyclegan 256 px, recompute": Case(**train(256, recompute=True), memory=True, devices=BOTH),
    "train cyclegan 256 px, bf16, compiled": Case(**train(256, **FAST), memory=True, precision="bf16", devices=GPU),
    "train cyclegan 256 px, bf16, compiled, batch 8": Case(
        **train(256, batch=8, **FAST), precision="bf16", devices=GPU
    ),
    "train quickstart 64 px": Case(**train(64, "quickstart"), quick=True, memory=True, precision="auto", devices=BOTH),
    "translate cyclegan 256 px": Case(**translate(256, 2), memory=True),
    "translate cyclegan 256 px, bf16, compiled": Case(**translate(256, 2, **FAST), precision="bf16", devices=GPU),
    "network cyclegan 256 px, bf16, compiled": Case(
        unit="images",
        ours=partial(network_ours, 256, **FAST),
        reference=partial(network_reference, 256),
        precision="bf16",
        devices=GPU,
    ),
    "translate cyclegan 256 px, bf16": Case(**translate(256, 2, precision="bf16"), precision="bf16"),
    "translate cyclegan 256 px, direct": Case(**translate(256, 2, winograd=False)),
    "translate quickstart 64 px": Case(**translate(64, 32, "quickstart"), quick=True, memory=True),
    "tiles quickstart": Case(**tiles(64, "quickstart"), quick=True),
    "tiles quickstart, bf16": Case(**tiles(64, "quickstart", precision="bf16"), precision="bf16"),
    "tiles quickstart, bf16, compiled": Case(**tiles(64, "quickstart", **FAST), precision="bf16", devices=GPU),
    "tiles cyclegan": Case(**tiles(256, "cyclegan")),
    "tiles cyclegan, direct": Case(**tiles(256, "cyclegan", winograd=False)),
    "tiles cyclegan, bf16": Case(**tiles(256, "cyclegan", precision="bf16"), precision="bf16"),
    "tiles cyclegan, bf16, compiled": Case(**tiles(256, "cyclegan", **FAST), precision="bf16", devices=GPU),
    "load 256 px from files": Case(unit="images", ours=partial(load_ours, False), reference=load_reference, quick=True),
    "load 256 px from memory": Case(unit="images", ours=partial(load_ours, True), reference=load_reference),
    "features of 64 px": Case(unit="images", ours=features, quick=True),
    "start, viceversa --help": Case(
        unit="starts", ours=partial(start, ["-m", "viceversa", "--help"]), reference=start_reference, quick=True
    ),
    "start, import of every verb": Case(
        unit="starts", ours=partial(start, ["-c", EVERY_VERB]), reference=start_reference
    ),
}
