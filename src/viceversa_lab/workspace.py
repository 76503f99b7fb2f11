"""The folder in which an experiment is measured; finished pieces are cached there, so that it resumes after a stop."""

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


class Workspace:
    """The folder, the clock and the progress line of one measurement."""

    def __init__(self, folder: Path, on_progress: Callable[[str], None] = lambda line: None) -> None:
        self.folder = folder
        self._on_progress = on_progress
        self._earlier_seconds = _seconds(folder / "clock.json")
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time spent so far, interrupted sessions included."""
        return self._earlier_seconds + time.monotonic() - self._started

    def save_clock(self) -> None:
        files.write_json(self.folder / "clock.json", {"seconds": round(self.seconds, 2)})

    def progress(self, line: str) -> None:
        """Show one line of progress on the console."""
        self._on_progress(line)

    def run_folder(self, name: str) -> Path:
        """A folder for `viceversa.train(..., out=...)`; an interrupted run resumes there, bit for bit."""
        return self.folder / "runs" / name

    def cached(self, key: str | Sequence[Any], function: Callable[[], Any]) -> Any:
        """`function()` as JSON returns it; from the second call on it is read from the file of `key`."""
        name = key if isinstance(key, str) else " ".join(map(str, key))
        path = self.folder / "values" / f"{_file_name(name)}.json"
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["key"] == name:
                return stored["value"]
        except (OSError, ValueError, KeyError):
            pass  # missing or damaged: computed below

        started = time.monotonic()
        value = plain(function())
        files.write_json(path, {"key": name, "seconds": round(time.monotonic() - started, 3), "value": value})
        self.save_clock()
        return value

    def map(self, what: str, keys: Iterable[Sequence[Any]], function: Callable[..., Any]) -> list[Any]:
        """`function(*key)` for every key, each cached under `what` and its key."""
        keys = list(keys)
        values = []
        for i, key in enumerate(keys):
            self.progress(f"{what} {', '.join(map(str, key))}  {i + 1}/{len(keys)}")
            values.append(self.cached((what, *key), lambda key=key: function(*key)))  # type: ignore[misc]
        return values

    def sweep(
        self, what: str, values: Iterable[Any], seeds: Iterable[int], function: Callable[[Any, int], Any]
    ) -> list[list[Any]]:
        """`function(value, seed)`, each cached, as one row per value with one entry per seed."""
        values, seeds = list(values), list(seeds)
        flat = self.map(what, [(value, seed) for value in values for seed in seeds], function)
        return [flat[i * len(seeds) : (i + 1) * len(seeds)] for i in range(len(values))]

    def save_image(self, name: str, pixels: NDArray[Any]) -> None:
        """Save an image (1 | 3, H, W) in [-1, 1] as PNG for `results.image(name)`."""
        images.save_png(self.folder / "images" / f"{name}.png", pixels)

    def save_array(self, name: str, values: NDArray[Any]) -> None:
        """Save an array for `results.array(name)`."""
        from safetensors.numpy import save

        files.write_bytes(self.folder / "arrays" / f"{name}.safetensors", save({"array": np.ascontiguousarray(values)}))


def plain(value: Any) -> Any:
    """The value as JSON has it: NumPy and PyTorch become Python, a number that is not finite becomes None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _file_name(key: str) -> str:
    """A readable file name that no other key has."""
    readable = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:60]
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _seconds(path: Path) -> float:
    try:
        return float(json.loads(path.read_text())["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
