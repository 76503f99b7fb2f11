"""From the options of `train` to the configuration of a run."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from .. import settings
from ..errors import UsageError
from ..runs.config import RunConfig
from ..runs.folder import read_config
from ..runs.presets import preset as named_preset
from ..tasks import task_of


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What `train` was asked for, beside the data. None leaves the choice to the preset, the file or the machine."""

    preset: str | None = None
    out: str | Path | None = None
    size: int | None = None
    steps: int | None = None
    max_time: float | str | None = None
    save_every: int | None = None
    seed: int | None = None
    device: str | None = None
    precision: str | None = None
    compile: bool | None = None
    auto_batch: bool = False
    names: str | None = None
    set: Sequence[str] = ()
    config: str | Path | None = None
    on_symptom: str | None = None
    tensorboard: bool = False
    dry_run: bool = False
    quiet: bool = False


KEYS = {  # options that are one value of the configuration
    "names": "data.names",
    "seed": "train.seed",
    "device": "train.device",
    "precision": "train.precision",
    "save_every": "train.save_every",
    "on_symptom": "train.on_symptom",
}


def resolve(data: str | Path, other: str | Path | None, options: TrainOptions) -> RunConfig:
    """Defaults < preset < file < command line."""
    config = base_config(options)
    sources = {"data.source": os.path.abspath(data), "data.other": other and os.path.abspath(other)}
    config = settings.changed(config, sources, "DATA")

    for option, key in KEYS.items():
        value = getattr(options, option)
        if option == "device" and value:
            value = value.partition(":")[0]  # which GPU is no part of the configuration
        if value is not None:
            config = settings.changed(config, {key: value}, "--" + option.replace("_", "-"))
    config = settings.changed(config, settings.parse_assignments(options.set))

    if options.steps is not None:
        if options.steps < 1:
            raise UsageError(f"--steps {options.steps}: it must be at least 1")
        nimg = options.steps * config.train.batch
        config = settings.changed(config, {"train.total_nimg": nimg}, "--steps")
    config.method.check_size(config.data.size, config.train.batch)
    return config


def base_config(options: TrainOptions) -> RunConfig:
    """The preset, or the configuration file."""
    if options.config is None:
        return named_preset(options.preset or "quickstart", options.size)
    config = read_config(Path(options.config))
    if options.preset not in (None, config.preset):
        raise UsageError(
            f"--preset {options.preset} contradicts {options.config}, whose preset is {config.preset}; give one of them"
        )
    return config if options.size is None else settings.changed(config, {"data.size": options.size}, "--size")


def default_folder(names: Sequence[str], config: RunConfig, preset: str | None = None) -> Path:
    """runs/apples-oranges-quickstart; runs of classes, or of domains without names, are called after their folder.

    `preset` is the name that was typed, which may be a former one.
    """
    nameless = task_of(config.method).named_by_data or len(names) > 2 or tuple(names) == ("A", "B")
    word = Path(config.data.source).name if nameless else "-".join(names)
    return Path("runs") / re.sub(r"[^\w.-]+", "-", f"{word}-{preset or config.preset}").strip("-.")


def with_choices_of(saved: RunConfig, requested: RunConfig) -> RunConfig:
    """`requested` with what it leaves open (none, auto) taken from the run it resumes."""
    train, old, method = requested.train, saved.train, requested.method
    if type(method) is type(saved.method):
        undecided = [field.name for field in fields(method) if getattr(method, field.name) is None]
        method = replace(method, **{name: getattr(saved.method, name) for name in undecided})
    return replace(
        requested,
        method=method,
        train=replace(
            train,
            total_nimg=train.total_nimg if train.total_nimg is not None else old.total_nimg,
            seconds=train.seconds if train.seconds is not None else old.seconds,
            threads=train.threads or old.threads,
            device=old.device if train.device == "auto" else train.device,
            precision=old.precision if train.precision == "auto" else train.precision,
        ),
    )
