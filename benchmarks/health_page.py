"""Put the figures of benchmarks/results/*.json about health into docs/health.md, between its marks.

python benchmarks/health_page.py
"""

from collections import Counter, defaultdict
from operator import itemgetter
from statistics import mean
from typing import Any

from marks import put
from table import HERE, load

PAGE = HERE.parent / "docs" / "health.md"


def grouped(found: dict[str, Any], *keys: str) -> dict[Any, list[dict[str, Any]]]:
    """The rows of a result by the values of these keys, a tuple where there are several, in the order of the first."""
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in found["rows"]:
        groups[itemgetter(*keys)(row)].append(row)
    return groups


def confusion(found: dict[str, Any]) -> list[str]:
    """One row per case of the library: what it suffers from, how often that was named in time, and every alarm."""
    lines = [
        "| training | symptom | named in the first half | first alarm of it, step (mean) | all alarms, runs |",
        "|---|---|---|---|---|",
    ]
    sick = well = named = quiet = 0
    for name, rows in grouped(found, "case").items():
        illness = rows[0]["illness"]
        counts = Counter(symptom for row in rows for symptom in row["alarms"])
        told = ", ".join(f"{symptom} {count}" for symptom, count in counts.most_common()) or "none"
        if illness:
            when = [row["alarms"][illness] for row in rows if illness in row["alarms"]]
            right = sum(row["named"] for row in rows)
            sick, named = sick + len(rows), named + right
            step = f"{mean(when):.0f} of {rows[0]['steps']}" if when else "never"
            lines.append(f"| {name} | {illness} | {right}/{len(rows)} | {step} | {told} |")
        else:
            right = sum(not row["alarms"] for row in rows)
            well, quiet = well + len(rows), quiet + right
            lines.append(f"| {name} | – | {right}/{len(rows)} without alarm | – | {told} |")
    if sick and well:
        told = f"Failing runs named in time: **{named} of {sick}**."
        lines += ["", f"{told} Healthy runs with a false alarm: **{well - quiet} of {well}**."]
    return lines


def treatments(found: dict[str, Any]) -> list[str]:
    """Watched and treated runs of the same seeds."""
    lines = ["| training | failed with watch | saved by treat | remedies |", "|---|---|---|---|"]
    for name, rows in grouped(found, "case").items():
        lost = [row for row in rows if not row["watched"]["well"]]
        saved = sum(row["treated"]["well"] for row in lost)
        used = Counter(remedy for row in rows for remedy in row["treated"]["remedies"])
        told = ", ".join(f"{remedy} {count}" for remedy, count in used.most_common())
        lines.append(f"| {name} | {len(lost)}/{len(rows)} | {saved}/{len(lost)} | {told} |")
    return lines


def gaussians(found: dict[str, Any]) -> list[str]:
    """Modes, quality and KL of every method, mean and worst over the seeds."""
    lines = [
        "| distribution | method | seeds | modes covered | modes holding 1 % | high quality | KL |",
        "|---|---|---|---|---|---|---|",
    ]
    groups = grouped(found, "world", "method").items()
    for (world, method), rows in sorted(groups, key=lambda group: group[0][0], reverse=True):  # ring, grid
        covered, held = ([row[key] for row in rows] for key in ("covered", "held"))
        quality = [row["quality"] for row in rows]
        lines.append(
            f"| {world} | {method} | {len(rows)} | {mean(covered):.1f} (worst {min(covered)}) | {mean(held):.1f} | "
            f"{mean(quality):.1%} (worst {min(quality):.1%}) | {mean(row['kl'] for row in rows):.3f} |"
        )
    return lines


def effects(found: dict[str, Any]) -> list[str]:
    """Each remedy against each illness."""
    lines = [
        "| symptom | remedy | score | without | with | effect (95 % interval) | |",
        "|---|---|---|---|---|---|---|",
    ]
    ordered = sorted(found["rows"], key=lambda row: (row["illness"], row["unit"], row["remedy"] is not None))
    for row in ordered:
        score = mean(run[row["unit"]] for run in row["runs"])
        if row["remedy"] is None:
            without = score
            continue
        lines.append(
            f"| {row['illness']} | {row['remedy']} | {row['unit']} | {without:.2f} | {score:.2f} | "
            f"{row['effect']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f}) | {row['verdict']} |"
        )
    return lines


def stacks(found: dict[str, Any]) -> list[str]:
    """Modes of stacked digits, mean and worst over the seeds."""
    lines = [
        "| method | seeds | modes | modes generated clearly | KL | clear stacks |",
        "|---|---|---|---|---|---|",
    ]
    for method, rows in grouped(found, "method").items():
        made, clear = ([row[key] for row in rows] for key in ("modes", "clear_modes"))
        lines.append(
            f"| {method} | {len(rows)} | {mean(made):.0f} (worst {min(made)}) | "
            f"{mean(clear):.0f} (worst {min(clear)}) | {mean(row['kl'] for row in rows):.3f} | "
            f"{mean(row['clear'] for row in rows):.1%} |"
        )
    return lines


def cost(found: dict[str, Any]) -> list[str]:
    """Processor time of a step with the monitor over one without."""
    lines = ["| preset | steps | with / without the monitor |", "|---|---|---|"]
    return lines + [f"| {r['preset']} | {r['steps']} | {r['ratio']:.3f} |" for r in found["rows"]]


PARTS = {
    "health": confusion, "treat": treatments, "monitor": cost,
    "modes": gaussians, "stacked": stacks, "remedies": effects, "fixture_remedies": effects,
}  # fmt: skip


def main() -> None:
    for name, table in PARTS.items():
        if found := load(name):
            put(PAGE, {name: table(found)}, f"{found['about']['processor']}, {found['about']['date']}")


if __name__ == "__main__":
    main()
