"""How fast this machine trains, translates, reads and judges, beside the one-page reference and its own ceilings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["run"]


def run(
    *, quick: bool = False, check: Sequence[str | Path] = (), device: str | None = None, show: Any = None
) -> dict[str, Any]:
    """Everything measured, as `viceversa bench --json` prints it; SlowerError where `check` has better."""
    from . import report

    return report.run(quick=quick, check=check, device=device, show=show or (lambda line: None))
