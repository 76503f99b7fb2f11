"""Where an experiment works: a folder of its own that keeps every finished part, so that it goes on after a stop."""

import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viceversa import files, images


class Work:
    """The folder, the clock and the progress line of one measurement."""

    def __init__(self, folder: Path, show: Callable[[str], None] = lambda line: None) -> None:
        self.folder = folder
        self._show = show
        self._before = _seconds(folder / "clock.json")
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time measured so far, that of interrupted sessions included."""
        return self._before + time.monotonic() - self._started

    def save_clock(self) -> None:
        files.write_json(self.folder / "clock.json", {"seconds": round(self.seconds, 2)})

    def show(self, line: str) -> None:
        """Put one line where a person watches."""
        self._show(line)

    def run_folder(self, name: str) -> Path:
        """A folder for `viceversa.train(..., out=...)`: kept, so that an interrupted run resumes to the bit."""
        return self.folder / "runs" / name

    def keep(self, key: str | Sequence[Any], function: Callable[[], Any]) -> Any:
        """`function()` as JSON gives it back; the second time, and after a stop, from the file of `key`."""
        name = key if isinstance(key, str) else " ".join(map(str, key))
        path = self.folder / "parts" / f"{_slug(name)}.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["key"] == name:
                return found["value"]
        except (OSError, ValueError, KeyError):
            pass
        began = time.monotonic()
        value = plain(function())
        files.write_json(path, {"key": name, "seconds": round(time.monotonic() - began, 3), "value": value})
        self.save_clock()
        return value

    def each(self, what: str, keys: Iterable[Sequence[Any]], function: Callable[..., Any]) -> list[Any]:
        """`function(*key)` for every key, each kept under `what` and its key."""
        wanted = list(keys)
        values = []
        for done, key in enumerate(wanted):
            self.show(f"{what} {', '.join(map(str, key))}  {done + 1}/{len(wanted)}")
            values.append(self.keep((what, *key), lambda key=key: function(*key)))  # type: ignore[misc]
        return values

    def sweep(
        self, what: str, values: Iterable[Any], seeds: Iterable[int], function: Callable[[Any, int], Any]
    ) -> list[list[Any]]:
        """`function(value, seed)` as one row per value and one number per seed, each kept."""
        values, seeds = list(values), list(seeds)
        flat = self.each(what, [(value, seed) for value in values for seed in seeds], function)
        return [flat[i * len(seeds) : (i + 1) * len(seeds)] for i in range(len(values))]

    def picture(self, name: str, pixels: NDArray[Any]) -> str:
        """Keep a picture (1 | 3, H, W) in [-1, 1] as PNG for `found.picture(name)`."""
        images.save_png(self.folder / "pictures" / f"{name}.png", pixels)
        return name

    def array(self, name: str, values: NDArray[Any]) -> str:
        """Keep an array for `found.array(name)`."""
        from safetensors.numpy import save

        files.write_bytes(self.folder / "arrays" / f"{name}.safetensors", save({"array": np.ascontiguousarray(values)}))
        return name


def plain(value: Any) -> Any:
    """Numbers, lists and dicts as JSON has them: NumPy and PyTorch become Python, what is not finite becomes None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _slug(name: str) -> str:
    """A file name that a person can read and that no other key has."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _seconds(path: Path) -> float:
    try:
        return float(json.loads(path.read_text())["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
