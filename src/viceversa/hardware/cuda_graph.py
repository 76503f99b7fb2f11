"""A training step on a graphics card, recorded once and then replayed: its thousands of kernels cost one call."""

from collections.abc import Callable
from typing import Protocol, cast

import torch
from torch import Tensor

from .. import distributed
from ..optimize import Player
from ..runs import checkpoint

WARM = 3  # plain steps before the recording: what is built, tuned or compiled on first use must be there
Step = Callable[..., dict[str, Tensor]]


class Method(checkpoint.Trainable, Protocol):
    """What the trainer needs of a method."""

    @property
    def step(self) -> Step: ...


class WithHeadStart(Method, Protocol):
    """A method whose discriminators learn before its generators begin."""

    head_start: int  # steps

    def ahead(self, *batch: Tensor) -> dict[str, Tensor]: ...


def step_of(method: Method, device: str, record: bool = True) -> Step:
    """`method.step` for batches on the host, which go to `device`; recorded there where that is possible.

    Not with several ranks, whose messages would have to be part of it, nor for an optimiser whose rate is a number of
    Python's.
    """
    if device == "cuda" and record and distributed.world() == 1 and all(map(_recordable, method.players.values())):
        return RecordedStep(method)
    return lambda *batch: method.step(*(x.to(device) for x in batch))


def ahead_of(method: Method, device: str, steps: int) -> tuple[int, Step]:
    """How many of `steps` are a head start of the discriminators, at most a fifth, and the method's step for them."""
    if not hasattr(method, "ahead"):  # Python 3.12 finds no part of a module by isinstance with a protocol
        return 0, method.step
    early = cast(WithHeadStart, method)
    return min(early.head_start, steps // 5), lambda *batch: early.ahead(*(x.to(device) for x in batch))


def _recordable(player: Player) -> bool:
    return all(group.get("capturable") for group in player.optimizer.param_groups)


class RecordedStep:
    """Steps of one method with batches of one shape. The losses given are those of the latest step, and are reused.

    What a step draws follows from PyTorch's seed at its start, recorded or not.
    """

    def __init__(self, method: Method) -> None:
        self.method, self.taken = method, 0
        self.graph = torch.cuda.CUDAGraph()
        self.inputs: tuple[Tensor, ...] = ()
        self.losses: dict[str, Tensor] = {}

    def __call__(self, *batch: Tensor) -> dict[str, Tensor]:
        self.taken += 1
        if self.taken <= WARM:
            return self.plain(batch)
        if self.taken == WARM + 1:
            self.record(batch)
        for place, fresh in zip(self.inputs, batch, strict=True):
            place.copy_(fresh, non_blocking=True)
        self.graph.replay()
        return self.losses

    def plain(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """A step kernel by kernel, off the default stream, on which nothing can be recorded."""
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            losses = self.method.step(*(x.to("cuda") for x in batch))
        here.wait_stream(aside)
        return {name: loss.detach() for name, loss in losses.items()}  # with its graph it would keep this stream

    def record(self, batch: tuple[Tensor, ...]) -> None:
        """Record a step; nothing is computed yet."""
        self.inputs = tuple(x.to("cuda") for x in batch)
        for player in self.method.players.values():
            player.measuring = True  # every step then: part of the recording
        torch.cuda.synchronize()
        torch.cuda.empty_cache()  # the recording has memory of its own
        with torch.cuda.graph(self.graph):
            losses = self.method.step(*self.inputs)
        self.losses = {name: loss.detach() for name, loss in losses.items()}
