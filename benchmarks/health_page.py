"""Write the tables of docs/health.md from benchmarks/results/*.json.

python benchmarks/health_page.py
"""

from collections import Counter, defaultdict
from operator import itemgetter
from statistics import mean
from typing import Any

from health_real import summary
from marks import write_tables
from table import HERE, load

PAGE = HERE.parent / "docs" / "health.md"


def group_rows(results: dict[str, Any], *keys: str) -> dict[Any, list[dict[str, Any]]]:
    """The rows of a result by the value of a key, or by a tuple of values of several keys, in their first order."""
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in results["rows"]:
        groups[itemgetter(*keys)(row)].append(row)
    return groups


def confusion_table(results: dict[str, Any]) -> list[str]:
    """One row per training: its symptom, how often that was named in time, and every alarm."""
    lines = [
        "| training | symptom | named in the first half | first alarm of it, step (mean) | all alarms, runs |",
        "|---|---|---|---|---|",
    ]
    failing = named = healthy = quiet = 0
    for name, rows in group_rows(results, "case").items():
        symptom = rows[0]["illness"]
        counts = Counter(alarm for row in rows for alarm in row["alarms"])
        alarms = ", ".join(f"{alarm} {count}" for alarm, count in counts.most_common()) or "none"
        if symptom:
            first = [row["alarms"][symptom] for row in rows if symptom in row["alarms"]]
            right = sum(row["named"] for row in rows)
            failing, named = failing + len(rows), named + right
            step = f"{mean(first):.0f} of {rows[0]['steps']}" if first else "never"
            lines.append(f"| {name} | {symptom} | {right}/{len(rows)} | {step} | {alarms} |")
        else:
            right = sum(not row["alarms"] for row in rows)
            healthy, quiet = healthy + len(rows), quiet + right
            lines.append(f"| {name} | – | {right}/{len(rows)} without alarm | – | {alarms} |")

    counts = [f"Failing runs named in time: **{named} of {failing}**."] if failing else []
    counts += [f"Healthy runs with a false alarm: **{healthy - quiet} of {healthy}**."] if healthy else []
    return [*lines, "", " ".join(counts)]


def real_table(results: dict[str, Any]) -> list[str]:
    """Truth and verdict of the directions of runs on real images."""
    return summary(results["rows"])


def treatment_table(results: dict[str, Any]) -> list[str]:
    """Watched and treated runs of the same seeds."""
    lines = ["| training | failed with watch | saved by treat | remedies |", "|---|---|---|---|"]
    for name, rows in group_rows(results, "case").items():
        failed = [row for row in rows if not row["watched"]["well"]]
        saved = sum(row["treated"]["well"] for row in failed)
        counts = Counter(remedy for row in rows for remedy in row["treated"]["remedies"])
        remedies = ", ".join(f"{remedy} {count}" for remedy, count in counts.most_common())
        lines.append(f"| {name} | {len(failed)}/{len(rows)} | {saved}/{len(failed)} | {remedies} |")
    return lines


def gaussian_table(results: dict[str, Any]) -> list[str]:
    """Modes, quality and KL of every method on the Gaussians, mean and worst over the seeds."""
    lines = [
        "| distribution | method | seeds | modes covered | modes holding 1 % | high quality | KL |",
        "|---|---|---|---|---|---|---|",
    ]
    groups = group_rows(results, "world", "method").items()
    for (world, method), rows in sorted(groups, key=lambda group: group[0][0], reverse=True):  # ring, grid
        covered, held = ([row[key] for row in rows] for key in ("covered", "held"))
        quality = [row["quality"] for row in rows]
        lines.append(
            f"| {world} | {method} | {len(rows)} | {mean(covered):.1f} (worst {min(covered)}) | {mean(held):.1f} | "
            f"{mean(quality):.1%} (worst {min(quality):.1%}) | {mean(row['kl'] for row in rows):.3f} |"
        )
    return lines


def effect_table(results: dict[str, Any]) -> list[str]:
    """The effect of each remedy against each symptom."""
    lines = [
        "| symptom | remedy | score | without | with | effect (95 % interval) | |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = sorted(results["rows"], key=lambda row: (row["illness"], row["unit"], row["remedy"] is not None))
    for row in rows:
        score = mean(run[row["unit"]] for run in row["runs"])
        if row["remedy"] is None:
            without = score
            continue
        lines.append(
            f"| {row['illness']} | {row['remedy']} | {row['unit']} | {without:.2f} | {score:.2f} | "
            f"{row['effect']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f}) | {row['verdict']} |"
        )
    return lines


def stacked_table(results: dict[str, Any]) -> list[str]:
    """Modes of the stacked digits, mean and worst over the seeds."""
    lines = [
        "| method | seeds | modes | modes generated clearly | KL | clear stacks |",
        "|---|---|---|---|---|---|",
    ]
    for method, rows in group_rows(results, "method").items():
        modes, clear = ([row[key] for row in rows] for key in ("modes", "clear_modes"))
        lines.append(
            f"| {method} | {len(rows)} | {mean(modes):.0f} (worst {min(modes)}) | "
            f"{mean(clear):.0f} (worst {min(clear)}) | {mean(row['kl'] for row in rows):.3f} | "
            f"{mean(row['clear'] for row in rows):.1%} |"
        )
    return lines


def cost_table(results: dict[str, Any]) -> list[str]:
    """CPU time of a training with the monitor over one without."""
    lines = ["| preset | steps | with / without the monitor |", "|---|---|---|"]
    lines += [f"| {row['preset']} | {row['steps']} | {row['ratio']:.3f} |" for row in results["rows"]]
    return lines


def check_table(results: dict[str, Any]) -> list[str]:
    """CPU time of a check in training steps, and the estimate by which checks are spaced."""
    lines = ["| preset | side | batch | precision | a check, in steps | estimate |", "|---|---|---|---|---|---|"]
    for row in results["rows"]:
        lines.append(
            f"| {row['preset']} | {row['size']} | {row['batch']} | {row['precision']} | {row['measured']:.1f} | "
            f"{row['estimate']:.1f} |"
        )
    return lines


TABLES = {
    "health": confusion_table,
    "health_again": confusion_table,
    "health_real": real_table,
    "treat": treatment_table,
    "monitor": cost_table,
    "monitor_checks": check_table,
    "modes": gaussian_table,
    "stacked": stacked_table,
    "remedies": effect_table,
    "fixture_remedies": effect_table,
}


def main() -> None:
    for name, table in TABLES.items():
        results = load(name)
        if results:
            origin = f"{results['about']['processor']}, {results['about']['date']}"
            write_tables(PAGE, {name: table(results)}, origin)


if __name__ == "__main__":
    main()
