"""Winograd's algorithm for 3x3 convolutions on a CPU: 2.25 multiplications for each output instead of 9.

F(4x4, 3x3) of Winograd 1980 in the form of Lavin and Gray 2016 (arXiv 1509.09308, Eq. 11): a tile d of 6x6 inputs and
a kernel g give 4x4 outputs, Y = A^T [(G g G^T) * (B^T d B)] A, where * is a matrix product over the channels for each
of the 36 positions in a tile. Only the rounding differs from the direct convolution; tests/networks/test_winograd.py
states by how much.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

TILE = 4  # side of the outputs of a tile
INPUT_TILE = TILE + 2  # side of its inputs
POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)  # of evaluation, beside infinity; they round best of eleven sets tried
MIN_CHANNELS, MIN_TILES = 64, 64  # below, copying the tiles costs more than the saved multiplications


def transforms(points: tuple[float, ...] = POINTS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A^T (4, 6), G (6, 3), B^T (6, 6) of the Toom-Cook algorithm: polynomials through `points` and infinity."""
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
def kronecker_transforms() -> tuple[Tensor, Tensor, Tensor]:
    """`transforms` for rows and columns at once, as matrices (16, 36), (36, 9) and (36, 36) for flattened tiles."""
    A, G, B = (torch.from_numpy(np.kron(m, m)).float() for m in transforms())
    return A, G, B


def gather_tiles(x: Tensor) -> Tensor:
    """The overlapping 6x6 input tiles of a channels-last (N, C, H, W): (36, N * rows * columns * C)."""
    tiles = x.permute(0, 2, 3, 1).unfold(1, INPUT_TILE, TILE).unfold(2, INPUT_TILE, TILE)
    return tiles.permute(4, 5, 0, 1, 2, 3).reshape(INPUT_TILE**2, -1)


def scatter_tiles(tiles: Tensor) -> Tensor:
    """The transpose of `gather_tiles`: (6, 6, N, rows, columns, C) -> (N, C, H, W), overlapping tiles added up."""
    _, _, n, rows, columns, c = tiles.shape
    out = tiles.new_zeros(n, rows + 1, TILE, columns + 1, TILE, c)
    tiles = tiles.permute(2, 3, 0, 4, 1, 5)  # (N, rows, 6, columns, 6, C)

    own, following = slice(0, TILE), slice(TILE, INPUT_TILE)
    out[:, :-1, :, :-1] = tiles[:, :, own, :, own]
    out[:, 1:, :2, :-1] += tiles[:, :, following, :, own]
    out[:, :-1, :, 1:, :2] += tiles[:, :, own, :, following]
    out[:, 1:, :2, 1:, :2] += tiles[:, :, following, :, following]

    image = out.view(n, (rows + 1) * TILE, (columns + 1) * TILE, c)
    return image[:, : rows * TILE + 2, : columns * TILE + 2].permute(0, 3, 1, 2)


class Winograd(torch.autograd.Function):
    """x (N, C, H + 2, W + 2), weight (K, C, 3, 3), bias (K,) -> (N, K, H, W); H and W multiples of 4.

    Input and output are channels-last.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        A, G, B = kronecker_transforms()
        (n, c, *sides), k = x.shape, len(weight)
        rows, columns = (side // TILE for side in sides)

        inputs = (B @ gather_tiles(x)).view(INPUT_TILE**2, -1, c)
        kernels = (G @ weight.reshape(-1, 9).T).view(INPUT_TILE**2, k, c)
        products = torch.bmm(inputs, kernels.transpose(1, 2))
        tiles = (A @ products.view(INPUT_TILE**2, -1)).view(TILE, TILE, n, rows, columns, k)

        out = x.new_empty(n, rows, TILE, columns, TILE, k)
        torch.add(tiles.permute(2, 3, 0, 4, 1, 5), bias, out=out)
        return out.view(n, rows * TILE, columns * TILE, k).permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The transposes of the transforms, in the opposite order."""
        x, weight = ctx.saved_tensors
        A, G, B = kronecker_transforms()
        (n, c, *sides), k = x.shape, len(weight)
        rows, columns = (side // TILE for side in sides)

        grad = grad.permute(0, 2, 3, 1)
        tiles = grad.reshape(n, rows, TILE, columns, TILE, k).permute(2, 4, 0, 1, 3, 5)
        grad_tiles = (A.T @ tiles.reshape(TILE**2, -1)).view(INPUT_TILE**2, -1, k)

        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            kernels = (G @ weight.reshape(-1, 9).T).view(INPUT_TILE**2, k, c)
            products = torch.bmm(grad_tiles, kernels).view(INPUT_TILE**2, -1)
            grad_x = scatter_tiles((B.T @ products).view(INPUT_TILE, INPUT_TILE, n, rows, columns, c))
        if ctx.needs_input_grad[1]:
            inputs = (B @ gather_tiles(x)).view(INPUT_TILE**2, -1, c)
            products = torch.bmm(grad_tiles.transpose(1, 2), inputs).view(INPUT_TILE**2, -1)
            grad_weight = (G.T @ products).T.reshape(weight.shape)
        return grad_x, grad_weight, grad.sum((0, 1, 2)) if ctx.needs_input_grad[2] else None


class Conv3x3(nn.Conv2d):
    """3x3 convolution without padding, by Winograd's algorithm on a CPU in float32 when the map is large enough."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3)

    def is_worthwhile(self, x: Tensor, border: int = 0) -> bool:
        """True if Winograd is faster for x (N, C, H, W); `border` is the margin that the convolution consumes.

        Always False while a graph is compiled or exported.
        """
        if torch.compiler.is_compiling() or x.device.type != "cpu" or x.dtype != torch.float32:
            return False
        if torch.is_autocast_enabled("cpu") or min(self.in_channels, self.out_channels) < MIN_CHANNELS:
            return False
        rows, columns = ((side - 2 * border) // TILE for side in x.shape[2:])
        return len(x) * rows * columns >= MIN_TILES

    def forward(self, x: Tensor) -> Tensor:
        if not self.is_worthwhile(x, border=1):
            return super().forward(x)

        h, w = x.shape[2] - 2, x.shape[3] - 2
        if h % TILE or w % TILE:  # the last tiles reach beyond the edge; their outputs there are cropped
            x = functional.pad(x, (0, -w % TILE, 0, -h % TILE))
        x = x.contiguous(memory_format=torch.channels_last)
        out: Tensor = Winograd.apply(x, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return out[:, :, :h, :w]
