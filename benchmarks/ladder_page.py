"""Put the figures of benchmarks/results/ladder.json into docs/extractor.md, between its marks.

python benchmarks/ladder_page.py
"""

import itertools
from typing import Any

from marks import put
from table import HERE, load

PAGE = HERE.parent / "docs" / "extractor.md"
SCORES = {"frechet": 1, "kid": 1, "coverage": -1, "recall": -1, "precision": -1, "density": -1}  # 1: more is worse


def steps(rungs: list[dict[str, Any]], name: str) -> list[float]:
    """By how much each rung is worse than the one before."""
    values = [rung[name] for rung in rungs]
    return [SCORES[name] * (b - a) for a, b in itertools.pairwise(values)]


def monotone(rungs: list[dict[str, Any]], name: str) -> bool:
    """Never better from rung to rung, and worse in the end; at 0 a score cannot fall further."""
    found = steps(rungs, name)
    return min(found) >= 0 and sum(found) > 0


def summary(found: dict[str, Any]) -> list[str]:
    """On how many sets each score falls with each ladder."""
    ladders = list(next(iter(found["sets"].values())))
    lines = ["| ladder | " + " | ".join(SCORES) + " |", "|---|" + "---|" * len(SCORES)]
    for ladder in ladders:
        counts = [sum(monotone(s[ladder], name) for s in found["sets"].values()) for name in SCORES]
        lines.append(f"| {ladder} | " + " | ".join(f"{n} of {len(found['sets'])}" for n in counts) + " |")
    return lines


def rungs(found: dict[str, Any]) -> list[str]:
    """Fréchet and KID on every rung, and the score that is not monotone."""
    lines = ["| set | ladder | levels | Fréchet | KID × 1000 | not monotone |", "|---|---|---|---|---|---|"]
    for name, ladders in found["sets"].items():
        for ladder, climbed in ladders.items():
            levels = ", ".join(f"{rung['level']:g}" for rung in climbed)
            frechet = ", ".join(f"{rung['frechet']:.2f}" for rung in climbed)
            kid = ", ".join(f"{rung['kid']:.0f}" for rung in climbed)
            odd = ", ".join(score for score in SCORES if not monotone(climbed, score)) or "–"
            lines.append(f"| {name} | {ladder} | {levels} | {frechet} | {kid} | {odd} |")
    return lines


def main() -> None:
    found = load("ladder")
    origin = f"{found['pictures']} images a set, {found['processor']}, {found['date']}"
    put(PAGE, {"summary": summary(found), "rungs": rungs(found)}, origin)


if __name__ == "__main__":
    main()
