"""Differentiable augmentation, so that D cannot learn its pictures by heart (Zhao et al. 2020, arXiv 2006.10738)."""

from collections.abc import Callable

import torch
from torch import Tensor

from .. import distributed


def augment(x: Tensor, operations: tuple[str, ...]) -> Tensor:
    """`operations` in turn on pictures (N, C, H, W) in [-1, 1], each picture its own draw; gradients pass through."""
    for name in operations:
        x = OPERATIONS[name](x)
    return x


def parse(words: str) -> tuple[str, ...]:
    """ "shift,cutout" as names of OPERATIONS; ValueError for another word."""
    names = tuple(filter(None, words.replace(" ", "").split(",")))
    for name in names:
        if name not in OPERATIONS:
            raise ValueError(f"augment: '{name}' is unknown; choose from {', '.join(OPERATIONS)}")
    return names


def draws(x: Tensor, count: int) -> Tensor:
    """Uniform numbers in [0, 1), (N, count); ranks draw for the whole batch and keep their share."""
    return distributed.shard(torch.rand(len(x) * distributed.world_size(), count, device=x.device))


def colour(x: Tensor) -> Tensor:
    """Brightness +-0.5 of white, saturation 0 to 2, contrast 0.5 to 1.5."""
    u = draws(x, 3)[:, :, None, None, None]
    x = x + 2 * (u[:, 0] - 0.5)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * 2 * u[:, 1]
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (u[:, 2] + 0.5)


def shift(x: Tensor) -> Tensor:
    """Up to an eighth of the side in each direction, black (-1) outside."""
    n, _, h, w = x.shape
    u = draws(x, 2)
    reach_y, reach_x = h // 8, w // 8
    down = (u[:, 0] * (2 * reach_y + 1)).long() - reach_y
    right = (u[:, 1] * (2 * reach_x + 1)).long() - reach_x
    rows = torch.arange(h, device=x.device)[None] - down[:, None]
    columns = torch.arange(w, device=x.device)[None] - right[:, None]
    inside = ((rows >= 0) & (rows < h))[:, None, :, None] & ((columns >= 0) & (columns < w))[:, None, None, :]
    batch = torch.arange(n, device=x.device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[batch, rows.clamp(0, h - 1)[:, :, None], columns.clamp(0, w - 1)[:, None, :]]
    return torch.where(inside, moved.permute(0, 3, 1, 2), x.new_full((), -1.0))


def cutout(x: Tensor) -> Tensor:
    """A grey square of half the side somewhere, partly outside."""
    _, _, h, w = x.shape
    u = draws(x, 2)
    top = (u[:, 0] * h).long()[:, None] - h // 4
    left = (u[:, 1] * w).long()[:, None] - w // 4
    rows, columns = torch.arange(h, device=x.device)[None], torch.arange(w, device=x.device)[None]
    in_rows = (rows >= top) & (rows < top + h // 2)
    in_columns = (columns >= left) & (columns < left + w // 2)
    return x * ~(in_rows[:, None, :, None] & in_columns[:, None, None, :])


OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {"colour": colour, "shift": shift, "cutout": cutout}
