"""What an experiment is: a question, settings for a full and a quick run, and what was found."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viceversa import images

from .parts import Part
from .source import fingerprint
from .work import Work

FORMAT = 1  # of the cache; another number measures everything anew


@dataclass(frozen=True)
class Found:
    """What `measure` returned, read back from its JSON: all that `write` may know."""

    settings: Any
    values: dict[str, Any]
    folder: Path  # of its pictures and arrays
    quick: bool
    seconds: float

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def picture(self, name: str) -> NDArray[np.float32]:
        """The picture (1 | 3, H, W) in [-1, 1] that `work.picture(name, ...)` kept, rounded to 8 bits."""
        pixels: NDArray[np.float32] = images.read(self.folder / "pictures" / f"{name}.png").pixels
        return pixels

    def array(self, name: str) -> NDArray[Any]:
        """The array that `work.array(name, ...)` kept."""
        from safetensors.numpy import load_file

        found: NDArray[Any] = load_file(self.folder / "arrays" / f"{name}.safetensors")["array"]
        return found


@dataclass(frozen=True)
class Experiment:
    """One question of the report, how it is measured, and how the answer is told.

    `full` and `quick` are the same frozen dataclass. A field `data: str` lets `--data` choose the pictures;
    `--seed K` moves a field `seed: int` to K, or `seeds: tuple[int, ...]` to K, K + 1, ...
    """

    name: str  # what `viceversa lab NAME` takes: lower case, words joined by -
    chapter: int  # 1 to 4; the order within a chapter is that of `contents.EXPERIMENTS`
    title: str  # the question
    full: Any
    quick: Any
    measure: Callable[[Any, Work], dict[str, Any]]  # numbers that JSON can hold; pictures and arrays go to `work`
    write: Callable[[Found], list[Part]]  # text, formulas and figures; computes nothing

    @property
    def takes_data(self) -> bool:
        return any(field.name == "data" for field in fields(self.full))

    def settings(self, quick: bool = False, data: str | None = None, seed: int | None = None) -> Any:
        """The settings of one run; a choice that the experiment does not have leaves them as they are."""
        chosen = self.quick if quick else self.full
        names = {field.name for field in fields(chosen)}
        if data is not None and "data" in names:
            chosen = replace(chosen, data=data)
        if seed is not None and "seed" in names:
            chosen = replace(chosen, seed=seed)
        if seed is not None and "seeds" in names:
            chosen = replace(chosen, seeds=tuple(range(seed, seed + len(chosen.seeds))))
        return chosen

    def restore(self, values: dict[str, Any]) -> Any:
        """Settings from their JSON."""
        return type(self.full)(**{name: _frozen(value) for name, value in values.items()})

    def key(self, settings: Any) -> str:
        """Name of the cache folder: changes with the settings, the code that measures, and the version."""
        content = [FORMAT, version("viceversa"), self.name, asdict(settings), fingerprint(self.measure)]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _frozen(value: Any) -> Any:
    """JSON has lists where frozen settings have tuples."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
