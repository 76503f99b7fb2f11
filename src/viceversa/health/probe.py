"""Health checks of the networks on fixed inputs, always the same noise or the same images; they change nothing.

The raw generator is checked, the one that training updates: it degrades before its moving average does.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..methods.protocol import Method
from ..networks.layers import evaluating


@dataclass(frozen=True)
class Snapshot:
    """Result of one health check: signals by name, features of the samples (n, d), columns of images for a sheet."""

    signals: dict[str, Any]
    features: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    sheet: list[Tensor] = field(default_factory=list)


class Probe(Protocol):
    """Measures a method on fixed inputs."""

    def measure(self, method: Method) -> Snapshot: ...

    def reference(self) -> dict[str, NDArray[Any]]:
        """Features of real images for the map of the report; empty where there is no map."""
        ...


@contextmanager
def still(*nets: nn.Module) -> Iterator[None]:
    """Networks in evaluation mode and without gradients, afterwards as they were."""
    with torch.no_grad(), ExitStack() as stack:
        for net in nets:
            stack.enter_context(evaluating(net))
        yield
