"""A network as segments between its instance norms, so that many tiles can go through it layer by layer together."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import Tensor, nn

from .layers import Block

KEEP, ADD = nn.Identity(), nn.Identity()  # marks: keep a copy of the current map; add the copy to the current map


class NotASequence(Exception):
    """A module with an instance norm is neither a sequence of layers nor a block with a skip connection."""


@dataclass
class Segment:
    """Layers that end in front of the instance norm `norm`, a name in the network.

    They act on a list of maps (N, C, H, W): the last is the current one, those before wait to be added to it.
    """

    layers: list[nn.Module] = field(default_factory=list)
    norm: str = ""

    def __call__(self, maps: list[Tensor]) -> list[Tensor]:
        *waiting, x = maps
        for layer in self.layers:
            if layer is KEEP:
                waiting.append(x)
            elif layer is ADD:
                x = waiting.pop() + x
            else:
                x = layer(x)
        return [*waiting, x]


def instance_norms(net: nn.Module) -> dict[str, nn.InstanceNorm2d]:
    """The layers of a network that take statistics over the image, by name; not those that use running statistics."""
    layers = {name: layer for name, layer in net.named_modules() if isinstance(layer, nn.InstanceNorm2d)}
    return {name: layer for name, layer in layers.items() if not layer.track_running_stats}


def segments(net: nn.Module) -> list[Segment] | None:
    """The layers of `net.sequence` in front of each of its instance norms, in order.

    None where a network states no `sequence` of its layers, or where that holds something that cannot be cut.
    """
    sequence = getattr(net, "sequence", None)
    if not isinstance(sequence, nn.Sequential):
        return None
    names: dict[nn.Module, str] = {layer: name for name, layer in instance_norms(net).items()}

    parts = [Segment()]
    try:
        for layer in unrolled(sequence):
            if layer in names:
                parts[-1].norm = names[layer]
                parts.append(Segment())
            else:
                parts[-1].layers.append(layer)
    except NotASequence:
        return None

    complete = parts[:-1]  # what follows the last norm changes no statistics
    return complete if sorted(part.norm for part in complete) == sorted(names.values()) else None


def unrolled(module: nn.Module) -> Iterator[nn.Module]:
    """The layers of a module in order, with KEEP and ADD for skip connections. NotASequence for other structures."""
    if isinstance(module, nn.InstanceNorm2d):
        yield module
    elif isinstance(module, Block):
        yield KEEP
        yield from unrolled(module.conv_block)
        yield ADD
    elif isinstance(module, nn.Sequential):
        for layer in module:
            yield from unrolled(layer)
    elif instance_norms(module):
        raise NotASequence
    else:
        yield module
