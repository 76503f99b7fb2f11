"""Watches the health of a run: a check every so many steps, a line of health.jsonl, and what is wrong."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from json import dumps
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as save_tensors

from .. import files
from ..methods.protocol import Method
from ..runs.config import RunConfig, TrainConfig
from ..runs.folder import RunFolder
from ..runs.sheets import save_sheet
from .history import GRACE, HistoryContext
from .probe import Probe, Snapshot
from .symptoms import Verdict, examine, overall

SHARE = 0.03  # of the training time that health checks may take
MAPS = 8  # checks whose samples are kept for the map of the report


class Monitor:
    """Checks the health of a method every `every` steps: fixed steps, so that runs are reproducible."""

    def __init__(
        self,
        run: RunFolder,
        config: RunConfig,
        steps: int,  # planned
        probe: Probe,
        probe_cost: float,  # training steps that one check takes
        method: Method,
        names: Sequence[str],  # of the domains
    ) -> None:
        self.run, self.probe, self.method, self.cost = run, probe, method, probe_cost
        self.shown = config.data.shown
        self.every = check_interval(config.train, steps, probe_cost)
        checks = steps // self.every
        self.mapped = {max(1, round(i * checks / MAPS)) * self.every for i in range(1, MAPS + 1)}
        self.context = HistoryContext.of(config.method, names, steps)
        self.verdicts = self.history()[1]

    @property
    def status(self) -> str:
        """Worst level and its symptoms, for the live line: "ok", or "alarm d-wins"."""
        worst = overall(self.verdicts)
        return " ".join([worst, *(v.symptom for v in self.verdicts if v.level == worst)])

    def is_past_grace(self, step: int) -> bool:
        """True if a step without a verdict counts as healthy; at the very beginning no rule applies."""
        return step > GRACE * self.context.steps

    def history(self) -> tuple[list[dict[str, Any]], list[Verdict]]:
        """Signals so far, oldest first, and the verdicts of the latest line."""
        lines = self.run.read_lines(self.run.health)
        verdicts = [Verdict(**v) for v in lines[-1]["symptoms"]] if lines else []
        return [{"step": line["step"], **line["signals"]} for line in lines], verdicts

    def check_at_end(self, step: int, step_seconds: float, most: float = math.inf) -> None:
        """Check where training ends or stops, unless that was just done or would take more than `most` seconds."""
        lines = self.run.read_lines(self.run.health)
        if (lines and lines[-1]["step"] >= step) or self.cost * step_seconds > most:
            return
        self.check(step)

    def drop_stops(self) -> None:
        """Remove the lines of earlier stops: a run that was stopped has the checks of one that was not."""
        lines = self.run.read_lines(self.run.health)
        kept = [line for line in lines if not line.get("stop")]
        if len(kept) < len(lines):
            files.write_text(self.run.health, "".join(dumps(line) + "\n" for line in kept))

    def check(self, step: int) -> list[Verdict]:
        """Measure; write a line of health.jsonl, a sheet when the verdict changes, samples for the map."""
        self.drop_stops()
        history, _ = self.history()
        snapshot = self.probe.measure(self.method)
        signals = self.logged_since(history[-1]["step"] if history else 0) | snapshot.signals

        before = overall(self.verdicts)
        self.verdicts = examine([*history, {"step": step, **signals}], self.context)
        self.append_line(step, signals)
        if overall(self.verdicts) != before or step in self.mapped or not history:
            self.save_snapshot(step, snapshot)
        return self.verdicts

    def append_line(self, step: int, signals: dict[str, Any]) -> None:
        """Add a line to health.jsonl."""
        line = {
            "step": step,
            "verdict": overall(self.verdicts),
            "symptoms": [asdict(v) for v in self.verdicts],
            "signals": {name: rounded(value) for name, value in signals.items()},
        }
        if step % self.every:
            line["stop"] = True  # between two checks, where training ended
        files.append_line(self.run.health, dumps(line))

    def logged_since(self, since: int) -> dict[str, float]:
        """Means of the lines of metrics.jsonl after step `since`."""
        lines = [line for line in self.run.read_metrics() if line["step"] > since]
        names = [name for name in (lines[-1] if lines else {}) if name not in ("step", "nimg")]
        return {name: float(np.mean([line[name] for line in lines if name in line])) for name in names}

    def save_snapshot(self, step: int, snapshot: Snapshot) -> None:
        """Keep the sheet and the sample features of a check."""
        save_sheet(self.run, step, snapshot.sheet, self.run.health_folder, self.shown)
        if not len(snapshot.features):
            return

        fake = {"fake": torch.from_numpy(snapshot.features)}
        files.write_bytes(self.run.health_folder / f"step-{step:06}.safetensors", save_tensors(fake))
        real = self.run.health_folder / "real.safetensors"
        reference = self.probe.reference()
        if reference and not real.exists():
            tensors = {name: torch.from_numpy(value).contiguous() for name, value in reference.items()}
            files.write_bytes(real, save_tensors(tensors))

    def report_nonfinite(self, step: int, what: str) -> list[Verdict]:
        """Write the line of a step whose loss or gradient was not finite."""
        self.verdicts = [Verdict.not_finite(step, what)]
        self.append_line(step, {})
        return self.verdicts


def rounded(value: Any) -> Any:
    """Six digits: the rules see what JSON keeps, now and later."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def check_interval(train: TrainConfig, steps: int, probe_cost: float) -> int:
    """Steps between checks: `train.probes` of them over the run, fewer where they would take more than `SHARE`."""
    fewest = max(steps / max(1, train.probes), probe_cost / SHARE)
    return max(1, math.ceil(fewest / train.log_every)) * train.log_every
