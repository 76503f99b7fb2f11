"""Several processes that train one model: started by torchrun, alike to the bit in what they draw.

Every rank draws what one process would draw for the whole batch and keeps its share, and every mean over the batch is
a mean over all ranks; so two ranks compute what one computes, up to the order of sums. Alone, nothing here costs.
"""

import atexit
import os
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from .errors import UsageError


def join(device: str) -> None:
    """Meet the other ranks when torchrun started us; a no-op otherwise."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        place = int(os.environ.get("LOCAL_RANK", "0"))
        if device == "cuda" and place >= torch.cuda.device_count():
            count = torch.cuda.device_count()
            raise UsageError(
                f"rank {place} has no graphics card, there are {count}; start {count} ranks or --device cpu"
            )
        if device == "cuda":
            torch.cuda.set_device(place)
        dist.init_process_group("cpu:gloo,cuda:nccl" if device == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)


def barrier() -> None:
    """Wait for the other ranks: torchrun ends those that still work when one of them fails while it ends."""
    if world_size() > 1:
        dist.barrier()


def world_size() -> int:
    """Number of ranks."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Ours, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def launch_command() -> list[str]:
    """The words that start viceversa as it was started."""
    return ["viceversa"] if world_size() == 1 else f"torchrun --nproc-per-node {world_size()} -m viceversa".split()


def require_divisible(batch: int) -> None:
    """UsageError unless the ranks can share a batch evenly."""
    if batch % world_size():
        raise UsageError(
            f"train.batch is {batch}, which {world_size()} ranks cannot share; make it a multiple of {world_size()}"
        )


def shard(x: Tensor) -> Tensor:
    """Our part of a batch that all ranks hold: (N, ...) -> (N / ranks, ...)."""
    return x if world_size() == 1 else x.chunk(world_size())[rank()]


def all_gather(x: Tensor) -> Tensor:
    """The batch of all ranks from our part of it, without gradient: (N, ...) -> (ranks * N, ...)."""
    if world_size() == 1:
        return x
    parts = [torch.empty_like(x) for _ in range(world_size())]
    dist.all_gather(parts, x.contiguous())
    return torch.cat(parts)


class _Total(torch.autograd.Function):
    """Sum over ranks; its gradient is the sum of the ranks' gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


def mean_over_ranks(x: Tensor) -> Tensor:
    """The mean of `x` over ranks, differentiable once."""
    return x if world_size() == 1 else _Total.apply(x) / world_size()  # type: ignore[no-untyped-call]


def average_over_ranks_(tensors: list[Tensor]) -> None:
    """Replace every tensor by its mean over ranks, in one message."""
    if world_size() > 1 and tensors:
        flat = torch.cat([t.flatten() for t in tensors])
        dist.all_reduce(flat)
        parts = torch.split(flat / world_size(), [t.numel() for t in tensors])
        for t, part in zip(tensors, parts, strict=True):
            t.copy_(part.view_as(t))


def broadcast_from_rank0(value: Any) -> Any:
    """Rank 0's value, on every rank."""
    if world_size() == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box, 0)
    return box[0]


def max_over_ranks(value: int) -> int:
    """The highest of the ranks' values."""
    if world_size() == 1:
        return value
    found = torch.tensor(value)
    dist.all_reduce(found, dist.ReduceOp.MAX)
    return int(found.item())
