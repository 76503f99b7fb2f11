"""Differentiable augmentation of a discriminator's inputs, against overfitting (Zhao et al. 2020, arXiv 2006.10738)."""

from collections.abc import Callable

import torch
from torch import Tensor

from .. import distributed


def augment(x: Tensor, operations: tuple[str, ...]) -> Tensor:
    """Apply `operations`, names of OPERATIONS, in order: (N, C, H, W) in [-1, 1] -> same, not clamped.

    Every image has its own random numbers, and gradients pass through.
    """
    for name in operations:
        x = OPERATIONS[name](x)
    return x


def parse_operations(text: str) -> tuple[str, ...]:
    """Names of OPERATIONS from a text such as "shift, cutout"; ValueError for an unknown name."""
    names = tuple(filter(None, text.replace(" ", "").split(",")))
    for name in names:
        if name not in OPERATIONS:
            raise ValueError(f"augment: '{name}' is unknown; choose from {', '.join(OPERATIONS)}")
    return names


def uniform(x: Tensor, count: int) -> Tensor:
    """(N, count) numbers uniform in [0, 1); several ranks draw for the whole batch and use their part."""
    return distributed.shard(torch.rand(len(x) * distributed.world_size(), count, device=x.device))


def colour(x: Tensor) -> Tensor:
    """Brightness shifted by up to 1, saturation times 0 to 2, contrast times 0.5 to 1.5: (N, C, H, W) -> same."""
    u = uniform(x, 3)[:, :, None, None, None]
    x = x + 2 * (u[:, 0] - 0.5)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * 2 * u[:, 1]
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (u[:, 2] + 0.5)


def shift(x: Tensor) -> Tensor:
    """Translate by up to an eighth of the side in each direction, black (-1) outside: (N, C, H, W) -> same."""
    n, _, h, w = x.shape
    u = uniform(x, 2)
    most_down, most_right = h // 8, w // 8
    down = (u[:, 0] * (2 * most_down + 1)).long() - most_down
    right = (u[:, 1] * (2 * most_right + 1)).long() - most_right

    rows = torch.arange(h, device=x.device)[None] - down[:, None]
    columns = torch.arange(w, device=x.device)[None] - right[:, None]
    inside = ((rows >= 0) & (rows < h))[:, None, :, None] & ((columns >= 0) & (columns < w))[:, None, None, :]

    batch = torch.arange(n, device=x.device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[batch, rows.clamp(0, h - 1)[:, :, None], columns.clamp(0, w - 1)[:, None, :]]
    return torch.where(inside, moved.permute(0, 3, 1, 2), x.new_full((), -1.0))


def cutout(x: Tensor) -> Tensor:
    """Replace a square of half the side by grey (0), centred anywhere in the image: (N, C, H, W) -> same."""
    _, _, h, w = x.shape
    u = uniform(x, 2)
    top = (u[:, 0] * h).long()[:, None] - h // 4
    left = (u[:, 1] * w).long()[:, None] - w // 4
    rows, columns = torch.arange(h, device=x.device)[None], torch.arange(w, device=x.device)[None]
    in_rows = (rows >= top) & (rows < top + h // 2)
    in_columns = (columns >= left) & (columns < left + w // 2)
    return x * ~(in_rows[:, None, :, None] & in_columns[:, None, None, :])


OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {"colour": colour, "shift": shift, "cutout": cutout}
