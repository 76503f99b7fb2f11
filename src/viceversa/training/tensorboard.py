"""Training losses as TensorBoard events."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import UsageError


def tensorboard_sink(folder: Path) -> Callable[[dict[str, Any]], None]:
    """Each line of metrics.jsonl as TensorBoard scalars under `folder/events`."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UsageError("--tensorboard needs an extra: pip install 'viceversa[tensorboard]'") from None
    writer = SummaryWriter(str(folder / "events"))

    def write(line: dict[str, Any]) -> None:
        for key, value in line.items():
            writer.add_scalar(key, value, line["step"])

    return write
