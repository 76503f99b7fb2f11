"""From the words of a command to the configuration of a run."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .. import settings as values
from ..errors import UsageError
from ..methods.cyclegan import CycleGANConfig
from ..methods.pix2pix import Pix2PixConfig
from ..methods.segmenter import SegmenterConfig
from ..networks.fcn import STRIDE
from ..runs.config import RunConfig
from ..runs.folder import read_config
from ..runs.presets import preset as named_preset


def resolve(
    data: str | Path, other: str | Path | None, *, preset: str | None, size: int | None, steps: int | None,
    save_every: int | None, seed: int | None, device: str | None, precision: str | None, names: str | None,
    assignments: Sequence[str], config: str | Path | None, on_symptom: str | None,
) -> RunConfig:  # fmt: skip
    """Defaults < preset < file < command line."""
    if config is not None:
        result = read_config(Path(config))
        if preset not in (None, result.preset):
            raise UsageError(
                f"--preset {preset} contradicts {config}, whose preset is {result.preset}; give one of them"
            )
        if size is not None:
            result = values.changed(result, {"data.size": size}, "--size")
    else:
        result = named_preset(preset or "quickstart", size)
    words = {"data.source": os.path.abspath(data), "data.other": other and os.path.abspath(other)}
    result = values.changed(result, words, "DATA")
    options = {"data.names": names, "train.seed": seed, "train.device": device}
    options |= {"train.precision": precision, "train.save_every": save_every, "train.on_symptom": on_symptom}
    for key, value in options.items():
        if value is not None:
            result = values.changed(result, {key: value}, "--" + key.split(".")[1].replace("_", "-"))
    result = values.changed(result, values.parse_assignments(assignments))
    if steps is not None:
        if steps < 1:
            raise UsageError(f"--steps {steps}: it must be at least 1")
        result = values.changed(result, {"train.total_nimg": steps * result.train.batch}, "--steps")
    _require_fit(result)
    return result


def _require_fit(config: RunConfig) -> None:
    """UsageError for networks that the pictures are too small for."""
    method, size = config.method, config.data.size
    if isinstance(method, SegmenterConfig) and size <= STRIDE and config.train.batch == 1:
        raise UsageError(
            f"train.batch is 1, and the coarsest map of a picture of {size} px is one number, which has no variance; "
            "choose 2 or more, or a larger --size"
        )
    if not isinstance(method, CycleGANConfig | Pix2PixConfig):
        return
    if isinstance(method, CycleGANConfig) and size % (4 * method.cycle_shrink):
        raise UsageError(
            f"method.cycle_shrink is {method.cycle_shrink}, which leaves pictures of {size} px no multiple of 4; "
            "choose 1, or another --size"
        )
    deepest = (size // 3).bit_length() - 1  # leaves the discriminator 3 x 3 numbers before its last two layers
    if method.d_layers > deepest:
        raise UsageError(
            f"method.d_layers is {method.d_layers}, too deep for pictures of {size} px; choose at most {deepest}, "
            "or a larger --size"
        )


def parse_time(text: float | str | None) -> float | None:
    """ "300s", "4m", "2h" or a number of seconds, in seconds."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(text).strip())
    if not found or float(found[1]) <= 0:
        raise UsageError(f"--max-time '{text}': write it as 300s, 4m or 2h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def default_folder(names: Sequence[str], config: RunConfig) -> Path:
    """runs/apples-oranges-quickstart; classes, and domains without names, are called after their folder."""
    nameless = len(names) > 2 or tuple(names) == ("A", "B") or isinstance(config.method, SegmenterConfig)
    word = Path(config.data.source).name if nameless else "-".join(names)
    return Path("runs") / re.sub(r"[^\w.-]+", "-", f"{word}-{config.preset}").strip("-.")


def parse_names(text: str | None) -> tuple[str, str] | None:
    """ "apples,oranges" as two names."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        raise UsageError(f"--names '{text}': write two names with a comma between, for example apples,oranges")
    return parts[0], parts[1]


def with_choices_of(saved: RunConfig, wanted: RunConfig) -> RunConfig:
    """`wanted` with what it leaves open (none, auto) taken from the run it resumes."""
    train, old, method = wanted.train, saved.train, wanted.method
    if isinstance(method, CycleGANConfig) and isinstance(saved.method, CycleGANConfig) and method.winograd is None:
        method = replace(method, winograd=saved.method.winograd)
    return replace(
        wanted,
        method=method,
        train=replace(
            train,
            total_nimg=train.total_nimg if train.total_nimg is not None else old.total_nimg,
            threads=train.threads or old.threads,
            device=old.device if train.device == "auto" else train.device,
            precision=old.precision if train.precision == "auto" else train.precision,
        ),
    )
