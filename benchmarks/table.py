"""Put the figures of benchmarks/results/*.json into README.md and docs/translations.md, and draw the curves.

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

HERE = Path(__file__).parent
README, PAGE = HERE.parent / "README.md", HERE.parent / "docs" / "translations.md"
CURVES = HERE.parent / "docs" / "images" / "time-to-quality.png"
WAYS = {"A_to_B": "A → B", "B_to_A": "B → A"}
LEAST = 1e-3  # below, a logarithm shows nothing; an unbiased KID may be negative
COLOURS = {"one_page": "#8a8f98", "quickstart": "#0b6e4f", "best": "#b5442e"}
Runs = dict[tuple[str, str, float], list[dict[str, Any]]]  # (world, method, seconds asked for) -> a run for each seed


def load(name: str) -> dict[str, Any]:
    path = HERE / "results" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def grouped(found: dict[str, Any]) -> Runs:
    """Runs by world, method and time: ours planned for it, the reference judged on its way at it."""
    runs: Runs = defaultdict(list)
    times = sorted({run["planned"] for run in found["runs"]} | {75.0, 240.0, 420.0})
    for run in found["runs"]:
        at = run["planned"] if run["method"] != "one_page" else min(times, key=lambda t: abs(t - run["seconds"]))
        runs[run["world"], run["method"], at].append(run)
    return runs


def spread(values: list[float], digits: int = 1) -> str:
    """Mean, and plus or minus the standard deviation over the seeds."""
    text = f"{mean(values):.{digits}f}"
    return f"{text} ± {stdev(values):.{digits}f}" if len(values) > 1 else text


def processor_of(found: dict[str, Any], method: str, world: str = "faces") -> str:
    """The processor that a method was measured on."""
    runs = (run for run in found["runs"] if (run["method"], run["world"]) == (method, world))
    return str(next(runs)["processor"])


def cell(runs: Runs, key: tuple[str, str, float], way: str, score: str, digits: int = 1) -> str:
    return spread([run[way][score] for run in runs[key]], digits) if runs.get(key) else "–"


def worlds(found: dict[str, Any], score: str) -> list[str]:
    """Worlds that are judged by a score."""
    return list(dict.fromkeys(run["world"] for run in found["runs"] if score in run["A_to_B"]))


def truth_table(found: dict[str, Any]) -> list[str]:
    """PSNR against the truth, one row per world and direction."""
    runs, seeds = grouped(found), len({run["seed"] for run in found["runs"]})
    lines = [
        f"PSNR against the true translation in dB, held-out pictures at {found['size']} px, mean ± deviation over "
        f"{seeds} seeds; each training had one core, what it planned included. After ten minutes the rates of the "
        "reference have fallen to zero; at 240 seconds it was judged on its way there. `best` and all of `faces` "
        f"on {processor_of(found, 'best')}, everything else on {processor_of(found, 'quickstart', 'orchard')}:",
        "",
        "| world | direction | input as it is | best global colour change | one page, 240 s | 600 s "
        "| quickstart, 75 s | 240 s | **best, 75 s** |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    shown = (("one_page", 240), ("one_page", 600), ("quickstart", 75), ("quickstart", 240), ("best", 75))
    for world in worlds(found, "translation"):
        for way, arrow in WAYS.items():
            known = found["known"][world][way]
            cells = [cell(runs, (world, *one), way, "translation") for one in shown]
            cells[-1] = f"**{cells[-1]}**"
            base = f"| {world} | {arrow} | {known['input']:.1f} | {known['best_colour']:.1f} | "
            lines.append(base + " | ".join(cells) + " |")
    return lines


def likeness_table(found: dict[str, Any]) -> list[str]:
    """How far the translations are, as a set, from real pictures of the target."""
    runs = grouped(found)
    lines = [
        "Distance to real test pictures of the target; beside it that of other real pictures. Sliced Wasserstein "
        "distance of 7x7 patches, and KID x 1000 in the embedded features:",
        "",
        "| world | direction | patches: real | one page, 600 s | quickstart, 75 s | **best, 75 s** "
        "| KID: real | one page, 600 s | quickstart, 75 s | **best, 75 s** |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    keys = (("one_page", 600.0), ("quickstart", 75.0), ("best", 75.0))
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
        f"Real apples and oranges (apple2orange at {found['size']} px, test photographs). *Taken*: by a small CNN, "
        "trained on the real photographs, for the other fruit:",
        "",
        "| | direction | taken (inputs) | patch distance (real) | KID x 1000 (real) | checkerboard (real) |",
        "|---|---|---|---|---|---|",
    ]
    for world in worlds(found, "taken"):
        for method, at in (("one_page", 600.0), ("quickstart", 75.0), ("best", 75.0), ("quickstart", 600.0)):
            for way, arrow in WAYS.items():
                known, mine = found["known"][world][way], runs.get((world, method, at), [])
                if not mine:
                    continue
                taken = mean(run[way]["taken"] for run in mine)
                lines.append(
                    f"| {method.replace('_', ' ')}, {at:.0f} s | {arrow} | {taken:.0%} ({known['input_taken']:.0%}) | "
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
            column[0].set_ylabel("share taken")
    for axis, label in zip(axes[:, 0], ("PSNR, dB", "patch distance", "KID"), strict=True):
        axis.set_ylabel(label)
    handles = [plt.Line2D([], [], marker="s", color=colour) for colour in COLOURS.values()]
    handles.append(plt.Line2D([], [], color="#c9a227"))
    told = ["one-page reference", "quickstart", "best", "best colour change (PSNR), real against real (distances)"]
    fig.legend(handles, told, loc="outside lower center", ncols=4, frameon=False)
    fig.savefig(CURVES, dpi=110)


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
    """Images per second and peak memory beside the reference, on the processor."""
    lines = [
        "Images per second and peak memory, in turns with the reference; [more, and how](docs/performance.md):",
        "",
        "| | images/s | times the reference | peak memory, MB | times the reference |",
        "|---|---|---|---|---|",
    ]
    for row in bench["cases"]:
        if row["device"] == "cpu" and (memory := row.get("memory")):
            lines.append(
                f"| {row['case']} | {row['ours']['per_second']:.2f} | {row['speed']['median']:.2f} | "
                f"{memory['ours']:.0f} | {memory['ratio']:.2f} |"
            )
    return lines


def main() -> None:
    quality, bench = load("quality"), load("bench")
    origin = "benchmarks/results/quality.json, by `python benchmarks/quality.py`"
    put(README, {"quality": truth_table(quality)}, origin)
    if worlds(quality, "taken"):
        put(README, {"real": real_table(quality)}, origin)
    put(README, {"speed": speed_table(bench)}, "benchmarks/results/bench.json, by `make bench`")
    put(PAGE, {"likeness": likeness_table(quality)}, origin)
    curves(quality)


if __name__ == "__main__":
    main()
