"""Write the tables of docs/extractor.md from benchmarks/results/ladder.json.

python benchmarks/ladder_page.py
"""

import itertools
from typing import Any

from marks import write_tables
from table import HERE, load

PAGE = HERE.parent / "docs" / "extractor.md"
SCORES = {"frechet": 1, "kid": 1, "coverage": -1, "recall": -1, "precision": -1, "density": -1}  # 1: higher is worse


def changes(levels: list[dict[str, Any]], name: str) -> list[float]:
    """By how much a score is worse at each level than at the one before."""
    values = [level[name] for level in levels]
    return [SCORES[name] * (b - a) for a, b in itertools.pairwise(values)]


def is_monotone(levels: list[dict[str, Any]], name: str) -> bool:
    """Whether a score never improves from level to level and is worse in the end; at 0 it cannot fall further."""
    worse = changes(levels, name)
    return min(worse) >= 0 and sum(worse) > 0


def summary_table(results: dict[str, Any]) -> list[str]:
    """On how many sets each score is monotone, by corruption."""
    ladders = list(next(iter(results["sets"].values())))
    lines = ["| ladder | " + " | ".join(SCORES) + " |", "|---|" + "---|" * len(SCORES)]
    for ladder in ladders:
        counts = [sum(is_monotone(s[ladder], name) for s in results["sets"].values()) for name in SCORES]
        lines.append(f"| {ladder} | " + " | ".join(f"{n} of {len(results['sets'])}" for n in counts) + " |")
    return lines


def level_table(results: dict[str, Any]) -> list[str]:
    """Fréchet distance and KID at every level, and the scores that are not monotone."""
    lines = ["| set | ladder | levels | Fréchet | KID × 1000 | not monotone |", "|---|---|---|---|---|---|"]
    for name, ladders in results["sets"].items():
        for ladder, scored in ladders.items():
            levels = ", ".join(f"{level['level']:g}" for level in scored)
            frechet = ", ".join(f"{level['frechet']:.2f}" for level in scored)
            kid = ", ".join(f"{level['kid']:.0f}" for level in scored)
            exceptions = ", ".join(score for score in SCORES if not is_monotone(scored, score)) or "–"
            lines.append(f"| {name} | {ladder} | {levels} | {frechet} | {kid} | {exceptions} |")
    return lines


def main() -> None:
    results = load("ladder")
    origin = f"{results['pictures']} images a set, {results['processor']}, {results['date']}"
    write_tables(PAGE, {"summary": summary_table(results), "rungs": level_table(results)}, origin)


if __name__ == "__main__":
    main()
