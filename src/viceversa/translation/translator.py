"""A trained run as a function from picture to picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import images
from ..errors import DataError, ModelFileError, UsageError, did_you_mean
from ..hardware.compile import compile_net
from ..hardware.device import choose_device
from ..hardware.precision import choose_precision
from ..methods import make_generators
from ..methods.protocol import OPPOSITE, SIDES, Side
from ..networks.layers import to_device
from ..networks.unet import UNetGenerator
from ..runs import checkpoint
from ..runs.folder import RunFolder

SCALES = ("auto", "native", "trained")
CARD = 16  # pictures that a graphics card, which one does not fill, is given at once
CARD_PIXELS = CARD * 256**2  # of them together, at most
FAR = 2.0  # "auto" leaves the native scale when a picture is more than this many times the training size


class Translator:
    """The directions of a run: both, or A to B alone for pix2pix.

    `translate` takes a picture of one domain and gives it back in the other.
    """

    def __init__(
        self,
        generators: Mapping[Side, nn.Module],  # by the side that each leads to
        names: tuple[str, str],
        channels: tuple[int, int],
        size: int,  # side the run was trained at, pixels
        step: int,
        device: str = "cpu",
        precision: str = "fp32",  # or "bf16"
        scale: str = "auto",  # or "native", "trained"
        filled: bool = False,  # pictures of one size always as many at once: for networks compiled for one shape
    ) -> None:
        if scale not in SCALES:
            raise UsageError(f"--scale '{scale}': choose {', '.join(SCALES)}.{did_you_mean(scale, SCALES)}")
        self.generators = {
            side: to_device(net, device).eval().requires_grad_(False) for side, net in generators.items()
        }
        self.names, self.size, self.step, self.device = names, size, step, device
        self.precision, self.scale, self.filled = precision, scale, filled
        self.at_once = CARD if device == "cuda" else 1  # pictures that are best handed over together
        self.channels = dict(zip(SIDES, channels, strict=True))
        halvings = [net.multiple for net in generators.values() if isinstance(net, UNetGenerator)]
        self.multiple = max([4, *halvings])  # sides that the generators' halvings need

    def side(self, to: str) -> Side:
        """ "A" or "B" from a domain's name or letter."""
        if to not in (*self.names, *SIDES):
            near = did_you_mean(to, self.names)
            raise UsageError(f"--to '{to}': this run knows {self.names[0]} (A) and {self.names[1]} (B).{near}")
        side = SIDES[self.names.index(to) if to in self.names else SIDES.index(cast(Side, to))]
        if side not in self.generators:
            raise UsageError(f"--to '{to}': this run learned one way only; choose --to {self.names[1]}")
        return side

    def translate(self, image: Any, to: str) -> Any:
        """`image` in the domain `to`: a PIL image, NumPy array, tensor, Picture or path; the same kind comes back.

        Tensors are (C, H, W) or (N, C, H, W) in [-1, 1]; arrays (H, W) or (H, W, C), uint8, uint16 or float in [0, 1].
        Any size; size, depth and alpha stay. A path gives a PIL image.
        """
        if isinstance(image, Tensor):
            side = self.side(to)
            return self.batch(image[None], side)[0] if image.ndim == 3 else self.batch(image, side)
        if isinstance(image, str | Path):
            picture = images.read(Path(image))
            return images.to_pil(self.picture(picture, to).pixels)
        if isinstance(image, images.Picture):
            return self.picture(image, to)
        picture, pack = images.unpack(image)
        return pack(self.picture(picture, to))

    def picture(self, picture: images.Picture, to: str) -> images.Picture:
        """A whole Picture translated; its alpha, depth, format and profile stay."""
        return self.pictures([picture], to)[0]

    def pictures(self, pictures: Sequence[images.Picture], to: str) -> list[images.Picture]:
        """`picture` of each; those of one size go through the network together."""
        side = self.side(to)
        channels = self.channels[OPPOSITE[side]]
        sources = [np.ascontiguousarray(images.to_channels(p.pixels, channels)) for p in pictures]
        seen = [self.seen(source) for source in sources]
        precisions = [self.precision if p.depth == "uint8" else "fp32" for p in pictures]  # bfloat16 has 8 bits itself
        found = self.arrays(seen, side, precisions)
        results = []
        for picture, source, small, result in zip(pictures, sources, seen, found, strict=True):
            if small is not source:  # carry the change over to the full picture
                change = result - images.to_channels(small, self.channels[side])
                full = images.to_channels(source, self.channels[side])
                grown = images.resize(change / 2, full.shape[1:])  # resize keeps [-1, 1]
                result = np.clip(full + 2 * grown, -1, 1)
            results.append(images.with_pixels(picture, result))
        return results

    def seen(self, source: np.ndarray) -> np.ndarray:
        """What the network is shown of (C, H, W): it knows things at the size it saw them in training."""
        _, h, w = source.shape
        ratio = min(h, w) / self.size
        if self.scale == "native" or ratio <= (FAR if self.scale == "auto" else 1):
            return source
        return images.resize(source, (round(h / ratio), round(w / ratio)))

    def arrays(self, pixels: Sequence[np.ndarray], side: Side, precisions: Sequence[str]) -> list[np.ndarray]:
        """`batch` of (C, H, W) arrays, those of one shape together as far as `at_once` and memory allow."""
        found: dict[int, np.ndarray] = {}
        kinds = [(p.shape, precision) for p, precision in zip(pixels, precisions, strict=True)]
        for kind in dict.fromkeys(kinds):
            shape, precision = kind
            places = [i for i, other in enumerate(kinds) if other == kind]
            few = max(1, min(self.at_once, CARD_PIXELS // (shape[1] * shape[2])))
            for part in (places[i : i + few] for i in range(0, len(places), few)):
                x = self.stacked([pixels[i] for i in part], few if self.filled else len(part))
                found |= dict(zip(part, self.batch(x, side, precision)[: len(part)].numpy(), strict=True))
        return [found[i] for i in range(len(pixels))]

    def stacked(self, pixels: Sequence[np.ndarray], count: int) -> Tensor:
        """`count` pictures of one shape as a batch on the host, the last one again and again beyond those given."""
        if count == 1:
            return torch.from_numpy(pixels[0][None])
        x = torch.empty(count, *pixels[0].shape, pin_memory=self.device == "cuda")  # a card copies from it by itself
        np.stack([*pixels, *[pixels[-1]] * (count - len(pixels))], out=x.numpy())
        return x

    @torch.inference_mode()
    def batch(self, x: Tensor, side: Side, precision: str | None = None) -> Tensor:
        """(N, C, H, W) in [-1, 1] to the domain `side`, "A" or "B", at the same height and width.

        In the translator's own precision unless told otherwise.
        """
        source = self.channels[OPPOSITE[side]]
        if x.ndim != 4 or x.shape[1] != source:
            raise DataError(f"a tensor of shape {tuple(x.shape)} does not fit: expected (N, {source}, H, W) in [-1, 1]")
        h, w = x.shape[-2:]
        there = x.to(self.device, torch.float32, non_blocking=True)
        padded = pad_to_multiple(there, self.multiple, max(16, self.multiple))
        with torch.autocast(self.device, torch.bfloat16, enabled=(precision or self.precision) == "bf16"):
            out: Tensor = self.generators[side](padded)[..., :h, :w].float()
        return fetched(out) if out.is_cuda and not x.is_cuda else out.to(x.device)


def fetched(x: Tensor) -> Tensor:
    """A graphics card's tensor on the host, in memory into which the card copies by itself."""
    here = torch.empty(x.shape, pin_memory=True)
    here.copy_(x, non_blocking=True)
    torch.cuda.current_stream().synchronize()
    return here


def pad_to_multiple(x: Tensor, multiple: int = 4, least: int = 16) -> Tensor:
    """Grow (N, C, H, W) to the right and below until both sides divide, by mirroring (by repeating where too small)."""
    h, w = x.shape[-2:]
    down, right = (max(-(-n // multiple) * multiple, least) - n for n in (h, w))
    mode = "reflect" if down < h and right < w else "replicate"
    return functional.pad(x, (0, right, 0, down), mode=mode) if down or right else x


def load(
    run: Path | str,
    *,
    device: str = "auto",
    precision: str = "auto",
    compile: bool = False,
    scale: str = "auto",
    step: int | None = None,
) -> Translator:
    """The newest checkpoint of a run, or that of `step`, as a Translator; averaged weights where the run has them."""
    folder = RunFolder(run).require()
    config, data = folder.config(), folder.data()
    method = config.method
    if not method.translates:
        raise ModelFileError(f"{folder.path} is a run of preset {config.preset}, which does not translate")

    kept = folder.checkpoint(step)
    device = choose_device(device)
    nets = make_generators(method, config.data.size)
    checkpoint.load_networks(kept.path, nets, averaged=method.averaged)
    for net in nets.values() if compile else ():
        compile_net(net, device, dynamic=True)

    return Translator(
        {d.target: nets[d.network] for d in method.directions},
        (data["names"][0], data["names"][1]),
        (method.channels_of("A"), method.channels_of("B")),
        config.data.size,
        kept.step,
        device,
        "fp32" if precision == "auto" and device == "cpu" else choose_precision(precision, device),
        scale,
        filled=compile,
    )
