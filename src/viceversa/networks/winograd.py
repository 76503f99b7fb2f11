"""3x3 convolutions with 2.25 multiplications for each output instead of 9, on a processor.

F(4x4, 3x3) of Winograd 1980 as Lavin and Gray 2016 (arXiv 1509.09308, Eq. 11) use it: a tile of 6 x 6 inputs gives
4 x 4 outputs, Y = A^T [(G g G^T) * (B^T d B)] A, where * is a matrix product over the channels for each of the 36
places of a tile. The function is the same, its rounding is not: tests/test_winograd.py states by how much.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

TILE = 4  # outputs on a side of a tile
REACH = TILE + 2  # inputs
POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)  # of evaluation, beside infinity; they round best of eleven sets tried
LEAST_CHANNELS, LEAST_TILES = 64, 64  # below, moving the tiles costs more than the multiplications it saves


def transforms(points: tuple[float, ...] = POINTS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A^T (4, 6), G (6, 3), B^T (6, 6) of Toom and Cook: polynomials through `points` and infinity."""
    finite, size = np.array(points), len(points) + 1
    powers = np.vander(finite, size, increasing=True)
    A, G, B = np.zeros((TILE, size)), np.zeros((size, 3)), np.zeros((size, size))
    A[:, :-1], A[-1, -1] = powers[:, :TILE].T, 1
    for j, point in enumerate(finite):
        others = np.delete(finite, j)
        G[j] = powers[j, :3] / np.prod(point - others)
        B[j, :-1] = np.poly(others)[::-1]
    G[-1, -1], B[-1] = 1, np.poly(finite)[::-1]
    return A, G, B


@cache
def squared() -> tuple[Tensor, Tensor, Tensor]:
    """The three transforms on rows and columns at once: (16, 36), (36, 9), (36, 36)."""
    A, G, B = (torch.from_numpy(np.kron(m, m)).float() for m in transforms())
    return A, G, B


def gather(x: Tensor) -> Tensor:
    """The tiles of (N, C, H, W) that lies channels last: (36, N * tiles * C)."""
    tiles = x.permute(0, 2, 3, 1).unfold(1, REACH, TILE).unfold(2, REACH, TILE)
    return tiles.permute(4, 5, 0, 1, 2, 3).reshape(REACH**2, -1)


class Winograd(torch.autograd.Function):
    """(N, C, H + 2, W + 2), channels last, H and W multiples of 4, with (K, C, 3, 3) to (N, K, H, W), channels last."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        A, G, B = squared()
        (n, c, *sides), k = x.shape, len(weight)
        rows, columns = (side // TILE for side in sides)
        seen = torch.bmm(
            (B @ gather(x)).view(REACH**2, -1, c), (G @ weight.reshape(-1, 9).T).view(REACH**2, k, c).transpose(1, 2)
        )
        tiles = (A @ seen.view(REACH**2, -1)).view(TILE, TILE, n, rows, columns, k)
        out = x.new_empty(n, rows, TILE, columns, TILE, k)
        torch.add(tiles.permute(2, 3, 0, 4, 1, 5), bias, out=out)
        return out.view(n, rows * TILE, columns * TILE, k).permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Every transform's transpose, in the opposite order."""
        x, weight = ctx.saved_tensors
        A, G, B = squared()
        (n, c, *sides), k = x.shape, len(weight)
        rows, columns = (side // TILE for side in sides)
        lying = grad.permute(0, 2, 3, 1)
        tiles = lying.reshape(n, rows, TILE, columns, TILE, k).permute(2, 4, 0, 1, 3, 5)
        judged = (A.T @ tiles.reshape(TILE**2, -1)).view(REACH**2, -1, k)
        to_x = to_weight = None
        if ctx.needs_input_grad[0]:
            back = torch.bmm(judged, (G @ weight.reshape(-1, 9).T).view(REACH**2, k, c))
            to_x = scatter((B.T @ back.view(REACH**2, -1)).view(REACH, REACH, n, rows, columns, c))
        if ctx.needs_input_grad[1]:
            outer = torch.bmm(judged.transpose(1, 2), (B @ gather(x)).view(REACH**2, -1, c))
            to_weight = (G.T @ outer.view(REACH**2, -1)).T.reshape(weight.shape)
        return to_x, to_weight, lying.sum((0, 1, 2)) if ctx.needs_input_grad[2] else None


def scatter(tiles: Tensor) -> Tensor:
    """The transpose of `gather`: (6, 6, N, rows, columns, C) to (N, C, H, W); where tiles overlap they add up."""
    _, _, n, rows, columns, c = tiles.shape
    out = tiles.new_zeros(n, rows + 1, TILE, columns + 1, TILE, c)
    moved = tiles.permute(2, 3, 0, 4, 1, 5)  # (N, rows, 6, columns, 6, C)
    own, next_ = slice(0, TILE), slice(TILE, REACH)
    out[:, :-1, :, :-1] = moved[:, :, own, :, own]
    out[:, 1:, :2, :-1] += moved[:, :, next_, :, own]
    out[:, :-1, :, 1:, :2] += moved[:, :, own, :, next_]
    out[:, 1:, :2, 1:, :2] += moved[:, :, next_, :, next_]
    whole = out.view(n, (rows + 1) * TILE, (columns + 1) * TILE, c)
    return whole[:, : rows * TILE + 2, : columns * TILE + 2].permute(0, 3, 1, 2)


class Conv3x3(nn.Conv2d):
    """An unpadded 3x3 convolution that takes the short way where it pays: float32, processor, enough to multiply."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3)

    def is_worthwhile(self, x: Tensor, border: int = 0) -> bool:
        """Whether `x`, (N, C, H, W), is worth tiles; `border` of its pixels a side are none of the output's.

        Never in a graph that is being compiled or exported.
        """
        if torch.compiler.is_compiling() or x.device.type != "cpu" or x.dtype != torch.float32:
            return False
        if torch.is_autocast_enabled("cpu") or min(self.in_channels, self.out_channels) < LEAST_CHANNELS:
            return False
        rows, columns = ((side - 2 * border) // TILE for side in x.shape[2:])
        return len(x) * rows * columns >= LEAST_TILES

    def forward(self, x: Tensor) -> Tensor:
        if not self.is_worthwhile(x, border=1):
            return super().forward(x)
        h, w = x.shape[2] - 2, x.shape[3] - 2
        if h % TILE or w % TILE:  # the last tiles look beyond the edge; what they say there is cut off
            x = functional.pad(x, (0, -w % TILE, 0, -h % TILE))
        x = x.contiguous(memory_format=torch.channels_last)
        out: Tensor = Winograd.apply(x, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return out[:, :, :h, :w]
