"""Training losses as TensorBoard events."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def tensorboard_sink(folder: Path) -> Callable[[dict[str, Any]], None]:
    """Each line of metrics.jsonl as TensorBoard scalars under `folder/events`."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder / "events"))

    def write(line: dict[str, Any]) -> None:
        for key, value in line.items():
            writer.add_scalar(key, value, line["step"])

    return write
