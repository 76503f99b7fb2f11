"""Statistics of instance norm over a whole image that is read in tiles, and networks that use them.

The tiles of a sample go through the network together, as one virtual image: at each instance norm the mean and variance
over all of their pixels normalise every tile. What a tile sees beyond its own pixels, its halo, does not count. Tiles
that cover an image give the statistics of the whole image.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..data.disk_cache import DiskCache
from ..errors import ModelFileError, ResourceError
from ..images.windows import Window
from ..networks.norms import FrozenNorm, TileNorm
from ..networks.segments import Segment, instance_norms, segments

UNLIMITED = 2**62  # bytes; half of the disk stays free in any case
LARGEST_HALF = 6e4  # float16 ends at 65,504


class Moments(NamedTuple):
    """Mean and variance of each channel, (C,) float32."""

    mean: Tensor
    variance: Tensor


Statistics = dict[str, Moments]  # by the name of the instance norm in its generator


class Part(NamedTuple):
    """A part of a virtual image."""

    read: Callable[[], Tensor]  # (1, C, h, w) on the network's device
    core: Window  # of what is read: the pixels that count


def freeze(net: nn.Module, statistics: Statistics) -> nn.Module:
    """A copy of `net` whose instance norms use given statistics: a pixel depends on its surroundings only.

    The copy shares the weights with `net`, which stays as it is, and has the same state dict. Compile it after
    freezing. ModelFileError where the statistics are those of another network.
    """
    norms = instance_norms(net)
    fitting = {name for name, layer in norms.items() if name in statistics and fits(layer, statistics[name])}
    if set(norms) != fitting or set(statistics) != set(norms):
        odd = sorted(set(norms) ^ fitting | set(statistics) ^ set(norms))[0]
        raise ModelFileError(f"the statistics of instance norm are those of another network, see '{odd}'")
    return with_frozen(net, statistics)


def per_tile(net: nn.Module) -> nn.Module:
    """A copy of `net`, with the same weights, that normalises each tile by itself: with seams, only to compare."""
    return copied(net, {name: tile_norm(layer) for name, layer in instance_norms(net).items()})


def tile_norm(layer: nn.InstanceNorm2d) -> nn.Module:
    """The layer that normalises each tile with its own statistics. ModelFileError for scales and shifts."""
    if layer.affine:
        raise ModelFileError("instance norm with scales and shifts has no --statistics tile; choose picture")
    return TileNorm(layer.num_features, eps=layer.eps).train(layer.training)


def fits(layer: nn.InstanceNorm2d, moments: Moments) -> bool:
    """Whether the moments have the channels of a layer."""
    return len(moments.mean) == len(moments.variance) == layer.num_features


def with_frozen(net: nn.Module, statistics: Statistics) -> nn.Module:
    """`freeze` for the layers that are in `statistics`; the others go on taking statistics over their input."""
    norms = instance_norms(net)
    return copied(net, {name: frozen_norm(norms[name], moments) for name, moments in statistics.items()})


def copied(net: nn.Module, layers: Mapping[str, nn.Module]) -> nn.Module:
    """A copy of `net` that shares its weights and buffers, with other `layers` by their names."""
    memo: dict[int, Any] = {id(tensor): tensor for tensor in (*net.parameters(), *net.buffers())}
    memo |= {id(net.get_submodule(name)): layer for name, layer in layers.items()}
    return copy.deepcopy(net, memo)


def frozen_norm(layer: nn.InstanceNorm2d, moments: Moments) -> FrozenNorm:
    """The layer that normalises with `moments`, with the scale and shift that `layer` may have."""
    return FrozenNorm(*moments, eps=layer.eps, weight=layer.weight, bias=layer.bias).train(layer.training)


class Pool:
    """Mean and variance of each channel over pixels that come in portions (Chan, Golub, LeVeque 1979), in float64."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = torch.zeros((), dtype=torch.float64)
        self.squares = torch.zeros((), dtype=torch.float64)  # of the differences from the mean, summed

    def add(self, x: Tensor) -> None:
        """Pixels (1, C, h, w)."""
        count = x.shape[2] * x.shape[3]
        variance, mean = (m.cpu().double() for m in torch.var_mean(x.float(), (0, 2, 3), correction=0))
        total = self.count + count
        difference = mean - self.mean
        self.mean = self.mean + difference * (count / total)
        self.squares = self.squares + variance * count + difference.square() * (self.count * count / total)
        self.count = total

    def moments(self) -> Moments:
        """Mean and variance so far."""
        return Moments(self.mean.float(), (self.squares / self.count).float())


def core_of(x: Tensor, part: Part, sides: tuple[int, int]) -> Tensor:
    """The pixels of a map (1, C, h, w) that count; `sides` are those of the network's input."""
    factors = [side / own for side, own in zip(sides, x.shape[2:], strict=True)]
    top, left, height, width = part.core
    cuts = [start / f for start, f in zip((top, left, top + height, left + width), factors * 2, strict=True)]
    if any(cut != int(cut) for cut in cuts):
        raise ValueError(f"a map of {tuple(x.shape[2:])} for an input of {sides} has no pixels that are {part.core}")
    first, second, third, fourth = map(int, cuts)
    return x[..., first:third, second:fourth]


@torch.inference_mode()
def joint_statistics(net: nn.Module, parts: Sequence[Part], dtype: torch.dtype = torch.float32) -> Statistics:
    """The statistics of `parts` as one virtual image, in one pass through the network.

    Between two norms the maps of all parts lie in a temporary file, as `dtype`: float32, or float16 for half of the
    space. Networks that cannot be cut at their norms take one pass for each of them: `exact_statistics`.
    ResourceError where the disk has no room for the maps.
    """
    pieces = segments(net)
    if pieces is None:
        return exact_statistics(net, parts)

    norms, statistics = instance_norms(net), Statistics()
    before: Scratch | None = None
    norm: nn.Module = nn.Identity()
    for i, segment in enumerate(pieces):
        pool, after = Pool(), Scratch(dtype)
        for number, part in enumerate(parts):
            sides, maps = (None, [part.read()]) if before is None else before.get(number)
            sides = sides or (maps[0].shape[2], maps[0].shape[3])
            maps = apply_segment(segment, norm, maps)
            pool.add(core_of(maps[-1], part, sides))
            if i + 1 < len(pieces):
                after.put(number, sides, maps)

        statistics[segment.norm] = pool.moments()
        norm = frozen_norm(norms[segment.norm], statistics[segment.norm]).to(maps[-1].device)
        before = after
    return statistics


def apply_segment(segment: Segment, norm: nn.Module, maps: list[Tensor]) -> list[Tensor]:
    """Normalise the current map, then apply the layers up to the next norm."""
    return segment([*maps[:-1], norm(maps[-1])])


class Scratch:
    """Maps of parts of an image in a temporary file; `device` and precision return as they were put in."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.cache, self.dtype = DiskCache(UNLIMITED), dtype
        self.kinds: dict[int, tuple[tuple[int, int], list[Tensor]]] = {}  # sides; empty tensors of type and device

    def put(self, number: int, sides: tuple[int, int], maps: list[Tensor]) -> None:
        """Store the maps of part `number`, whose input has these sides. ResourceError where there is no room."""
        self.kinds[number] = sides, [x.new_empty(0) for x in maps]
        for i, x in enumerate(maps):
            key = number * len(maps) + i
            self.cache.put(key, self.packed(x))
            if key not in self.cache.entries:
                held = f"{self.cache.end / 1e6:.0f} MB"
                raise ResourceError(
                    f"disk full: the temporary file for the statistics of instance norm has {held} and needs more; "
                    "free some space, or set XDG_CACHE_HOME to a folder on a larger disk"
                )

    def packed(self, x: Tensor) -> np.ndarray:
        """A map as an array, in 16 bits only where its numbers fit."""
        fits = self.dtype == torch.float16 and bool(x.abs().amax() < LARGEST_HALF)
        array: np.ndarray = x.to(self.dtype if fits else torch.float32).cpu().numpy()
        return array

    def get(self, number: int) -> tuple[tuple[int, int], list[Tensor]]:
        """Sides and maps of part `number`."""
        sides, kinds = self.kinds[number]
        arrays = [self.cache.get(number * len(kinds) + i) for i in range(len(kinds))]
        return sides, [torch.from_numpy(a).to(like) for a, like in zip(arrays, kinds, strict=True)]


class _Reached(Exception):
    """The input of a layer, so that nothing behind it is computed."""

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self.x = x


@torch.inference_mode()
def exact_statistics(net: nn.Module, parts: Sequence[Part]) -> Statistics:
    """The statistics of `parts` as one virtual image, by one pass for each norm in which those before are frozen.

    For any network whose norms are each used once; nothing is stored between passes.
    """
    statistics = Statistics()
    for name in order_of_norms(net, parts[0].read()):
        pool, frozen = Pool(), with_frozen(net, statistics)
        for part in parts:
            x = part.read()
            sides = x.shape[2], x.shape[3]
            pool.add(core_of(input_of(frozen, name, x), part, sides))
        statistics[name] = pool.moments()
    return statistics


def input_of(net: nn.Module, name: str, x: Tensor) -> Tensor:
    """What the layer `name` of a network gets when the network gets x."""

    def stop(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        raise _Reached(inputs[0])

    hook = net.get_submodule(name).register_forward_pre_hook(stop)
    try:
        net(x)
    except _Reached as reached:
        return reached.x
    finally:
        hook.remove()
    raise ValueError(f"the network does not use its layer {name}")


def order_of_norms(net: nn.Module, x: Tensor) -> list[str]:
    """The names of the instance norms of a network, in the order in which it uses them."""
    order: list[str] = []
    hooks = [
        layer.register_forward_pre_hook(lambda layer, inputs, name=name: order.append(name))
        for name, layer in instance_norms(net).items()
    ]
    try:
        net(x)
    finally:
        for hook in hooks:
            hook.remove()
    if len(set(order)) < len(order):
        raise ValueError("a layer of instance norm is used more than once, so its input has no one mean")
    return order
