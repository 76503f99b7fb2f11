"""Complete configurations by name, and the two dataclasses that every method shares."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from .errors import UsageError, did_you_mean
from .methods.cyclegan import CycleGANConfig


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    source: str = ""  # folder with trainA trainB, with two sub-folders, or folder A
    other: str | None = None  # folder B, when A and B are given apart
    names: str | None = None  # "apples,oranges"; none: from the folders
    size: int = 256  # side of a training picture, pixels
    load: int | None = None  # side before the random crop, pixels; none: size * 286 / 256 (authors' code)
    fit: Literal["cover", "squash"] = "cover"  # cover keeps the aspect ratio, squash does not (authors' code)
    flip: bool = True  # mirror half of the pictures
    zoom: float = 1.0  # crops up to this many times `size` wide, scaled down; 1 = never
    cache_mb: int = 2048  # decoded pictures kept in memory, MB

    def __post_init__(self) -> None:
        if self.size < 16 or self.size % 4:
            raise ValueError(f"data.size is {self.size}; it must be a multiple of 4 and at least 16")
        if self.load is not None and self.load < self.size:
            raise ValueError(f"data.load is {self.load}, smaller than data.size {self.size}")

    @property
    def load_size(self) -> int:
        return self.load or round(self.size * 286 / 256)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    batch: int = 1  # pictures of each domain per step
    epochs: int | None = None  # of the larger domain; none: as many as fit into --max-time (4 minutes without it)
    total_nimg: int | None = None  # images of the larger domain seen in all; none: from epochs or time
    decay_from: float = 0.5  # share of the run after which the rates fall linearly
    decay_every: Literal["epoch", "step"] = "step"  # how often they fall
    seed: int = 0  # everything random follows from it
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"  # auto: bf16 where the processor has it
    threads: int | None = None  # of the processor; none: all. A resumed run keeps its number, so that bits agree
    log_every: int = 10  # steps between lines of metrics.jsonl
    samples: int = 10  # sample sheets over the run
    save_every: int | None = None  # steps between checkpoints; none: every two minutes
    keep: int = 2  # newest checkpoints kept

    def __post_init__(self) -> None:
        for name in ("batch", "log_every", "keep"):
            if getattr(self, name) < 1:
                raise ValueError(f"train.{name} is {getattr(self, name)}; it must be at least 1")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """All that defines a run; saved as config.yaml and read back from it."""

    preset: str = "cyclegan"
    method: CycleGANConfig = field(default_factory=CycleGANConfig)
    data: DataConfig = field(default_factory=DataConfig)
    train: TrainConfig = field(default_factory=TrainConfig)


def cyclegan(size: int = 256) -> RunConfig:
    """The reference as its authors train it: 100 epochs, then 100 while the rates fall (Zhu et al. 2017).

    Resize to 286 px whatever the aspect, crop 256 px, flip; LSGAN; batch 1; 9 blocks, or 6 below 256 px.
    """
    return RunConfig(
        preset="cyclegan",
        method=CycleGANConfig(blocks=9 if size >= 256 else 6),
        data=DataConfig(size=size, fit="squash"),
        train=TrainConfig(epochs=200, decay_every="epoch", precision="fp32"),
    )


def quickstart(size: int = 64) -> RunConfig:
    """A translator in minutes on a laptop, for 64 to 128 px; chosen by experiment (docs/log.md)."""
    return RunConfig(
        preset="quickstart",
        method=CycleGANConfig(
            generator="painting",
            width=16,
            blocks=4,
            upsampling="bilinear",
            d_width=24,
            d_layers=2,
            lambda_cyc=5.0,
            lambda_idt=0.0,
            lr_g=5e-4,
            lr_d=5e-4,
            ema=0.995,
        ),
        data=DataConfig(size=size, zoom=1.12),
        train=TrainConfig(batch=1),
    )


PRESETS: dict[str, Callable[..., RunConfig]] = {"cyclegan": cyclegan, "quickstart": quickstart}


def preset(name: str, size: int | None = None) -> RunConfig:
    """The named preset, at `size` pixels or its own."""
    if name not in PRESETS:
        raise UsageError(f"--preset: '{name}' is unknown; choose {' or '.join(PRESETS)}.{did_you_mean(name, PRESETS)}")
    try:
        return PRESETS[name]() if size is None else PRESETS[name](size)
    except ValueError as e:
        raise UsageError(f"--size: {e}") from None
