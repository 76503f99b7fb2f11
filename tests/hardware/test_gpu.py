"""On a GPU: captured against eager steps, compiled against eager networks, GPU against CPU. Skipped without one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import viceversa
from support.presets import SIZE, SMALL, batch, config
from support.sick import SICK, run
from support.tiny import TINY
from viceversa import images, methods
from viceversa.hardware.auto_batch import largest_on_gpu
from viceversa.hardware.compile import compile_net
from viceversa.hardware.cuda_graph import WARMUP_CALLS, CapturedStep, device_step
from viceversa.methods import Method
from viceversa.runs.folder import RunFolder
from viceversa.training.train import train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
EVERY = pytest.mark.parametrize("name", SMALL)
STEPS = 2 * WARMUP_CALLS + 4


@pytest.fixture(autouse=True)
def exact():
    """Full float32 and deterministic kernels."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def make(name: str, device: str = "cuda", precision: str = "fp32") -> Method:
    """A method whose initial weights do not depend on the device."""
    torch.manual_seed(0)  # for the initial weights, which are drawn on the CPU
    return methods.make(config(name), size=SIZE, classes=3, device=device, precision=precision)


def losses_of_steps(method: Method, step, name: str, steps: int = STEPS, rate: float = 1.0) -> list[dict[str, float]]:
    losses = []
    for i in range(steps):
        for player in method.players.values():
            player.set_rate(rate)
        torch.manual_seed(i)
        losses.append({key: value.item() for key, value in step(*batch(name, i)).items()})
    return losses


@EVERY
def test_captured_step_equals_the_eager_step(name):
    eager, captured = make(name), make(name)
    first = losses_of_steps(eager, device_step(eager.step, eager.players.values(), "cuda", capture=False), name)
    step = device_step(captured.step, captured.players.values(), "cuda")
    second = losses_of_steps(captured, step, name)
    adam = all("betas" in g for p in eager.players.values() for g in p.optimizer.param_groups)
    assert isinstance(step, CapturedStep) == adam
    for one, two in zip(first, second, strict=True):
        assert two == pytest.approx(one, rel=1e-3, abs=1e-4)
    assert first[0] != first[-1]
    for a, b in zip(eager.nets.parameters(), captured.nets.parameters(), strict=True):
        if a.ndim > 1:  # the gradient of a bias before a norm is rounding, which Adam amplifies
            assert (a - b).norm() < 1e-2 * a.norm()


def test_captured_step_follows_the_learning_rate_and_skips_nonfinite():
    method = make("cyclegan")
    step = device_step(method.step, method.players.values(), "cuda")
    losses_of_steps(method, step, "cyclegan")
    before = [p.clone() for p in method.nets.parameters()]
    losses_of_steps(method, step, "cyclegan", 3, rate=0.0)
    assert all(map(torch.equal, before, method.nets.parameters()))
    a, b = batch("cyclegan", 0)
    for player in method.players.values():
        player.set_rate(1.0)
    step(a * float("nan"), b)
    assert all(p.nonfinite.item() == 1 for p in method.players.values())
    assert all(map(torch.equal, before, method.nets.parameters()))
    for player in method.players.values():
        player.nonfinite.zero_()
    losses = step(a, b)
    assert not any(p.nonfinite.item() for p in method.players.values())
    assert not all(map(torch.equal, before, method.nets.parameters()))
    assert all(v.isfinite() for v in losses.values()) and method.generators.ratio.item() > 0


def test_captured_step_follows_the_seed():
    """In the pool of CycleGAN, the dropout of pix2pix, the noise of DCGAN."""
    for name in ("cyclegan", "pix2pix", "dcgan"):
        one, two = make(name), make(name)
        first, second = (
            losses_of_steps(one, device_step(one.step, one.players.values(), "cuda"), name),
            losses_of_steps(two, device_step(two.step, two.players.values(), "cuda"), name),
        )
        for a, b in zip(first, second, strict=True):
            assert b == pytest.approx(a, rel=1e-2, abs=1e-2)
        step = device_step(two.step, two.players.values(), "cuda")
        losses_of_steps(two, step, name)
        for player in two.players.values():
            player.set_rate(0.0)
        losses = []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            losses.append([value.item() for value in step(*batch(name, 0)).values()])
        if name != "cyclegan":  # its pool changes from step to step
            assert losses[1] == pytest.approx(losses[0], rel=1e-5) and losses[2] != pytest.approx(losses[0], rel=1e-3)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@EVERY
def test_sixteen_bits_are_near_float32(name, precision):
    exact, rounded = make(name), make(name, precision=precision)
    one = losses_of_steps(exact, device_step(exact.step, exact.players.values(), "cuda"), name, 1)[0]
    two = losses_of_steps(rounded, device_step(rounded.step, rounded.players.values(), "cuda"), name, 1)[0]
    for key in one:
        if not key.startswith(("auc", "accuracy", "wrong")):
            assert two[key] == pytest.approx(one[key], rel=0.05, abs=0.05)


def test_gpu_and_cpu_agree():
    for name in ("cyclegan", "quickstart"):
        cpu, gpu = make(name, "cpu"), make(name)
        for player in (*cpu.players.values(), *gpu.players.values()):
            player.set_rate(1.0)
        cpu.pool_a.size = cpu.pool_b.size = gpu.pool_a.size = gpu.pool_b.size = 0  # their random numbers differ
        for i in range(2):
            one, two = cpu.step(*batch(name, i)), gpu.step(*(x.cuda() for x in batch(name, i)))
            expected = {key: value.item() for key, value in one.items()}
            assert {key: value.item() for key, value in two.items()} == pytest.approx(expected, rel=1e-3)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # of the compiler
def test_compiled_segments_equal_the_network():
    for name in ("cyclegan", "quickstart"):
        eager, compiled = make(name), make(name)
        for net in compiled.nets.values():
            compile_net(net, "cuda")
        one, two = (
            losses_of_steps(m, device_step(m.step, m.players.values(), "cuda"), name) for m in (eager, compiled)
        )
        for a, b in zip(one, two, strict=True):
            assert b == pytest.approx(a, rel=1e-3, abs=1e-3)


def test_gpu_run_resumes_and_translates_as_on_the_cpu(tmp_path: Path, world: Path):
    options = dict(preset="quickstart", size=16, device="cuda", precision="fp32", seed=3, set=TINY, quiet=True)
    whole = train(world, out=tmp_path / "whole", steps=24, save_every=12, **options)
    train(world, out=tmp_path / "parts", steps=24, save_every=6, max_time=0.001, **options)
    parts = train(world, out=tmp_path / "parts", steps=24, save_every=6, **options)
    assert whole.step == parts.step == 24
    one, two = (viceversa.load(r.run, device="cuda", precision="fp32") for r in (whole, parts))
    other = viceversa.load(whole.run, device="cpu")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (19, 23, 3), dtype=np.uint8))
    outputs = [np.asarray(t.translate(picture, "B")).astype(int) for t in (one, two, other)]
    assert outputs[0].shape == (19, 23, 3)
    assert abs(outputs[0] - outputs[2]).max() <= 1
    assert abs(outputs[0] - outputs[1]).max() <= 3


def test_warmup_leaves_the_generators_unchanged(tmp_path: Path, world: Path):
    options = dict(steps=20, save_every=1, set=[*TINY, "method.d_warmup_steps=3", "train.keep=20"])
    out = train(world, out=tmp_path / "run", preset="details", size=16, device="cuda", quiet=True, **options).run
    states = [load_file(out / f"checkpoints/step-{step}/G.safetensors") for step in (1, 3, 4, 20)]
    unchanged = [all(torch.equal(x, states[0][k]) for k, x in state.items()) for state in states]
    assert unchanged == [True, True, False, False]
    assert all(x.isfinite().all() for x in states[-1].values())


def test_treated_run_is_captured_again(blobs, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("viceversa.health.monitor.SHARE", 1e9)
    out = tmp_path / "run"
    assert run(blobs, out, *SICK, steps=300, on_symptom="treat", device="cuda").finished
    assert RunFolder(out).treatments()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # of the compiler
def test_compiled_translation_equals_the_eager_one(tmp_path: Path, world: Path):
    """Images of two sizes, fewer than a full batch."""
    done = train(world, out=tmp_path / "run", preset="cyclegan", size=16, device="cuda", steps=3, quiet=True, set=TINY)
    rng = np.random.default_rng(0)
    sizes = [(24, 32), (24, 32), (20, 20), (24, 32)]
    pictures = [images.Picture(pixels=rng.uniform(-1, 1, (3, *size)).astype(np.float32)) for size in sizes]
    one, two = (viceversa.load(done.run, device="cuda", precision="fp32", compile=c) for c in (False, True))
    for a, b in zip(one.pictures(pictures, "B"), two.pictures(pictures, "B"), strict=True):
        assert a.pixels.shape == b.pixels.shape
        assert np.abs(a.pixels - b.pixels).max() < 1e-3


def test_largest_batch_is_the_last_that_fits():
    whole = torch.cuda.get_device_properties(0).total_memory

    def step(batch: int) -> None:
        torch.empty(batch * whole // 6, dtype=torch.uint8, device="cuda")

    assert largest_on_gpu(step, 1) == 4
    assert largest_on_gpu(step, 8) == 8
