"""Write the tables of docs/results.md and docs/performance.md; draw the curves and the image of the README.

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
from marks import write_tables
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator
from PIL import Image

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
RESULTS, PERFORMANCE, IMAGES = DOCS / "results.md", DOCS / "performance.md", DOCS / "images"
ARROWS = {"A_to_B": "A → B", "B_to_A": "B → A"}
LEAST = 1e-3  # lower bound of logarithmic axes; an unbiased KID may be negative
LINES = {"A_to_B": ("o", "-"), "B_to_A": ("^", "--")}  # marker and line style
COLOURS = {"one_page": "#8a8f98", "quickstart": "#0b6e4f", "details": "#b5442e"}
TITLES = {"one_page": "reference"}
RENAMED = {"best": "details"}  # presets by their name when they were measured
Runs = dict[tuple[str, str, float], list[dict[str, Any]]]  # (dataset, method, planned seconds): a run for each seed


def load(name: str) -> dict[str, Any]:
    """A result file; empty if it does not exist."""
    path = HERE / "results" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def group_runs(results: dict[str, Any]) -> Runs:
    """Runs by dataset, method and time: a preset planned for it, the reference scored at it while it trained."""
    runs: Runs = defaultdict(list)
    times = sorted({run["planned"] for run in results["runs"]} | {75.0, 240.0, 420.0})
    for run in results["runs"]:
        method = RENAMED.get(run["method"], run["method"])
        at = run["planned"] if method != "one_page" else min(times, key=lambda t: abs(t - run["seconds"]))
        runs[run["world"], method, at].append(run)
    return runs


def spread(values: list[float], digits: int = 1) -> str:
    """Mean ± standard deviation over the seeds."""
    text = f"{mean(values):.{digits}f}"
    return f"{text}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{stdev(values):.{digits}f}" if len(values) > 1 else text


def cpu_of(results: dict[str, Any], method: str, world: str = "faces") -> str:
    """The CPU that a method was measured on."""
    runs = (run for run in results["runs"] if run["world"] == world)
    return str(next(run for run in runs if RENAMED.get(run["method"], run["method"]) == method)["processor"])


def cell(runs: Runs, key: tuple[str, str, float], direction: str, score: str, digits: int = 1) -> str:
    """A score of the runs of `key`, or a dash where there are none."""
    return spread([run[direction][score] for run in runs[key]], digits) if runs.get(key) else "–"


def datasets_with(score: str, results: dict[str, Any]) -> list[str]:
    """The datasets that have a score."""
    return list(dict.fromkeys(run["world"] for run in results["runs"] if score in run["A_to_B"]))


def truth_table(results: dict[str, Any]) -> list[str]:
    """PSNR to the truth, one row per dataset and direction."""
    runs, seeds = group_runs(results), len({run["seed"] for run in results["runs"]})
    lines = [
        f"PSNR to the true translation in dB, held-out images at {results['size']} px, mean ± deviation over {seeds} "
        "seeds; one core per training, planning included. The learning rates of the reference reach zero after ten "
        "minutes; its figures at 240 seconds are from the same run. `details` and all of `faces` were measured on "
        f"{cpu_of(results, 'details')}, everything else on {cpu_of(results, 'quickstart', 'orchard')}.",
        "",
        "| dataset | direction | untranslated input | best global colour change | reference, 240 s | reference, 600 s "
        "| quickstart, 75 s | quickstart, 240 s | details, 75 s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    columns = (("one_page", 240), ("one_page", 600), ("quickstart", 75), ("quickstart", 240), ("details", 75))
    for world in datasets_with("translation", results):
        for direction, arrow in ARROWS.items():
            known = results["known"][world][direction]
            cells = [cell(runs, (world, *column), direction, "translation") for column in columns]
            base = f"| {world} | {arrow} | {known['input']:.1f} | {known['best_colour']:.1f} | "
            lines.append(base + " | ".join(cells) + " |")
    return lines


def distance_table(results: dict[str, Any]) -> list[str]:
    """Distances between the set of translations and real images of the target."""
    runs = group_runs(results)
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
    for world in datasets_with("kid", results):
        for direction, arrow in ARROWS.items():
            cells = []
            for score, scale in (("patch_distance", 1), ("kid", 1000)):
                cells.append(f"{scale * results['known'][world][direction]['real_' + score]:.0f}")
                for method, at in keys:
                    values = [scale * run[direction][score] for run in runs.get((world, method, at), [])]
                    cells.append(spread(values, 0) if values else "–")
            lines.append(f"| {world} | {arrow} | {' | '.join(cells)} |")
    return lines


def real_table(results: dict[str, Any]) -> list[str]:
    """Scores of real photographs, whose truth is unknown: classifier, patch distance, KID, checkerboard."""
    runs = group_runs(results)
    lines = [
        f"Real test photographs of apple2orange at {results['size']} px. *Classified as the target*: share that a "
        "small CNN, trained on the real photographs, takes for the other fruit; in brackets that of the untranslated "
        "inputs. The other brackets hold the value of real photographs of the target.",
        "",
        "| | direction | classified as the target | patch distance | KID x 1000 | checkerboard |",
        "|---|---|---|---|---|---|",
    ]
    for world in datasets_with("taken", results):
        for method, at in (("one_page", 600.0), ("quickstart", 75.0), ("details", 75.0), ("quickstart", 600.0)):
            for direction, arrow in ARROWS.items():
                known, trained = results["known"][world][direction], runs.get((world, method, at), [])
                if not trained:
                    continue
                scores = [run[direction] for run in trained]
                taken = mean(score["taken"] for score in scores)
                lines.append(
                    f"| {TITLES.get(method, method)}, {at:.0f} s | {arrow} | "
                    f"{taken:.0%} ({known['input_taken']:.0%}) | "
                    f"{spread([score['patch_distance'] for score in scores])} ({known['real_patch_distance']:.1f}) | "
                    f"{spread([1000 * score['kid'] for score in scores], 0)} ({1000 * known['real_kid']:.0f}) | "
                    f"{spread([score['checkerboard'] for score in scores], 2)} ({known['real_checkerboard']:.2f}) |"
                )
    return lines


def draw_curves(results: dict[str, Any]) -> None:
    """PSNR (or share classified as target), patch distance and KID over training time: dots are seeds, lines means."""
    names = list(dict.fromkeys(run["world"] for run in results["runs"]))
    fig, axes = plt.subplots(3, len(names), figsize=(3.1 * len(names), 7.2), layout="constrained", squeeze=False)
    for column, world in zip(axes.T, names, strict=True):
        top = "translation" if world in datasets_with("translation", results) else "taken"
        for axis, score in zip(column, (top, "patch_distance", "kid"), strict=True):
            for direction, (_, style) in LINES.items():
                for method in COLOURS:
                    draw_points(axis, results, (world, method), direction, score)
                baseline = {"translation": "best_colour"}.get(score, f"real_{score}")
                floor = results["known"][world][direction].get(baseline)
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


def draw_points(axis: Axes, results: dict[str, Any], key: tuple[str, str], direction: str, score: str) -> None:
    """Every run of a method on a dataset, and a line through the means at each time."""
    by_time = {
        at: [(run["seconds"], max(run[direction][score], LEAST)) for run in trained]
        for (world, method, at), trained in sorted(group_runs(results).items())
        if (world, method) == key
    }
    if not by_time:
        return

    colour, (marker, style) = COLOURS[key[1]], LINES[direction]
    dots = [dot for seeds in by_time.values() for dot in seeds]
    axis.scatter(*zip(*dots, strict=True), 14, colour, marker=marker, alpha=0.6, linewidths=0)
    means = [tuple(map(mean, zip(*seeds, strict=True))) for seeds in by_time.values()]
    axis.plot(*zip(*means, strict=True), color=colour, linewidth=1, linestyle=style)


def speed_table(bench: dict[str, Any]) -> list[str]:
    """Images per second and peak memory on the CPU, against the reference."""
    lines = ["| | images/s | × reference | peak memory, MB | × reference |", "|---|---|---|---|---|"]
    for row in bench["cases"]:
        if row["device"] == "cpu" and (memory := row.get("memory")):
            lines.append(
                f"| {row['case']} | {row['ours']['per_second']:.2f} | {row['speed']['median']:.2f} | "
                f"{memory['ours']:.0f} | {memory['ratio']:.2f} |"
            )
    return lines


def draw_hero() -> None:
    """The image of the README: the first six test photographs of each fruit and their translations, enlarged twice."""
    with Image.open(IMAGES / "apple2orange-quickstart.png") as sheet:
        part = sheet.convert("RGB").crop((0, 0, 6 * 66 + 2, sheet.height))  # cells of 64 px, 2 px apart
    part.resize((2 * part.width, 2 * part.height), Image.Resampling.LANCZOS).save(IMAGES / "hero.png", optimize=True)


def main() -> None:
    quality, bench = load("quality"), load("bench")
    origin = "benchmarks/results/quality.json, by `python benchmarks/quality.py`"
    write_tables(RESULTS, {"quality": truth_table(quality), "likeness": distance_table(quality)}, origin)
    if datasets_with("taken", quality):
        write_tables(RESULTS, {"real": real_table(quality)}, origin)
    write_tables(PERFORMANCE, {"speed": speed_table(bench)}, "benchmarks/results/bench.json, by `make bench`")
    draw_curves(quality)
    draw_hero()


if __name__ == "__main__":
    main()
