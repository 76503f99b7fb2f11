"""Benchmark of training, translation, loading and features, against the one-page reference and hardware ceilings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["run"]


def run(
    *, quick: bool = False, check: Sequence[str | Path] = (), device: str | None = None, show: Any = None
) -> dict[str, Any]:
    """Measure all cases; returns what `viceversa bench --json` prints. SlowerError if slower than a file of `check`."""
    from . import report

    return report.run(quick=quick, check=check, device=device, show=show or (lambda line: None))
