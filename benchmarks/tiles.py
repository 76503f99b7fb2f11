"""Exact tiles: difference to the whole image, seams, memory, and speed by the size of the tiles.

    python benchmarks/tiles.py WORK [--parts exact memory sides speed ceiling]
    python benchmarks/tiles.py --tables              # only write the tables of docs/performance.md

Trains `quickstart` for 60 steps on the drawn seasons, and nine residual blocks of width 64 for 40 steps at 64 px (WORK
keeps both, so that a second call only measures). Then, into benchmarks/results/tiles.json:

exact     the painter on a scene of 2048 x 2048 and the residual network on one of 1024 x 1024: tiles against the whole
          image, a grid shifted by (173, 91), steps across the grid lines; beside it the residual network with instance
          norm of each tile, as other tools translate. The statistics of the whole image are fixed for its exact tiles.
memory    peak memory of `translate` at native scale as a whole and in tiles, each in a process of its own
sides     processor time and peak memory of a tile by its side, each in a process of its own
speed     megapixels per second of the painter in tiles, by precision and threads
ceiling   share of the machine's convolution ceiling, from `viceversa bench`
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from marks import write_tables
from torch import Tensor, nn

import viceversa
from viceversa import images
from viceversa.bench.cases import SLIDE, config_of, noise, with_fixed_statistics
from viceversa.bench.ceilings import ceilings
from viceversa.bench.measure import measure, peak_resident
from viceversa.bench.report import machine
from viceversa.hardware.auto_batch import resident_megabytes
from viceversa.images.arrays import Array
from viceversa.images.windows import Window
from viceversa.methods.cyclegan import make_generator
from viceversa.metrics.seams import level_difference, seam_energy
from viceversa.networks.norms import FrozenNorm
from viceversa.networks.translation import TranslationModule
from viceversa.training.train import train
from viceversa.translation import tile_plan as plans
from viceversa.translation.tiles import TiledTranslation, assembled, cuts, grid, reader_of
from viceversa.translation.translator import load
from viceversa.worlds.scenes import WORLDS

HERE = Path(__file__).parent
OUT = HERE / "results" / "tiles.json"
PAGE = HERE.parent / "docs" / "performance.md"
SIDE, SHIFT = 512, (173, 91)
WHOLE = "whole"
MEMORY_SIZES = ((1024, 1024), (2048, 2048), (3000, 4000))
SIDES = {"quickstart": (256, 384, 512, 768, 1024, 1536), "cyclegan": (256, 512, 768)}
Grid = Callable[[TranslationModule, Array, list[Window]], Array]


def trained(work: Path, name: str) -> Path:
    """A short run of the painter ("quickstart") or of nine residual blocks ("cyclegan")."""
    data = work / "data"
    if not data.exists():
        viceversa.data.make("seasons", data, count=60, size=64)
    changes = ["method.blocks=9"] if name == "cyclegan" else []
    steps = 40 if name == "cyclegan" else 60
    return train(data, out=work / name, preset=name, size=64, steps=steps, seed=0, set=changes, quiet=True).run


def whole(module: TranslationModule, image: Array) -> Array:
    with torch.inference_mode():
        return module(torch.from_numpy(image[None]))[0].numpy()


def in_exact_tiles(module: TranslationModule, image: Array, windows: list[Window], side: int | None = None) -> Array:
    size = (image.shape[1], image.shape[2])
    tiling = TiledTranslation(module, size, side=side)
    return assembled(tiling.tiles(windows, reader_of(torch.from_numpy(image))), windows, size)


def each_by_itself(module: TranslationModule, image: Array, windows: list[Window]) -> Array:
    """Every tile as an image of its own, without a halo."""
    parts = (whole(module, np.ascontiguousarray(image[:, *window.slices])) for window in windows)
    return assembled(parts, windows, (image.shape[1], image.shape[2]))


def fix_statistics(module: TranslationModule, image: Array) -> Array:
    """Replace each instance norm by a map with the statistics that it has on the whole image; also the whole result."""
    norms = [norm for norm in module.generator.modules() if isinstance(norm, nn.InstanceNorm2d)]
    statistics: list[tuple[Tensor, Tensor]] = []

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        variance, mean = torch.var_mean(inputs[0][0].double(), (1, 2), correction=0)
        statistics.append((mean, variance))

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    result = whole(module, image)
    for hook in hooks:
        hook.remove()

    with_fixed_statistics(module.generator)
    frozen = [norm for norm in module.generator.modules() if isinstance(norm, FrozenNorm)]
    for norm, (mean, variance) in zip(frozen, statistics, strict=True):
        norm.mean, norm.variance = mean.float(), variance.float()
    return result


def compared(make: Grid, module: TranslationModule, image: Array, expected: Array) -> dict[str, Any]:
    """The figures of one way to make tiles."""
    size = (image.shape[1], image.shape[2])
    tiled, shifted = (make(module, image, grid(size, SIDE, shift)) for shift in ((0, 0), SHIFT))
    lines = [cuts(length, SIDE)[1:-1] for length in size]
    moved = level_difference(tiled, shifted)
    energy, chance = seam_energy(tiled, *lines), seam_energy(expected, *lines)
    return {
        "largest difference to the whole": float(np.abs(tiled - expected).max()),
        "levels to the whole, mean": round(float(np.abs(tiled - expected).mean()) * 127.5, 6),
        "shifted grid, share of values that differ": moved.share,
        "shifted grid, levels": moved.largest,
        "steps across the grid lines / beside them": round(energy, 4),
        "the same lines of the whole": round(chance, 4),
        "seam energy": round(energy / chance, 4),
    }


def scene(side: int) -> Array:
    return images.from_uint8(WORLDS["seasons"].draw(50_000, side, "A")[0]).transpose(2, 0, 1).copy()


def exact(work: Path) -> dict[str, Any]:
    painter = load(trained(work, "quickstart"), device="cpu").modules["B"]
    image = scene(2048)
    expected = whole(painter, image)
    results = {
        "painter, exact tiles": compared(in_exact_tiles, painter, image, expected),
        "painter, inputs of one shape": compared(partial(in_exact_tiles, side=SIDE), painter, image, expected),
        "painter, tiles without a halo": compared(each_by_itself, painter, image, expected),
    }
    resnet = load(trained(work, "cyclegan"), device="cpu").modules["B"]
    image = scene(1024)
    alone = {shift: each_by_itself(resnet, image, grid((1024, 1024), SIDE, shift)) for shift in ((0, 0), SHIFT)}
    expected = fix_statistics(resnet, image)
    found = iter(alone.values())
    results["ResNet-9, instance norm of each tile"] = compared(lambda *_: next(found), resnet, image, expected)
    results["ResNet-9, exact tiles, statistics of the image"] = compared(in_exact_tiles, resnet, image, expected)
    return results


def memory(work: Path) -> dict[str, Any]:
    """Peak memory in MB beyond that of the loaded translator and the image."""
    run = trained(work, "quickstart")
    return {
        f"{height} x {width}, {way}": in_process("--memory", str(run), str(height), str(width), way)
        for height, width in MEMORY_SIZES
        for way in (WHOLE, "tiles")
    }


def peak_of_image(run: str, height: str, width: str, way: str) -> dict[str, float]:
    torch.set_num_threads(1)
    if way == WHOLE:
        plans.LARGE = 10**12
    translator = load(run, device="cpu", scale="native")
    x = torch.rand(1, 3, int(height), int(width)) * 2 - 1
    translator.batch(x[..., :64, :64], "B")
    before, start = resident_megabytes("VmRSS"), time.process_time()
    translator.batch(x, "B")
    return {"cpu_seconds": round(time.process_time() - start, 1), "peak_mb": round(peak_resident() - before)}


def sides(work: Path) -> dict[str, Any]:
    return {
        f"{name} {precision} {side}": in_process("--side", name, precision, str(side))
        for name, precision in (("quickstart", "fp32"), ("quickstart", "bf16"), ("cyclegan", "fp32"))
        for side in SIDES[name]
    }


def tiling_of(name: str, precision: str, side: int) -> TiledTranslation:
    config = config_of(name, 64 if name == "quickstart" else 256)
    net = with_fixed_statistics(make_generator(config, 3, 3)).requires_grad_(False)
    return TiledTranslation(TranslationModule(net), (SLIDE, SLIDE), side=side, precision=precision)


def call_of(tiling: TiledTranslation, side: int, count: int = 1) -> Callable[[], None]:
    """Tiles in the middle of a slide, from noise in memory."""
    windows = [Window(SLIDE // 2, SLIDE // 2 + i * side, side, side) for i in range(count)]
    block = noise(1, tiling.region(windows[0]).height, "cpu")[0][0].numpy()

    def call() -> None:
        for _ in tiling.tiles(windows, lambda window: block[:, : window.height, : window.width]):
            pass

    return call


def cost_of_side(name: str, precision: str, side: str) -> dict[str, float]:
    torch.set_num_threads(1)
    tiling = tiling_of(name, precision, int(side))
    call = call_of(tiling, int(side))
    before = resident_megabytes("VmRSS")
    times = []
    for _ in range(2):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return {
        "megapixels per CPU second": round(int(side) ** 2 / 1e6 / min(times), 3),
        "peak_mb": round(peak_resident() - before),
        "pixels computed for each": round(plans.overhead(int(side), tiling.field), 2),
    }


def speed(work: Path) -> dict[str, Any]:
    """Best of three rounds in turns, four tiles each: megapixels per second of the clock and of processor time."""
    calls = {precision: call_of(tiling_of("quickstart", precision, SIDE), SIDE, 4) for precision in ("fp32", "bf16")}
    best: dict[str, tuple[float, float]] = {}
    for _ in range(3):
        for threads in (1, 2):
            for precision, call in calls.items():
                torch.set_num_threads(threads)
                wall, cpu = time.perf_counter(), time.process_time()
                call()
                spent = time.perf_counter() - wall, time.process_time() - cpu
                key = f"{precision}, {threads} threads"
                best[key] = min(spent, best.get(key, spent))
    megapixels = 4 * SIDE**2 / 1e6
    return {
        key: {"per second": round(megapixels / wall, 3), "per CPU second": round(megapixels / cpu, 3)}
        for key, (wall, cpu) in best.items()
    }


def ceiling(work: Path) -> dict[str, Any]:
    torch.set_num_threads(1)
    rates = ceilings("cpu")
    cases = ("tiles quickstart", "tiles quickstart, bf16", "tiles cyclegan", "tiles cyclegan, direct")
    rows = {name: measure(name, 2, "cpu", rates) for name in (*cases, "tiles cyclegan, bf16")}
    shares = {
        name: {
            "share of the convolution ceiling": round(row["share"], 3),
            "megapixels per CPU second": round(1 / row["ours"]["processor_seconds"], 4),
            "gflop per megapixel, halo included": round(row["gflop"], 1),
        }
        for name, row in rows.items()
    }
    return {"ceilings, Gflop per CPU second": {k: round(v["processor"], 1) for k, v in rates.items()}, **shares}


def in_process(*arguments: str) -> dict[str, float]:
    """The result of a measurement in a process of its own."""
    command = [sys.executable, __file__, ".", *arguments]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]))


PARTS = {"exact": exact, "memory": memory, "sides": sides, "speed": speed, "ceiling": ceiling}


def tables(results: dict[str, Any]) -> dict[str, list[str]]:
    """The tables of the page, by their marks."""
    return {
        "tiles-exact": exact_table(results["exact"]),
        "tiles-memory": memory_table(results["memory"]),
        "tiles-sides": sides_table(results["sides"]),
        "tiles-speed": speed_table(results),
    }


def exact_table(rows: dict[str, dict[str, float]]) -> list[str]:
    lines = [
        "| | largest difference to the whole, levels | grid shifted: values that differ | by at most, levels | "
        "seam energy |",
        "|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        largest = 127.5 * row["largest difference to the whole"]
        share, levels = row["shifted grid, share of values that differ"], row["shifted grid, levels"]
        lines.append(f"| {name} | {largest:.2g} | {share:.2%} | {levels} | {row['seam energy']:.3f} |")
    return lines


def memory_table(rows: dict[str, dict[str, float]]) -> list[str]:
    lines = ["| image | as a whole, MB | in tiles, MB | CPU seconds, whole / tiles |", "|---|---|---|---|"]
    for height, width in MEMORY_SIZES:
        at_once, tiles = (rows[f"{height} x {width}, {way}"] for way in (WHOLE, "tiles"))
        seconds = f"{at_once['cpu_seconds']:.1f} / {tiles['cpu_seconds']:.1f}"
        lines.append(f"| {height} × {width} | {at_once['peak_mb']:.0f} | {tiles['peak_mb']:.0f} | {seconds} |")
    return lines


def sides_table(rows: dict[str, dict[str, float]]) -> list[str]:
    lines = [
        "| network, precision, side of a tile | megapixels per CPU second | pixels computed for each | peak MB |",
        "|---|---|---|---|",
    ]
    for name, row in rows.items():
        speed, computed = row["megapixels per CPU second"], row["pixels computed for each"]
        lines.append(f"| {name} px | {speed:.3f} | {computed:.2f} | {row['peak_mb']:.0f} |")
    return lines


def speed_table(results: dict[str, Any]) -> list[str]:
    m, rows = results["machine"], results["ceiling"]
    lines = [
        f"{m['processor']}, torch {m['torch']}, {m['date']}.",
        "",
        "| | megapixels per second | per CPU second | of the convolution ceiling |",
        "|---|---|---|---|",
    ]
    for name, row in results["speed"].items():
        lines.append(f"| painter, {name} | {row['per second']:.2f} | {row['per CPU second']:.2f} | – |")
    for name, row in rows.items():
        if name.startswith("tiles"):
            speed, share = row["megapixels per CPU second"], row["share of the convolution ceiling"]
            lines.append(f"| `viceversa bench`: {name} | – | {speed:.3f} | {share:.0%} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=Path, nargs="?")
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--memory", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.memory:
        print(json.dumps(peak_of_image(*args.memory)))
        return
    if args.side:
        print(json.dumps(cost_of_side(*args.side)))
        return

    results = json.loads(OUT.read_text()) if OUT.exists() else {}
    if not args.tables:
        results["machine"] = machine()
        for part in args.parts:
            results[part] = PARTS[part](args.work)
            print(part, json.dumps(results[part], indent=1), flush=True)
            OUT.write_text(json.dumps(results, indent=1) + "\n")
    if results.keys() >= PARTS.keys():
        write_tables(PAGE, tables(results), "benchmarks/results/tiles.json, by `python benchmarks/tiles.py`")


if __name__ == "__main__":
    main()
