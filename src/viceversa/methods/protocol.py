"""The contract between a method and everything that trains, saves or watches it."""

from collections.abc import Callable
from typing import Any, Protocol, cast

from torch import Tensor, nn

from ..optimize import Player

Step = Callable[..., dict[str, Tensor]]  # a batch to named losses and metrics


class Method(Protocol):
    """Networks, the players that train them, and one training step.

    `preview(*inputs)` gives, without gradients, what the method makes of fixed inputs for sample sheets and tests.
    """

    nets: nn.ModuleDict  # every network by its name in the paper
    players: dict[str, Player]  # every optimiser with the networks it updates

    @property
    def step(self) -> Step: ...
    @property
    def preview(self) -> Step: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state_dict: dict[str, Tensor]) -> Any: ...


class WithWarmup(Method, Protocol):
    """A method whose discriminators train alone during the first steps."""

    d_warmup_steps: int

    def warmup_step(self, *batch: Tensor) -> dict[str, Tensor]: ...


def warmup_of(method: Method, steps: int) -> tuple[int, Step]:
    """Number of warm-up steps in a run of `steps`, at most a fifth of them, and the step function for them."""
    if not hasattr(method, "warmup_step"):  # isinstance with a protocol fails for nn.Module on Python 3.12
        return 0, method.step
    warm = cast(WithWarmup, method)
    return min(warm.d_warmup_steps, steps // 5), warm.warmup_step
