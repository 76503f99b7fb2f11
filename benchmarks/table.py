"""Put the figures of benchmarks/results/*.json into README.md, between the quality marks.

python benchmarks/table.py
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"


def load(name: str) -> dict[str, Any]:
    path = HERE / "results" / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def spread(values: list[float], digits: int = 1) -> str:
    """Mean, and plus or minus the standard deviation over the seeds."""
    text = f"{mean(values):.{digits}f}"
    return f"{text} ± {stdev(values):.{digits}f}" if len(values) > 1 else text


def grouped(runs: list[dict[str, Any]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """world -> method -> runs."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        found[run["world"]][run["method"]].append(run)
    return found


def truth_table(quality: dict[str, Any]) -> list[str]:
    """PSNR against the truth, one row per world and direction."""
    used = {m: mean(r["seconds"] for r in quality["runs"] if r["method"] == m) for m in ("quickstart", "one_page")}
    seeds = len({run["seed"] for run in quality["runs"]})
    lines = [
        f"PSNR against the true translation in dB, held-out pictures at {quality['size']} px, mean ± deviation "
        f"over {seeds} seeds. Each had {quality['seconds']:.0f} s on one core, planning included, and used "
        f"{used['quickstart']:.0f} s (quickstart) and {used['one_page']:.0f} s (reference) of them on average:",
        "",
        "| world | direction | input as it is | best global colour change | one-page reference | **quickstart** |",
        "|---|---|---|---|---|---|",
    ]
    for world, methods in grouped(quality["runs"]).items():
        for way in ("A_to_B", "B_to_A"):
            known = methods["quickstart"][0][way]
            found = {name: spread([run[way]["translation"] for run in runs]) for name, runs in methods.items()}
            lines.append(
                f"| {world} | {way.replace('_to_', ' → ')} | "
                f"{known['input']:.1f} | {known['best_colour']:.1f} | {found['one_page']} | **{found['quickstart']}** |"
            )
    return lines


def real_table(real: dict[str, Any]) -> list[str]:
    """Patch statistics and classifier on real photographs without a truth."""
    lines = [
        "",
        f"Real apples and oranges (apple2orange at 64 px, test photographs), {real['seconds']:.0f} s of training:",
        "",
        "| | direction | patch distance to the target (real vs real) | taken for the other fruit (of the inputs) | "
        "checkerboard (target) |",
        "|---|---|---|---|---|",
    ]
    for methods in grouped(real["runs"]).values():
        for name, runs in methods.items():
            for way in ("A_to_B", "B_to_A"):
                s = {key: [run[way][key] for run in runs] for key in runs[0][way]}
                lines.append(
                    f"| {name.replace('_', '-')} | {way.replace('_to_', ' → ')} | {spread(s['patch_distance'])} "
                    f"({spread(s['patch_distance_real_vs_real'][:1])}) | {mean(s['taken_for_target']):.0%} "
                    f"({mean(s['input_taken_for_target']):.0%}) | {spread(s['checkerboard'], 2)} "
                    f"({spread(s['checkerboard_of_target'][:1], 2)}) |"
                )
    return lines


def speed_table(bench: dict[str, Any]) -> list[str]:
    """Images per second and peak memory beside the reference, on the processor."""
    lines = [
        "",
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
    parts = {"quality": truth_table, "apple2orange": real_table, "bench": speed_table}
    lines = [line for name, table in parts.items() if (found := load(name)) for line in table(found)]
    text = README.read_text()
    marked = re.sub(
        r"(<!-- quality -->\n).*(<!-- /quality -->)", lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text, flags=re.S
    )
    README.write_text(marked)


if __name__ == "__main__":
    main()
