"""Watches a run: every so many steps it looks, writes a line of health.jsonl, and says what is wrong."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from json import dumps
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as save_tensors

from .. import files
from ..methods.classifier import ClassifierConfig
from ..methods.cyclegan import CycleGANConfig
from ..methods.gan import GANConfig
from ..methods.pix2pix import Pix2PixConfig
from ..methods.segmenter import SegmenterConfig
from ..methods.wgan import WGANConfig
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..training.material import Material
from ..training.samples import fixed_pictures, save_sheet
from .history import GRACE, Facts
from .probe import NoiseProbe, Snapshot
from .symptoms import Verdict, examine, overall
from .translation_probe import PICTURES, TranslationProbe

SHARE = 0.02  # of the training time that looking may take
REAL = 768  # real pictures that generated ones are compared with
HELD = 128  # of those that training does not see
MAPS = 8  # looks whose samples are kept for the map


class Monitor:
    """`monitor(step)` looks and returns the verdicts, each `every` steps. Deterministic: steps alone decide."""

    def __init__(
        self, run: RunFolder, config: RunConfig, steps: int, probe: Callable[[Any], Snapshot], method: Any,
        names: Sequence[str],
    ) -> None:  # fmt: skip
        self.run, self.probe, self.method = run, probe, method
        self.every = interval(config, steps)
        self.mapped = {max(1, round(i * (steps // self.every) / MAPS)) * self.every for i in range(1, MAPS + 1)}
        self.facts = Facts.of(config.method, names, steps)
        self.verdicts = self.known()[1]

    @property
    def lamp(self) -> str:
        """The state in a few words for the live line."""
        worst = overall(self.verdicts)
        return " ".join([worst, *(v.symptom for v in self.verdicts if v.level == worst)])

    def judges(self, step: int) -> bool:
        """Whether no verdict means health at a step: at the very beginning nothing is judged."""
        return step > GRACE * self.facts.steps

    def known(self) -> tuple[list[dict[str, Any]], list[Verdict]]:
        """Signals so far, oldest first, and what the latest line said of them."""
        lines = self.run.read_lines(self.run.health)
        told = [Verdict(**v) for v in lines[-1]["symptoms"]] if lines else []
        return [{"step": line["step"], **line["signals"]} for line in lines], told

    def __call__(self, step: int) -> list[Verdict]:
        """Look; a line of health.jsonl, a sheet when the verdict changes, samples for the map."""
        history, _ = self.known()
        seen = self.probe(self.method)
        signals = self.logged(history[-1]["step"] if history else 0) | seen.signals
        before = overall(self.verdicts)
        self.verdicts = examine([*history, {"step": step, **signals}], self.facts)
        self.record(step, signals)
        if overall(self.verdicts) != before or step in self.mapped or not history:
            self.show(step, seen)
        return self.verdicts

    def record(self, step: int, signals: dict[str, Any]) -> None:
        line = {
            "step": step,
            "verdict": overall(self.verdicts),
            "symptoms": [asdict(v) for v in self.verdicts],
            "signals": {name: rounded(value) for name, value in signals.items()},
        }
        files.append_line(self.run.health, dumps(line))

    def logged(self, since: int) -> dict[str, float]:
        """Means of the lines of metrics.jsonl after step `since`."""
        lines = [line for line in self.run.read_metrics() if line["step"] > since]
        names = [name for name in (lines[-1] if lines else {}) if name not in ("step", "nimg")]
        return {name: float(np.mean([line[name] for line in lines if name in line])) for name in names}

    def show(self, step: int, seen: Snapshot) -> None:
        """Keep what this look saw."""
        save_sheet(self.run, step, seen.sheet, self.run.looks)
        if len(seen.features):
            files.write_bytes(
                self.run.looks / f"step-{step:06}.safetensors", save_tensors({"fake": torch.from_numpy(seen.features)})
            )
            real = self.run.looks / "real.safetensors"
            if not real.exists() and isinstance(self.probe, NoiseProbe):
                kept = {"real": self.probe.reference, "kinds": self.probe.kinds}
                files.write_bytes(real, save_tensors({k: torch.from_numpy(v).contiguous() for k, v in kept.items()}))

    def broken(self, step: int, what: str) -> list[Verdict]:
        """The line of a step that was not finite."""
        self.verdicts = [Verdict.not_finite(step, what)]
        self.record(step, {})
        return self.verdicts


def rounded(value: Any) -> Any:
    """Six digits: what JSON keeps is what the rules see, now and later."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def interval(config: RunConfig, steps: int) -> int:
    """Steps between looks: `train.probes` of them over the run, fewer where they would take more than `SHARE`."""
    train = config.train
    fewest = max(steps / max(1, train.probes), cost(config) / SHARE)
    return max(1, math.ceil(fewest / train.log_every)) * train.log_every


def cost(config: RunConfig) -> float:
    """About how many training steps one look takes (measured: docs/health.md)."""
    c, batch = config.method, config.train.batch
    if isinstance(c, GANConfig | WGANConfig):
        return 64 / batch
    return PICTURES / (4 * batch) * (1 if isinstance(c, Pix2PixConfig) else 2)


def make_monitor(config: RunConfig, found: Material, run: RunFolder, method: Any, steps: int) -> Monitor | None:
    """The monitor of a run; none for a classifier or segmenter, or where `train.probes` is 0."""
    c, size = config.method, config.data.size
    if isinstance(c, ClassifierConfig | SegmenterConfig) or not config.train.probes:
        return None

    def pictures(part: str, channels: int, count: int) -> torch.Tensor:
        paths = found.files[part]  # often sorted by kind: take them from all over
        return fixed_pictures(paths[:: max(1, len(paths) // count)], size, channels, count)

    if isinstance(c, CycleGANConfig | Pix2PixConfig):
        a, b = (
            pictures(f"test_{side}" if found.files[f"test_{side}"] else f"train_{side}", channels, PICTURES)
            for side, channels in (("a", c.channels_a), ("b", c.channels_b))
        )
        if min(len(a), len(b)) < 2:
            return None
        return Monitor(run, config, steps, TranslationProbe(a, b), method, found.names)
    real = pictures("train", c.channels, REAL)
    if len(real) < 30:
        return None
    held = pictures("test", c.channels, HELD) if found.files["test"] else None
    probe = NoiseProbe(real, c.latent, held=held, seed=config.train.seed)
    return Monitor(run, config, steps, probe, method, found.names)
