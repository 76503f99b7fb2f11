"""A training step on a GPU, captured once as a CUDA graph and replayed: thousands of kernels cost one launch."""

from collections.abc import Callable, Collection

import torch
from torch import Tensor

from .. import distributed
from ..optimize import Player

WARMUP_CALLS = 3  # eager steps before the capture: whatever is built, tuned or compiled on first use must be there
Step = Callable[..., dict[str, Tensor]]


def device_step(step: Step, players: Collection[Player], device: str, capture: bool = True) -> Step:
    """`step` for batches on the host, which are copied to `device`; captured as a CUDA graph where that is possible.

    Not captured with several ranks, since collectives cannot be part of the graph, nor with optimisers that are not
    `capturable`.
    """
    if device == "cuda" and capture and distributed.world_size() == 1 and all(map(is_capturable, players)):
        return CapturedStep(step, players)
    return lambda *batch: step(*(x.to(device) for x in batch))


def is_capturable(player: Player) -> bool:
    """True if the optimiser keeps its learning rate in a tensor, which a captured graph can read."""
    return all(group.get("capturable") for group in player.optimizer.param_groups)


class CapturedStep:
    """Steps with batches of one shape. The returned losses are those of the latest step, in tensors that are reused.

    Random numbers follow from PyTorch's seed at the start of the step, captured or not.
    """

    def __init__(self, step: Step, players: Collection[Player]) -> None:
        self.step, self.players, self.calls = step, players, 0
        self.graph = torch.cuda.CUDAGraph()
        self.inputs: tuple[Tensor, ...] = ()
        self.losses: dict[str, Tensor] = {}

    def __call__(self, *batch: Tensor) -> dict[str, Tensor]:
        self.calls += 1
        if self.calls <= WARMUP_CALLS:
            return self.run_eager(batch)
        if self.calls == WARMUP_CALLS + 1:
            self.capture(batch)
        for static, fresh in zip(self.inputs, batch, strict=True):
            static.copy_(fresh, non_blocking=True)
        self.graph.replay()
        return self.losses

    def run_eager(self, batch: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """One step on a side stream: nothing that ran on the default stream can be captured later."""
        current, side = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(current)
        with torch.cuda.stream(side):
            losses = self.step(*(x.to("cuda") for x in batch))
        current.wait_stream(side)
        return {name: loss.detach() for name, loss in losses.items()}  # an attached graph would keep the stream alive

    def capture(self, batch: tuple[Tensor, ...]) -> None:
        """Capture one step; it is not executed yet."""
        self.inputs = tuple(x.to("cuda") for x in batch)
        for player in self.players:
            player.measure_ratio = True  # from now on in every step, since it is part of the graph
        torch.cuda.synchronize()
        torch.cuda.empty_cache()  # the graph has its own memory pool
        with torch.cuda.graph(self.graph):
            losses = self.step(*self.inputs)
        self.losses = {name: loss.detach() for name, loss in losses.items()}
