"""Data-parallel training by several processes (ranks), started by torchrun.

Every rank draws the random numbers of the whole batch and uses its own part of them, and every mean over the batch is
a mean over all ranks. So any number of ranks computes what one process computes, up to the order of sums. With one
process all functions here return at once.
"""

import atexit
import os
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from .errors import UsageError


def join(device: str) -> None:
    """Join the process group if torchrun started this process. UsageError for more ranks than GPUs."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        if device == "cuda" and local_rank >= torch.cuda.device_count():
            count = torch.cuda.device_count()
            raise UsageError(f"rank {local_rank} has no GPU, there are {count}; start {count} ranks or --device cpu")
        if device == "cuda":
            torch.cuda.set_device(local_rank)
        dist.init_process_group("cpu:gloo,cuda:nccl" if device == "cuda" else "gloo")
        atexit.register(dist.destroy_process_group)


def barrier() -> None:
    """Wait for the other ranks. Without it torchrun ends ranks that still work when one of them fails as it exits."""
    if world_size() > 1:
        dist.barrier()


def world_size() -> int:
    """Number of ranks."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def launch_command() -> list[str]:
    """The command that starts viceversa with as many ranks as now, without its arguments."""
    return ["viceversa"] if world_size() == 1 else f"torchrun --nproc-per-node {world_size()} -m viceversa".split()


def require_divisible(batch: int) -> None:
    """UsageError unless `batch`, images per step, is a multiple of the number of ranks."""
    if batch % world_size():
        raise UsageError(
            f"train.batch is {batch}, which {world_size()} ranks cannot share; make it a multiple of {world_size()}"
        )


def shard(x: Tensor) -> Tensor:
    """This rank's part of a batch that all ranks hold: (N, ...) -> (N / ranks, ...)."""
    return x if world_size() == 1 else x.chunk(world_size())[rank()]


def all_gather(x: Tensor) -> Tensor:
    """The parts of all ranks, concatenated, without gradient: (N, ...) -> (ranks * N, ...)."""
    if world_size() == 1:
        return x
    parts = [torch.empty_like(x) for _ in range(world_size())]
    dist.all_gather(parts, x.contiguous())
    return torch.cat(parts)


class _SumOverRanks(torch.autograd.Function):
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
    """The mean of x over ranks, differentiable once; same shape."""
    return x if world_size() == 1 else _SumOverRanks.apply(x) / world_size()  # type: ignore[no-untyped-call]


def average_over_ranks_(tensors: list[Tensor]) -> None:
    """Replace every tensor by its mean over ranks, in place, in one message."""
    if world_size() > 1 and tensors:
        flat = torch.cat([t.flatten() for t in tensors])
        dist.all_reduce(flat)
        parts = torch.split(flat / world_size(), [t.numel() for t in tensors])
        for t, part in zip(tensors, parts, strict=True):
            t.copy_(part.view_as(t))


def broadcast_from_rank0(value: Any) -> Any:
    """Rank 0's value on every rank; it must be picklable."""
    if world_size() == 1:
        return value
    values = [value]
    dist.broadcast_object_list(values, 0)
    return values[0]


def max_over_ranks(value: int) -> int:
    """The largest of the ranks' values, on every rank."""
    if world_size() == 1:
        return value
    largest = torch.tensor(value)
    dist.all_reduce(largest, dist.ReduceOp.MAX)
    return int(largest.item())
