"""The signals of a run over its training, and what is needed to interpret them."""

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..losses.adversarial import EQUILIBRIUM
from ..methods.protocol import AdversarialLog, Direction, MethodConfig, auc_name
from ..metrics.clusters import jensen_shannon

GRACE = 0.1  # share of the steps in which imbalance is normal


@dataclass(frozen=True)
class HistoryContext:
    """What is needed to interpret the signals: method, loss, domain names, planned length."""

    directions: tuple[Direction, ...]  # none where images come from noise
    adversarial: AdversarialLog  # names and scales of the losses
    loss: str  # a key of losses.adversarial.EQUILIBRIUM, or wasserstein
    names: tuple[str, ...]  # of the domains
    steps: int  # planned

    @staticmethod
    def of(method: MethodConfig, names: Sequence[str], steps: int) -> "HistoryContext":
        """The context of a run with this method."""
        assert method.adversarial is not None
        loss = str(getattr(method, "loss", "wasserstein"))
        return HistoryContext(method.directions, method.adversarial, loss, tuple(names), steps)

    @property
    def parts(self) -> tuple[Direction | None, ...]:
        """What verdicts are given on: each direction, or the run as a whole."""
        return self.directions or (None,)

    def where(self, direction: Direction | None) -> str:
        """ "apples -> oranges" for a direction."""
        return direction.title(self.names) if direction else ""


class History:
    """Lines of signals, oldest first, each with "step". A signal that a line lacks is NaN, on which no rule fires."""

    def __init__(self, lines: Sequence[dict[str, Any]], context: HistoryContext) -> None:
        self.lines, self.context = lines, context
        grace = GRACE * context.steps
        self.start = next((i for i, line in enumerate(lines) if line["step"] > grace), len(lines))

    def __len__(self) -> int:
        return len(self.lines)

    def step(self, i: int) -> int:
        return int(self.lines[i]["step"])

    def at(self, i: int, name: str, direction: Direction | None = None) -> float:
        """A signal of check `i`, of a direction; NaN where the line does not hold it."""
        key = f"{name}_{direction.key}" if direction else name
        value = self.lines[i].get(key) if i >= 0 else None
        return math.nan if value is None else float(value)

    def rises(self, i: int, name: str) -> bool:
        """True if a signal has grown in the last two checks, and by a quarter in all."""
        values = [self.at(j, name) for j in range(max(0, i - 2), i + 1)]
        return all(a < b for a, b in itertools.pairwise(values)) and values[-1] > 1.25 * values[0]

    def before(self, i: int, name: str, direction: Direction | None = None) -> float:
        """A signal two checks before check `i`, or of the first check."""
        return self.at(max(0, i - 2), name, direction)

    def auc(self, i: int, direction: Direction | None) -> float:
        """AUC of the discriminator that sees a direction's translations."""
        return self.at(i, auc_name(direction.discriminator if direction else None))

    def d_level(self, i: int, direction: Direction | None) -> float:
        """Discriminator loss, 0 at its floor and 1 at equilibrium; NaN for a critic."""
        log = self.context.adversarial
        name = direction.discriminator if direction else log.discriminator
        balanced = EQUILIBRIUM.get(self.context.loss, (math.nan, 0))[0]
        return self.at(i, name or "") / (balanced * log.discriminator_scale)

    def g_level(self, i: int) -> float:
        """Adversarial loss of the generators, 1 at equilibrium, averaged over the directions."""
        balanced = EQUILIBRIUM.get(self.context.loss, (0, math.nan))[1]
        return self.at(i, self.context.adversarial.generator) / (len(self.context.parts) * balanced)

    def swing(self, i: int) -> float:
        """How much the generated clusters changed since the check before: Jensen-Shannon divergence in nats."""
        if i < 1 or "shares" not in self.lines[i] or "shares" not in self.lines[i - 1]:
            return math.nan
        return jensen_shannon(np.array(self.lines[i]["shares"]), np.array(self.lines[i - 1]["shares"]))

    def values(self, i: int, direction: Direction | None) -> dict[str, float]:
        """Every signal of check `i` under its plain name, for sentences."""
        suffix = f"_{direction.key}" if direction else ""
        values: dict[str, float] = defaultdict(lambda: math.nan)
        for name, value in self.lines[i].items():
            if not isinstance(value, list):
                values[name.removesuffix(suffix)] = float(value)
        values |= {"auc": self.auc(i, direction), "d_level": self.d_level(i, direction), "g_level": self.g_level(i)}
        values["swing"] = self.swing(i)
        values["ratio"] = values["distance"] / max(values["distance_floor"], 1e-9)
        return values
