"""An experiment: a question, settings of a full and a quick run, how to measure, and how to write its section."""

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

from .blocks import Block
from .workspace import Workspace

CACHE_FORMAT = 1  # another number makes every cached result stale


@dataclass(frozen=True)
class Results:
    """What `measure` returned, read back from its JSON: all that `write` may use."""

    settings: Any
    values: dict[str, Any]
    folder: Path  # of its images and arrays
    quick: bool
    seconds: float

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def image(self, name: str) -> NDArray[np.float32]:
        """The image (1 | 3, H, W) in [-1, 1] saved by `work.save_image(name, ...)`, rounded to 8 bits."""
        pixels: NDArray[np.float32] = images.read(self.folder / "images" / f"{name}.png").pixels
        return pixels

    def array(self, name: str) -> NDArray[Any]:
        """The array saved by `work.save_array(name, ...)`."""
        from safetensors.numpy import load_file

        values: NDArray[Any] = load_file(self.folder / "arrays" / f"{name}.safetensors")["array"]
        return values


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One question of the report.

    `full` and `quick` are the same frozen dataclass. A field `data: str` lets `--data` choose the dataset;
    `--seed K` sets a field `seed: int` to K, or `seeds: tuple[int, ...]` to K, K + 1, ...

    Results are cached by settings and `version`. Whoever changes `measure`, or code that it calls, so that the same
    settings give other values, raises `version` by one: then cached results are stale and are measured again.
    New texts, figures and claims need no new version. `viceversa lab NAME --again` measures again in any case.
    """

    name: str  # what `viceversa lab NAME` takes: lower case, words joined by -
    chapter: int  # 1 to 4; the order within a chapter is that of `contents.EXPERIMENTS`
    title: str  # the question
    full: Any
    quick: Any
    measure: Callable[
        [Any, Workspace], dict[str, Any]
    ]  # values as JSON has them; images and arrays go to the workspace
    write: Callable[[Results], list[Block]]  # texts, formulas and figures from the results
    version: int = 1  # of what `measure` returns

    @property
    def takes_data(self) -> bool:
        return any(field.name == "data" for field in fields(self.full))

    def settings(self, quick: bool = False, data: str | None = None, seed: int | None = None) -> Any:
        """The settings of one run; an option that the experiment does not have changes nothing."""
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
        return type(self.full)(**{name: _tuples(value) for name, value in values.items()})

    def key(self, settings: Any) -> str:
        """Name of the cache folder: a hash of the settings, `version` and the release of viceversa."""
        content = [CACHE_FORMAT, version("viceversa"), self.name, self.version, asdict(settings)]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _tuples(value: Any) -> Any:
    """The value with tuples where JSON has lists."""
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
