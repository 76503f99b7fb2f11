"""A run's signals through its training, read by name; and the few facts that say what they mean."""

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..metrics.clusters import jensen_shannon

GRACE = 0.1  # share of the steps in which imbalance is no illness yet
BALANCED = {  # of D's loss as its method reports it, and of G's: both undecided (Goodfellow 2014, Mao 2017)
    "nonsaturating": (2 * math.log(2), math.log(2)),
    "minimax": (2 * math.log(2), math.inf),  # G's has no height: it fades
    "lsgan": (0.5, 0.25),  # where D wins G's ends at 1
    "relativistic": (math.log(2), math.log(2)),
}


@dataclass(frozen=True)
class Facts:
    """What the numbers belong to."""

    kind: str  # gan, wgan, pix2pix or cyclegan
    loss: str  # a key of BALANCED, or wasserstein
    names: tuple[str, ...]  # of the domains
    steps: int  # planned

    @staticmethod
    def of(method: Any, names: Sequence[str], steps: int) -> "Facts":
        """Facts of a method's configuration."""
        kind = type(method).__name__.removesuffix("Config").lower()
        return Facts(kind, getattr(method, "loss", "wasserstein"), tuple(names), steps)

    @property
    def translates(self) -> bool:
        return self.kind in ("cyclegan", "pix2pix")

    @property
    def ways(self) -> tuple[str, ...]:
        """Directions by their suffix; one without a name where nothing is translated."""
        return {"cyclegan": ("ab", "ba"), "pix2pix": ("ab",)}.get(self.kind, ("",))

    def where(self, way: str) -> str:
        """ "apples -> oranges" for a direction."""
        a, b = self.names[:2] if way else ("", "")
        return {"ab": f"{a} -> {b}", "ba": f"{b} -> {a}"}.get(way, "")


class History:
    """Lines of signals, oldest first, each with "step"; what a line does not hold is nan and no rule fires on it."""

    def __init__(self, lines: Sequence[dict[str, Any]], facts: Facts) -> None:
        self.lines, self.facts = lines, facts
        grace = GRACE * facts.steps
        self.start = next((i for i, line in enumerate(lines) if line["step"] > grace), len(lines))

    def __len__(self) -> int:
        return len(self.lines)

    def step(self, i: int) -> int:
        return int(self.lines[i]["step"])

    def at(self, i: int, name: str, way: str = "") -> float:
        """A signal of look `i`, of a direction."""
        found = self.lines[i].get(f"{name}_{way}" if way else name) if i >= 0 else None
        return math.nan if found is None else float(found)

    def rises(self, i: int, name: str) -> bool:
        """Whether a signal has grown from look to look, twice where there were two, and by a quarter in all."""
        looks = [self.at(j, name) for j in range(max(0, i - 2), i + 1)]
        return all(a < b for a, b in itertools.pairwise(looks)) and looks[-1] > 1.25 * looks[0]

    def before(self, i: int, name: str, way: str = "") -> float:
        """A signal two looks before look `i`, or as early as there is one."""
        return self.at(max(0, i - 2), name, way)

    def auc(self, i: int, way: str) -> float:
        """Of the D that judges a direction's results."""
        return self.at(i, {"ab": "auc_B", "ba": "auc_A"}[way] if self.facts.kind == "cyclegan" else "auc")

    def d_level(self, i: int, way: str) -> float:
        """D's loss, 0 at its floor and 1 in balance; a critic has none."""
        balanced = BALANCED.get(self.facts.loss, (math.nan, 0))[0]
        if self.facts.kind == "cyclegan":
            return self.at(i, {"ab": "D_B", "ba": "D_A"}[way]) / (balanced / 2)
        return self.at(i, "D") / (balanced / 2 if self.facts.kind == "pix2pix" else balanced)

    def g_level(self, i: int) -> float:
        """G's adversarial loss, 1 in balance; of both directions together in CycleGAN."""
        balanced = BALANCED.get(self.facts.loss, (0, math.nan))[1]
        both = 2 if self.facts.kind == "cyclegan" else 1
        return self.at(i, "gan" if self.facts.translates else "G") / (both * balanced)

    def swing(self, i: int) -> float:
        """How much the kinds that are made changed since the look before, nats."""
        if i < 1 or "shares" not in self.lines[i] or "shares" not in self.lines[i - 1]:
            return math.nan
        return jensen_shannon(np.array(self.lines[i]["shares"]), np.array(self.lines[i - 1]["shares"]))

    def told(self, i: int, way: str) -> dict[str, float]:
        """Every signal of look `i` under its plain name, for sentences."""
        values: dict[str, float] = defaultdict(lambda: math.nan)
        for name, value in self.lines[i].items():
            if not isinstance(value, list):
                values[name.removesuffix(f"_{way}") if way else name] = float(value)
        values |= {"auc": self.auc(i, way), "d_level": self.d_level(i, way), "g_level": self.g_level(i)}
        values["swing"] = self.swing(i)
        values["ratio"] = values["distance"] / max(values["distance_floor"], 1e-9)
        return values
