"""Translations of drawn slides against their truth: PSNR, nuclei kept, glass; and what colour alone could do.

    viceversa data make slides SLIDES
    viceversa train SLIDES --preset quickstart --size 128 --max-time 10m --seed 0 --set data.fit=native --out RUN
    python benchmarks/slides.py SLIDES RUN [RUN ...] [--sheet FILE]
    python benchmarks/slides.py                                  only writes the tables of the pages again

Each test slide is translated whole, through `viceversa translate`, and compared with its lossless truth by windows of
512 px. "Colour" is the best affine map of colours fitted on the truth of the same windows, which no method can know.
"""

import argparse
import json
import platform
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from marks import write_tables
from PIL import Image

import viceversa
from viceversa import images
from viceversa.data.tissue import tissue_mask
from viceversa.hardware.device import processor_name
from viceversa.images import Window, WindowedImage
from viceversa.metrics.nuclei import Matches, nuclei_kept

HERE = Path(__file__).parent

SIDE = 512  # pixels of a window
SHEET = Window(1700, 1700, 480, 440)
TISSUE = 0.5  # least share of tissue in a window


def windows_of(image: WindowedImage) -> tuple[list[Window], list[Window]]:
    """Windows with tissue, and those of glass that is kept as it is."""
    mask = tissue_mask(image)
    height, width = image.about.size
    every = [
        Window(top, left, SIDE, SIDE)
        for top in range(0, height - SIDE + 1, SIDE)
        for left in range(0, width - SIDE + 1, SIDE)
    ]
    return [w for w in every if mask.share(w) >= TISSUE], [w for w in every if not mask.weights(w).any()]


def psnr(squared_error: float) -> float:
    """Decibels of a mean squared error of 8-bit levels."""
    return float(10 * np.log10(255**2 / squared_error))


def affine_error(inputs: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared error of the best affine map from colours (N, 3) to true colours (N, 3)."""
    design = np.concatenate([inputs, np.ones((len(inputs), 1))], 1)
    solution = np.linalg.lstsq(design, truth, rcond=None)[0]
    return float(((np.clip(design @ solution, 0, 255) - truth) ** 2).mean())


def score(source: Path, result: Path, truth: Path) -> dict[str, Any]:
    """Sums over the windows of a slide."""
    with images.open_windows(source) as a, images.open_windows(result) as b, images.open_windows(truth) as t:
        tissue, glass = windows_of(a)
        matches, errors, own, colours = Matches(0, 0, 0), [], [], ([], [])
        for window in tissue:
            before, after, true = (image.read(window).samples.astype(np.float64) for image in (a, b, t))
            errors.append(((after - true) ** 2).mean())
            own.append(((before - true) ** 2).mean())
            colours[0].append(before.reshape(-1, 3)[::37])
            colours[1].append(true.reshape(-1, 3)[::37])
            matches += nuclei_kept(before.astype(np.uint8), after.astype(np.uint8))
        change = [
            np.abs(b.read(window).samples.astype(int) - a.read(window).samples.astype(int)).max() for window in glass
        ]
    colour = affine_error(np.concatenate(colours[0]), np.concatenate(colours[1]))
    return {
        "psnr": psnr(float(np.mean(errors))),
        "input": psnr(float(np.mean(own))),
        "colour": psnr(colour),
        "nuclei_f1": matches.f1,
        "glass_change": int(max(change, default=0)),
        "windows": len(tissue),
    }


def draw_sheet(paths: list[Path], out: Path) -> None:
    """The same window of each file, side by side."""
    parts = []
    for path in paths:
        with images.open_windows(path) as image:
            parts.append(image.read(SHEET).samples)
    Image.fromarray(np.concatenate(parts, 1)).save(out, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slides", type=Path, nargs="?")
    parser.add_argument("runs", type=Path, nargs="*")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "slides.json")
    parser.add_argument("--sheet", type=Path, help="PNG: a window of the first test slide, its translation, the truth")
    a = parser.parse_args()
    rows = []
    for run in a.runs:
        for side, to in (("A", "B"), ("B", "A")):
            with TemporaryDirectory() as out:
                start = time.monotonic()
                viceversa.translate(run, a.slides / f"test{side}", to=to, out=out, quiet=True)
                seconds = time.monotonic() - start
                for source in sorted((a.slides / f"test{side}").glob("*.svs")):
                    truth = a.slides / f"truth{side}" / source.name
                    row = {"run": run.name, "to": to, "slide": source.name}
                    if a.sheet and not rows:
                        draw_sheet([source, Path(out) / f"{source.stem}.tif", truth], a.sheet)
                    row |= score(source, Path(out) / f"{source.stem}.tif", truth) | {"seconds": round(seconds, 1)}
                    rows.append(row)
                    print(row, flush=True)
    about = {"processor": processor_name(), "python": platform.python_version(), "torch": torch.__version__}
    about |= {"viceversa": viceversa.__version__, "date": time.strftime("%F")}
    if rows:
        a.out.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
    write_pages(json.loads(a.out.read_text()))


def write_pages(results: dict[str, Any]) -> None:
    """The table in docs/slides.md and docs/log.md."""
    lines = [
        "| to | run | translation, dB | untranslated | colour | nuclei kept, F1 | largest change of glass, levels |",
        "|---|---|---|---|---|---|---|",
    ]
    for to in "BA":
        for run in dict.fromkeys(row["run"] for row in results["rows"]):
            rows = [row for row in results["rows"] if (row["to"], row["run"]) == (to, run)]
            means = [float(np.mean([row[key] for row in rows])) for key in ("psnr", "input", "colour", "nuclei_f1")]
            glass = max(row["glass_change"] for row in rows)
            name = {"B": "pas", "A": "he"}[to]
            lines.append(
                f"| {name} | {run} | {means[0]:.1f} | {means[1]:.1f} | {means[2]:.1f} | {means[3]:.3f} | {glass} |"
            )
    for page in ("slides.md", "log.md"):
        about = results["about"]
        write_tables(HERE.parent / "docs" / page, {"slides": lines}, f"{about['processor']}, {about['date']}")


if __name__ == "__main__":
    main()
