"""The receptive field of a network: the input pixels that an output pixel depends on, computed layer by layer.

Araujo, Norris, Sim 2019, "Computing receptive fields of convolutional neural networks", with the layers that enlarge a
map and with skip connections. Each layer of PyTorch has a rule in `RULES`; a network that is more than a sequence
states its structure in a method `trace_field(features, through)`, in the order of its `forward`:

    return through(self.brush, features | through(self.trunk, features))
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, lcm
from typing import Any

from torch import nn

from .norms import ChannelNorm, FrozenNorm, Renorm


@dataclass(frozen=True, kw_only=True)
class ReceptiveField:
    """An output pixel at position i depends on the input pixels from i - before to i + after, in both directions.

    Positions on a side that differ by a multiple of `multiple` are computed in the same way.
    """

    before: int
    after: int
    multiple: int  # pixels
    halo: int  # pixels on every side of a tile: at least `before` and `after`, more where layers pad by reflection
    obstacle: str | None = None  # why an output depends on more than these pixels; none: it does not

    @property
    def is_local(self) -> bool:
        """Whether an output depends on its receptive field only: no statistics over the image, no random numbers."""
        return self.obstacle is None

    @property
    def side(self) -> int:
        """Side in pixels of the region that one output depends on."""
        return self.before + 1 + self.after


@dataclass(frozen=True, kw_only=True)
class Features:
    """What the features of a map depend on: number i on input pixels from scale i - before to scale i + after."""

    scale: Fraction = Fraction(1)  # input pixels from one feature to the next
    before: Fraction = Fraction(0)
    after: Fraction = Fraction(0)
    either: Fraction = Fraction(0)  # to either side, when every layer may see its neighbours mirrored at a border
    padding: int = 0  # features that a layer has put before the first one, for the convolution that follows
    reflects: bool = False  # some layer pads by reflection
    multiple: int = 1  # the least common multiple of all scales so far
    obstacle: str | None = None

    def __or__(self, other: "Features") -> "Features":
        """A sum or concatenation of two maps of one size. ValueError for maps of different scales."""
        a, b = self.without_padding(), other.without_padding()
        if a.scale != b.scale:
            raise ValueError(f"maps of {a.scale} and of {b.scale} pixels per feature are joined")
        return Features(
            scale=a.scale,
            before=max(a.before, b.before),
            after=max(a.after, b.after),
            either=max(a.either, b.either),
            reflects=a.reflects or b.reflects,
            multiple=lcm(a.multiple, b.multiple),
            obstacle=a.obstacle or b.obstacle,
        )

    def wider(self, before: Fraction | int, after: Fraction | int) -> "Features":
        """Each new feature depends on those from `before` ahead of it to `after` behind it, counted in features."""
        s = self.scale
        return replace(
            self,
            before=self.before + s * before,
            after=self.after + s * after,
            either=self.either + s * max(before, after),
            padding=0,
        )

    def without_padding(self) -> "Features":
        """Padding that no convolution has used: the features are those from `padding` ahead."""
        return self.wider(self.padding, -self.padding) if self.padding else self

    def at_scale(self, scale: Fraction) -> "Features":
        """The same at another number of pixels per feature."""
        return replace(self, scale=scale, multiple=lcm(self.multiple, scale.numerator))

    def hindered(self, obstacle: str) -> "Features":
        """The same; it depends on more than the receptive field, because of `obstacle`."""
        return replace(self, obstacle=self.obstacle or obstacle)


Through = Callable[[nn.Module, Features], Features]
Rule = Callable[[Any, Features, Through], Features]


def receptive_field(net: nn.Module) -> ReceptiveField:
    """The receptive field of a network in its present mode. TypeError that names a layer without a rule."""
    features = through(net, Features()).without_padding()
    before, after, either = (ceil(extent) for extent in (features.before, features.after, features.either))
    halo = max(before, after, either if features.reflects else 0)
    return ReceptiveField(before=before, after=after, multiple=features.multiple, halo=halo, obstacle=features.obstacle)


def through(module: nn.Module, features: Features) -> Features:
    """The features behind a module, by its own method or by the rule of its nearest class in `RULES`."""
    if trace := getattr(module, "trace_field", None):
        traced: Features = trace(features, through)
        return traced
    rule = next((RULES[kind] for kind in type(module).__mro__ if kind in RULES), None)
    if rule is None:
        raise TypeError(f"the receptive field of {type(module).__name__} is not known")
    return rule(module, features, through)


def sequence(layers: Iterable[nn.Module], features: Features, through: Through) -> Features:
    for layer in layers:
        features = through(layer, features)
    return features


def unchanged(layer: nn.Module, features: Features, through: Through) -> Features:
    """A layer that works on each pixel by itself."""
    return features


def statistics(layer: Any, features: Features, through: Through) -> Features:
    """A norm with statistics of its input, unless it uses those that it has kept."""
    kept = getattr(layer, "track_running_stats", False) and not layer.training
    return features if kept else features.hindered(f"{type(layer).__name__} takes statistics over the whole image")


def running_statistics(layer: Any, features: Features, through: Through) -> Features:
    """A norm that uses running statistics in evaluation mode only."""
    return (
        features.hindered(f"{type(layer).__name__} takes statistics over the whole image")
        if layer.training
        else features
    )


def random_numbers(layer: Any, features: Features, through: Through) -> Features:
    """Dropout, which does nothing in evaluation mode."""
    return features.hindered(f"{type(layer).__name__} draws random numbers") if layer.training else features


def padding(layer: Any, features: Features, through: Through) -> Features:
    """Features put around the map."""
    before = square(layer, layer.padding[::2])
    reflects = features.reflects or isinstance(layer, nn.ReflectionPad2d)
    return replace(features, padding=features.padding + before, reflects=reflects)


def convolution(layer: Any, features: Features, through: Through) -> Features:
    """A convolution or a pooling window: output j depends on inputs j stride - padding + (0 ... extent)."""
    if getattr(layer, "padding_mode", "zeros") == "circular":
        raise TypeError(f"the receptive field of {type(layer).__name__} with circular padding is not known")
    extent = (square(layer, layer.kernel_size) - 1) * square(layer, getattr(layer, "dilation", 1))
    own = {"valid": 0, "same": extent // 2}.get(layer.padding) if isinstance(layer.padding, str) else None
    before = features.padding + (square(layer, layer.padding) if own is None else own)
    if getattr(layer, "padding_mode", "zeros") == "reflect":
        features = replace(features, reflects=True)
    return features.wider(before, extent - before).at_scale(features.scale * square(layer, layer.stride))


def transposed_convolution(layer: Any, features: Features, through: Through) -> Features:
    """Output j receives input i with the weight j + padding - i stride, where the kernel has one."""
    stride, pad = square(layer, layer.stride), square(layer, layer.padding)
    step = square(layer, layer.dilation)
    weights = [step * t for t in range(square(layer, layer.kernel_size))]
    taps = [(j, (j + pad - w) // stride) for j in range(stride) for w in weights if (j + pad - w) % stride == 0]
    return enlarged(features.without_padding(), stride, taps)


def upsampling(layer: Any, features: Features, through: Through) -> Features:
    """Interpolation between the nearest, or the two nearest, features on each side."""
    factor = int(layer.scale_factor or 0)
    if layer.mode not in ("nearest", "bilinear") or layer.align_corners or factor != layer.scale_factor:
        raise TypeError(f"the receptive field of {layer} is not known")
    if layer.mode == "nearest":
        return enlarged(features.without_padding(), factor, [(j, 0) for j in range(factor)])
    first = [(j, (2 * j + 1 - factor) // (2 * factor)) for j in range(factor)]
    return enlarged(features.without_padding(), factor, [*first, *((j, i + 1) for j, i in first)])


def enlarged(features: Features, factor: int, taps: list[tuple[int, int]]) -> Features:
    """`factor` outputs for each feature; `taps` are pairs of an output, from 0 to factor - 1, and a feature it sees."""
    offsets = [Fraction(output, factor) - source for output, source in taps]
    return features.wider(max(offsets), -min(offsets)).at_scale(features.scale / factor)


def square(layer: nn.Module, value: Any) -> int:
    """A setting of a layer that has to be the same for rows and columns. TypeError where it is not."""
    values = set(value) if isinstance(value, tuple | list) else {value}
    if len(values) != 1:
        raise TypeError(f"the receptive field of {layer} is not known: rows and columns differ")
    return int(values.pop())


ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.PReLU, nn.Tanh, nn.Sigmoid)
POINTWISE = (nn.Identity, *ACTIVATIONS, ChannelNorm, FrozenNorm)
RULES: dict[type, Rule] = {
    **{kind: unchanged for kind in POINTWISE},
    nn.Sequential: sequence,
    nn.Conv2d: convolution,
    nn.AvgPool2d: convolution,
    nn.MaxPool2d: convolution,
    nn.ConvTranspose2d: transposed_convolution,
    nn.Upsample: upsampling,
    nn.ReflectionPad2d: padding,
    nn.ReplicationPad2d: padding,
    nn.ZeroPad2d: padding,
    nn.BatchNorm2d: statistics,
    nn.InstanceNorm2d: statistics,
    nn.GroupNorm: statistics,
    Renorm: running_statistics,
    nn.Dropout: random_numbers,
    nn.Dropout2d: random_numbers,
}
