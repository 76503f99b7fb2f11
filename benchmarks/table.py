"""Put the figures of benchmarks/results/*.json into docs/results.md and docs/performance.md; draw curves and hero.

python benchmarks/table.py
"""

import json
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from marks import put
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator
from PIL import Image

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
RESULTS, PERFORMANCE, IMAGES = DOCS / "results.md", DOCS / "performance.md", DOCS / "images"
WAYS = {"A_to_B": "A → B", "B_to_A": "B → A"}
LEAST = 1e-3  # below, a logarithm shows nothing; an unbiased KID may be negative
COLOURS = {"one_page": "#8a8f98", "quickstart": "#0b6e4f", "details": "#b5442e"}
TITLES = {"one_page": "reference"}
RENAMED = {"best": "details"}  # presets by the name that they had when they were measured
Runs = dict[tuple[str, str, float], list[dict[str, Any]]]  # (world, method, seconds asked for) -> a run for each seed


def load(name: str) -> dict[str, Any]:
    path = HERE / "results" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def grouped(found: dict[str, Any]) -> Runs:
    """Runs by world, method and time: ours planned for it, the reference evaluated at it while it trained."""
    runs: Runs = defaultdict(list)
    times = sorted({run["planned"] for run in found["runs"]} | {75.0, 240.0, 420.0})
    for run in found["runs"]:
        method = RENAMED.get(run["method"], run["method"])
        at = run["planned"] if method != "one_page" else min(times, key=lambda t: abs(t - run["seconds"]))
        runs[run["world"], method, at].append(run)
    return runs


def spread(values: list[float], digits: int = 1) -> str:
    """Mean, and plus or minus the standard deviation over the seeds."""
    text = f"{mean(values):.{digits}f}"
    return f"{text}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{stdev(values):.{digits}f}" if len(values) > 1 else text


def processor_of(found: dict[str, Any], method: str, world: str = "faces") -> str:
    """The processor that a method was measured on."""
    runs = (run for run in found["runs"] if run["world"] == world)
    return str(next(run for run in runs if RENAMED.get(run["method"], run["method"]) == method)["processor"])


def cell(runs: Runs, key: tuple[str, str, float], way: str, score: str, digits: int = 1) -> str:
    return spread([run[way][score] for run in runs[key]], digits) if runs.get(key) else "–"


def worlds(found: dict[str, Any], score: str) -> list[str]:
    """Worlds that are judged by a score."""
    return list(dict.fromkeys(run["world"] for run in found["runs"] if score in run["A_to_B"]))


def truth_table(found: dict[str, Any]) -> list[str]:
    """PSNR against the truth, one row per world and direction."""
    runs, seeds = grouped(found), len({run["seed"] for run in found["runs"]})
    lines = [
        f"PSNR to the true translation in dB, held-out images at {found['size']} px, mean ± deviation over {seeds} "
        "seeds; one core per training, planning included. The learning rates of the reference reach zero after ten "
        "minutes; its figures at 240 seconds are from the same run. `details` and all of `faces` were measured on "
        f"{processor_of(found, 'details')}, everything else on {processor_of(found, 'quickstart', 'orchard')}.",
        "",
        "| dataset | direction | untranslated input | best global colour change | reference, 240 s | reference, 600 s "
        "| quickstart, 75 s | quickstart, 240 s | details, 75 s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    shown = (("one_page", 240), ("one_page", 600), ("quickstart", 75), ("quickstart", 240), ("details", 75))
    for world in worlds(found, "translation"):
        for way, arrow in WAYS.items():
            known = found["known"][world][way]
            cells = [cell(runs, (world, *one), way, "translation") for one in shown]
            base = f"| {world} | {arrow} | {known['input']:.1f} | {known['best_colour']:.1f} | "
            lines.append(base + " | ".join(cells) + " |")
    return lines


def likeness_table(found: dict[str, Any]) -> list[str]:
    """How far the translations are, as a set, from real pictures of the target."""
    runs = grouped(found)
    lines = [
        "Distance of the translations, as a set, to real test images of the target; *real* is the distance of other "
        "real images to these. Patches: sliced Wasserstein distance of 7x7 patches. KID: times 1000, in the embedded "
        "features.",
        "",
        "| dataset | direction | patches: real | reference, 600 s | quickstart, 75 s | details, 75 s "
        "| KID: real | reference, 600 s | quickstart, 75 s | details, 75 s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    keys = (("one_page", 600.0), ("quickstart", 75.0), ("details", 75.0))
    for world in worlds(found, "kid"):
        for way, arrow in WAYS.items():
            cells = []
            for score, scale in (("patch_distance", 1), ("kid", 1000)):
                cells.append(f"{scale * found['known'][world][way]['real_' + score]:.0f}")
                for method, at in keys:
                    values = [scale * run[way][score] for run in runs.get((world, method, at), [])]
                    cells.append(spread(values, 0) if values else "–")
            lines.append(f"| {world} | {arrow} | {' | '.join(cells)} |")
    return lines


def real_table(found: dict[str, Any]) -> list[str]:
    """Real photographs without a truth: a classifier, patches, the checkerboard."""
    runs = grouped(found)
    lines = [
        f"Real test photographs of apple2orange at {found['size']} px. *Classified as the target*: share that a small "
        "CNN, trained on the real photographs, takes for the other fruit; in brackets that of the untranslated inputs. "
        "The other brackets hold the value of real photographs of the target.",
        "",
        "| | direction | classified as the target | patch distance | KID x 1000 | checkerboard |",
        "|---|---|---|---|---|---|",
    ]
    for world in worlds(found, "taken"):
        for method, at in (("one_page", 600.0), ("quickstart", 75.0), ("details", 75.0), ("quickstart", 600.0)):
            for way, arrow in WAYS.items():
                known, mine = found["known"][world][way], runs.get((world, method, at), [])
                if not mine:
                    continue
                taken = mean(run[way]["taken"] for run in mine)
                lines.append(
                    f"| {TITLES.get(method, method)}, {at:.0f} s | {arrow} | "
                    f"{taken:.0%} ({known['input_taken']:.0%}) | "
                    f"{spread([r[way]['patch_distance'] for r in mine])} ({known['real_patch_distance']:.1f}) | "
                    f"{spread([1000 * r[way]['kid'] for r in mine], 0)} ({1000 * known['real_kid']:.0f}) | "
                    f"{spread([r[way]['checkerboard'] for r in mine], 2)} ({known['real_checkerboard']:.2f}) |"
                )
    return lines


def curves(found: dict[str, Any]) -> None:
    """PSNR (or share taken), patch distance and KID over the time of training: a dot a seed, a line for the mean."""
    names = list(dict.fromkeys(run["world"] for run in found["runs"]))
    fig, axes = plt.subplots(3, len(names), figsize=(3.1 * len(names), 7.2), layout="constrained", squeeze=False)
    for column, world in zip(axes.T, names, strict=True):
        top = "translation" if world in worlds(found, "translation") else "taken"
        for axis, score in zip(column, (top, "patch_distance", "kid"), strict=True):
            for way, (marker, style) in {"A_to_B": ("o", "-"), "B_to_A": ("^", "--")}.items():
                for method, colour in COLOURS.items():
                    points(axis, found, (world, method), way, score, colour, marker, style)
                floor = found["known"][world][way].get({"translation": "best_colour"}.get(score, f"real_{score}"))
                if floor is not None and floor > LEAST:
                    axis.axhline(floor, color="#c9a227", linewidth=0.8, linestyle=style)
            axis.set_xscale("log")
            if score != top:
                axis.set_yscale("log")
                axis.yaxis.set_major_locator(LogLocator(10, (1, 2, 5) if score == "patch_distance" else (1,)))
                axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.minorticks_off()
            axis.set_xticks([75, 240, 600], ["75 s", "240 s", "600 s"])
            axis.spines[["top", "right"]].set_visible(False)
        column[0].set_title(world)
        if top == "taken":
            column[0].set_ylabel("classified as target")
    for axis, label in zip(axes[:, 0], ("PSNR, dB", "patch distance", "KID"), strict=True):
        axis.set_ylabel(label)
    handles = [plt.Line2D([], [], marker="s", color=colour) for colour in COLOURS.values()]
    handles.append(plt.Line2D([], [], color="#c9a227"))
    labels = [TITLES.get(method, method) for method in COLOURS]
    labels.append("best colour change (PSNR), real against real (distances)")
    fig.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    fig.savefig(IMAGES / "time-to-quality.png", dpi=110)


def points(
    axis: Axes, found: dict[str, Any], key: tuple[str, str], way: str, score: str, colour: str, marker: str, style: str
) -> None:
    """Every run of a method on a world, and a line through the means of its times."""
    of_time = {
        at: [(run["seconds"], max(run[way][score], LEAST)) for run in mine]
        for (world, method, at), mine in sorted(grouped(found).items())
        if (world, method) == key
    }
    if not of_time:
        return
    dots = [dot for mine in of_time.values() for dot in mine]
    axis.scatter(*zip(*dots, strict=True), 14, colour, marker=marker, alpha=0.6, linewidths=0)
    means = [tuple(map(mean, zip(*mine, strict=True))) for mine in of_time.values()]
    axis.plot(*zip(*means, strict=True), color=colour, linewidth=1, linestyle=style)


def speed_table(bench: dict[str, Any]) -> list[str]:
    """Images per second and peak memory beside the reference, on the CPU."""
    lines = ["| | images/s | × reference | peak memory, MB | × reference |", "|---|---|---|---|---|"]
    for row in bench["cases"]:
        if row["device"] == "cpu" and (memory := row.get("memory")):
            lines.append(
                f"| {row['case']} | {row['ours']['per_second']:.2f} | {row['speed']['median']:.2f} | "
                f"{memory['ours']:.0f} | {memory['ratio']:.2f} |"
            )
    return lines


def hero() -> None:
    """The image of the README: the first six test photographs of each fruit and their translations, twice as large."""
    with Image.open(IMAGES / "apple2orange-quickstart.png") as sheet:
        part = sheet.convert("RGB").crop((0, 0, 6 * 66 + 2, sheet.height))  # cells of 64 px, 2 px apart
    part.resize((2 * part.width, 2 * part.height), Image.Resampling.LANCZOS).save(IMAGES / "hero.png", optimize=True)


def main() -> None:
    quality, bench = load("quality"), load("bench")
    origin = "benchmarks/results/quality.json, by `python benchmarks/quality.py`"
    put(RESULTS, {"quality": truth_table(quality), "likeness": likeness_table(quality)}, origin)
    if worlds(quality, "taken"):
        put(RESULTS, {"real": real_table(quality)}, origin)
    put(PERFORMANCE, {"speed": speed_table(bench)}, "benchmarks/results/bench.json, by `make bench`")
    curves(quality)
    hero()


if __name__ == "__main__":
    main()
