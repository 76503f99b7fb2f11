"""Large pictures with a known truth: how the change is enlarged, what happens at borders and edges, time and memory.

    python benchmarks/large_photographs.py WORK [--worlds orchard seasons facades dusk] [--seeds 0] [--steps 1500]
                                           [--pictures 4] [--side 2048] [--sheets DIR]

Trains `quickstart` at 64 px on drawn worlds (WORK keeps data and runs, so that a second call only measures), draws
held-out scenes at 2,048 px in both domains and translates them by `--scale auto`. `dusk` are the summers of `seasons`
by day and in the light of benchmarks/photographs.py: what changes is the tone. Two enlargements are compared: the
change added as it is, bicubically enlarged, by a network without a margin (version 0.1.0), and local maps of colour.
Then the error of the outermost pixels of 64-px translations by the width of the margin, its time, and one JPEG of 12
megapixels through `translate`, in a process of its own. Everything goes to benchmarks/results/large_photographs.json.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from photographs import dusk
from PIL import Image
from scipy.ndimage import maximum_filter

import viceversa
from viceversa import images
from viceversa.networks.translation import TranslationModule
from viceversa.training.train import train
from viceversa.translation.pipeline import translate_files
from viceversa.translation.scale import network_input
from viceversa.translation.translator import Translator, load
from viceversa.worlds.scenes import WORLDS, Side

HERE = Path(__file__).parent
OUT = HERE / "results" / "large_photographs.json"
SIZE = 64  # of training
DUSK = "dusk"
FIRST_SCENE = 50_000  # beyond the scenes of training
SIDES: tuple[tuple[Side, Side], ...] = (("A", "B"), ("B", "A"))
MARGINS = (0, 2, 4, 8, 16)
EDGE_PIXELS = 8  # around an edge
EDGE_SHARE = 0.05  # of the pixels, those with the strongest gradients, are edges
LEVELS = 127.5  # of 255 for a difference of 1 in [-1, 1]

Pixels = NDArray[np.float32]


def draw(world: str, work: Path, index: int, side: Side, size: int) -> Pixels:
    """A held-out scene (3, size, size), drawn once and kept."""
    if world == DUSK:
        day = draw("seasons", work, index, "A", size)
        return day if side == "A" else at_dusk(day)
    path = work / f"scenes-{size}" / world / f"{index:02}{side}.png"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(WORLDS[world].draw(FIRST_SCENE + index, size, side)[0]).save(path, compress_level=1)
    return images.read(path).pixels


def at_dusk(day: Pixels) -> Pixels:
    return (2 * dusk((day.transpose(1, 2, 0) + 1) / 2) - 1).transpose(2, 0, 1).astype(np.float32)


def make_dusk(summers: Path, folder: Path) -> None:
    """One half of the summers is A; the other at dusk is B. The test images of B are those of A at dusk."""
    names = sorted(path.name for path in (summers / "trainA").glob("*.png"))
    half = len(names) // 2
    days = {path.name: images.read(path).pixels for path in (summers / "testA").glob("*.png")}
    for name in names[:half]:
        images.save_png(folder / "trainA" / name, images.read(summers / "trainA" / name).pixels)
    for name in names[half:]:
        images.save_png(folder / "trainB" / name, at_dusk(images.read(summers / "trainA" / name).pixels))
    for name, day in days.items():
        for kind, pixels in (("testA", day), ("truthA", at_dusk(day)), ("testB", at_dusk(day)), ("truthB", day)):
            images.save_png(folder / kind / name, pixels)


def trained(world: str, work: Path, seed: int, steps: int) -> tuple[Translator, Path]:
    """A translator of a drawn world or of the photographs, and its data; both are made where they are missing."""
    data = work / f"data-{world}"
    drawn = "seasons" if world == DUSK else world
    if drawn in WORLDS:
        viceversa.data.make(drawn, work / f"data-{drawn}", count=400, size=SIZE)
    if not data.exists():
        if world == DUSK:
            make_dusk(work / "data-seasons", data)
        else:
            subprocess.run([sys.executable, HERE / "photographs.py", data, "--size", str(SIZE)], check=True)
    result = train(data, out=work / f"run-{world}-{seed}", size=SIZE, steps=steps, seed=seed, quiet=True)
    return load(result.run, device="cpu", precision="fp32"), data


def before(translator: Translator, pixels: Pixels, to: Side) -> Pixels:
    """Version 0.1.0: no margin, and the change enlarged without regard to edges."""
    module = TranslationModule(translator.generators[to])
    module.margin = 0
    reduced = network_input(pixels, "trained", translator.size)
    with torch.inference_mode():
        change = module(torch.from_numpy(reduced[None]))[0].numpy() - reduced
    return np.clip(pixels + 2 * images.resize(change / 2, pixels.shape[1:]), -1, 1)


def now(translator: Translator, pixels: Pixels, to: Side) -> Pixels:
    return translator.picture(images.Picture(pixels=pixels), to).pixels


def psnr(y: Pixels, truth: Pixels) -> float:
    return float(10 * np.log10(4 / np.mean((y - truth) ** 2, dtype=np.float64)))


def near_edges(pixels: Pixels) -> NDArray[np.bool_]:
    """(H, W): within EDGE_PIXELS of a strong edge of the picture."""
    down, across = np.gradient(pixels.mean(0))
    strength = np.hypot(down, across)
    edges = strength > np.quantile(strength[::7, ::7], 1 - EDGE_SHARE)
    return np.asarray(maximum_filter(edges, 2 * EDGE_PIXELS + 1))


def large_pictures(translator: Translator, world: str, work: Path, count: int, side: int) -> dict[str, Any]:
    """PSNR at full size and mean error in levels near edges and elsewhere, means over pictures, of both directions."""
    ways = {"input": lambda t, x, to: x, "before": before, "now": now}
    numbers: dict[str, list[tuple[float, float, float]]] = {}
    for source, target in SIDES:
        for index in range(count):
            x, truth = (draw(world, work, index, s, side) for s in (source, target))
            edges = near_edges(x)
            for name, way in ways.items():
                y = way(translator, x, target)
                error = np.abs(y - truth).mean(0) * LEVELS
                numbers.setdefault(f"{name} {source}{target}", []).append(
                    (psnr(y, truth), float(error[edges].mean()), float(error[~edges].mean()))
                )
    means = {key: np.mean(values, 0).round(3).tolist() for key, values in numbers.items()}
    return {key: dict(zip(("psnr", "near_edges", "elsewhere"), value, strict=True)) for key, value in means.items()}


def borders(translator: Translator, data: Path) -> dict[str, Any]:
    """Mean error in levels of the outermost pixels and of the interior, and PSNR, of 64-px test images, by margin."""
    results: dict[str, Any] = {}
    for source, target in SIDES:
        x, truth = (read_all(data / f"{kind}{source}") for kind in ("test", "truth"))
        module = TranslationModule(translator.generators[target])
        for module.margin in MARGINS:
            with torch.inference_mode():
                y = module(torch.from_numpy(x)).numpy()
            error = np.abs(y - truth).mean((0, 1)) * LEVELS
            rows, columns = np.ogrid[: error.shape[0], : error.shape[1]]
            distance = np.minimum(
                np.minimum(rows, error.shape[0] - 1 - rows), np.minimum(columns, error.shape[1] - 1 - columns)
            )
            results[f"{source}{target} margin {module.margin}"] = {
                "outermost": round(float(error[distance == 0].mean()), 2),
                "second": round(float(error[distance == 1].mean()), 2),
                "interior": round(float(error[distance >= 12].mean()), 2),
                "psnr": round(psnr(y, truth), 2),
            }
    return results


def read_all(folder: Path) -> Pixels:
    return np.stack([images.read(path).pixels for path in sorted(folder.glob("*.png"))])


def margin_time(translator: Translator, size: int, repeats: int = 20) -> dict[str, float]:
    """Processor time of each margin as a multiple of that of none; medians over repeats in turns."""
    module = TranslationModule(translator.generators["B"])
    x = torch.zeros(1, 3, size, size)
    times: dict[int, list[float]] = {margin: [] for margin in MARGINS}
    with torch.inference_mode():
        for _ in range(repeats + 1):
            for module.margin in MARGINS:
                start = time.process_time()
                module(x)
                times[module.margin].append(time.process_time() - start)
    medians = {margin: float(np.median(values[1:])) for margin, values in times.items()}
    return {str(margin): round(value / medians[0], 3) for margin, value in medians.items()}


def twelve_megapixels(run: Path, work: Path, world: str) -> dict[str, float]:
    """Processor seconds and peak memory of `translate` for a JPEG of 4000 x 3000, in a process of its own."""
    photo = work / f"{world}-12mp.jpg"
    scene = images.to_uint8(draw(world, work, 0, "A", 2048)).transpose(1, 2, 0)
    Image.fromarray(scene).resize((4000, 4000)).crop((0, 500, 4000, 3500)).save(photo, quality=92)
    command = [sys.executable, __file__, str(work), "--measure", str(run), str(photo)]
    line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    return dict(json.loads(line))


def measure(run: str, photo: str, out: Path) -> dict[str, float]:
    """What `twelve_megapixels` measures, in this process."""
    torch.set_num_threads(1)
    start = time.process_time()
    translate_files(load(run, device="cpu"), [photo], "B", out)
    seconds = time.process_time() - start
    status = Path("/proc/self/status").read_text()  # of Linux; getrusage would count the process that started this one
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return {"cpu_seconds": round(seconds, 2), "peak_mb": round(peak)}


def sheet(translator: Translator, world: str, work: Path, side: int, path: Path) -> None:
    """Input, before, now and truth of a scene in each direction: the whole, and below it a detail at full size."""
    rows = []
    for source, target in SIDES:
        x, truth = (draw(world, work, 2, s, side) for s in (source, target))
        pictures = [x, before(translator, x, target), now(translator, x, target), truth]
        middle = slice(side // 2 - 256, side // 2 + 256)
        rows.append(np.concatenate([images.resize(p, (512, 512)) for p in pictures], 2))
        rows.append(np.concatenate([p[:, middle, middle] for p in pictures], 2))
    images.save_png(path / f"large-{world}.png", np.concatenate(rows, 1))


def measurements(args: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """Every figure under its name."""
    for world in [*args.worlds, *args.border_worlds]:
        for seed in args.seeds:
            translator, data = trained(world, args.work, seed, args.steps)
            yield f"borders, {world}, seed {seed}, {args.steps} steps", borders(translator, data)
            if world in args.worlds:
                yield (
                    f"large, {world}, seed {seed}, {args.steps} steps",
                    large_pictures(translator, world, args.work, args.pictures, args.side),
                )
                if args.sheets:
                    sheet(translator, world, args.work, args.side, args.sheets)
    for size in (64, 256):
        yield f"time by margin, {size} px", margin_time(translator, size)
    world = [*args.worlds, *args.border_worlds][0]
    yield "12 megapixels", twelve_megapixels(args.work / f"run-{world}-{args.seeds[0]}", args.work, world)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--worlds", nargs="*", default=["orchard", "seasons", "facades", DUSK])
    parser.add_argument("--border-worlds", nargs="*", default=["photographs"], help="measured at their borders only")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(*args.measure, out=args.work / "out")))
        return

    results = json.loads(OUT.read_text()) if OUT.exists() else {}
    for name, values in measurements(args):
        results[name] = values
        print(name, json.dumps(values, indent=1), flush=True)
        OUT.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
