"""The translator: a trained run as a function from images of one domain to images of the other."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from .. import images
from ..data.preparation import Preparation
from ..errors import DataError, ModelFileError, UsageError, did_you_mean
from ..hardware.compile import compile_net
from ..hardware.device import choose_device
from ..hardware.precision import choose_precision
from ..methods import make_generators
from ..methods.protocol import OPPOSITE, SIDES, Side
from ..names import nfc
from ..networks.layers import to_device
from ..networks.translation import TranslationModule
from ..optimize import AUTOCAST
from ..runs import checkpoint
from ..runs.config import DataConfig
from ..runs.folder import RunFolder
from .enlarge import enlarge_change
from .inputs import Pack, is_float_array, open_image
from .scale import Scale, network_input, parse_scale
from .tensors import normalise_tensor
from .tile_plan import plan_for
from .tiles import translate_in_tiles

GPU_BATCH = 16  # images of a batch on a GPU, which one image does not fill
NO_VALUES: Mapping[Side, images.Values] = {}
GPU_PIXELS = GPU_BATCH * 256**2  # of a batch, at most


class Translator:
    """The directions of a run: both, or A to B alone for pix2pix.

    `translate` takes an image of one domain and returns it in the other.
    """

    def __init__(
        self,
        generators: Mapping[Side, nn.Module],  # by target domain
        names: tuple[str, str],
        channels: tuple[int, int],
        size: int,  # side of the training images, pixels
        step: int,
        device: str = "cpu",
        precision: str = "fp32",  # or "bf16", "fp16"
        scale: Scale = "auto",  # or "native", "trained", or the shorter side in pixels
        fixed_batch: bool = False,  # always full batches, for networks compiled for one shape
        values: Mapping[Side, images.Values] = NO_VALUES,  # of each domain; none: each file's own range
        squash: bool = False,  # trained on images squashed to a square
        native: bool = False,  # trained on crops at the images' own scale, or at `mpp`
        mpp: float | None = None,  # micrometres per pixel
        run: Path | None = None,  # folder that it was loaded from
    ) -> None:
        self.generators = {
            side: to_device(net, device).eval().requires_grad_(False) for side, net in generators.items()
        }
        self.modules = {side: TranslationModule(net) for side, net in self.generators.items()}
        self.names, self.size, self.step, self.device = names, size, step, device
        self.precision, self.scale, self.fixed_batch = precision, parse_scale(scale), fixed_batch
        self.batch_size = GPU_BATCH if device == "cuda" else 1  # best number of images per call
        self.channels = dict(zip(SIDES, channels, strict=True))
        self.values, self.squash, self.run = dict(values), squash, run
        self.native, self.mpp = native, mpp
        if native and self.scale == "auto":
            self.scale = "native"

    def side(self, to: str) -> Side:
        """The side of a domain from its name or letter. UsageError where this run does not translate to it."""
        names = [nfc(name) for name in self.names]
        name = nfc(to)
        if name not in (*names, *SIDES):
            near = did_you_mean(name, names)
            raise UsageError(f"--to '{to}': this run knows {self.names[0]} (A) and {self.names[1]} (B).{near}")
        side = SIDES[names.index(name) if name in names else SIDES.index(cast(Side, name))]
        if side not in self.generators:
            raise UsageError(f"--to '{to}': this run learned one way only; choose --to {self.names[1]}")
        return side

    @property
    def is_native(self) -> bool:
        """Whether the network sees images at their own scale, whatever their size."""
        return self.scale == "native"

    def digest(self, side: Side) -> str:
        """SHA-256 of the weights of the generator that translates to `side`."""
        weights = self.generators[side].state_dict()
        return sha256(save({name: tensor.cpu().contiguous() for name, tensor in weights.items()})).hexdigest()

    def translate(self, image: Any, to: str, *, value_range: tuple[float, float] | None = None) -> Any:
        """Translate an image, or several, to the domain `to`; the result is of the kind of `image`.

        Tensor (C, H, W) or (N, C, H, W): uint8, or float in [-1, 1] or in `value_range`; type, range and device stay.

        NumPy array (H, W), (H, W, C) or (N, H, W, C); one channel more than grey or RGB is alpha. Of photographs uint8,
        uint16, or float in `value_range`, by default the first of [0, 1], [-1, 1], [0, 255] and its own range that
        holds all values. Of domains with numbers of their own, such as Hounsfield units, these numbers; the result has
        those of the target. Of grey ones also a volume (N, H, W).

        PIL image, turned upright; Picture; bytes of an image file, which become the bytes of one of the same format;
        path, which becomes a PIL image; list or tuple of all these, mixed, which becomes a list or tuple.

        Any height and width; size, depth and alpha are kept. Tensors have the number of channels of the run and reach
        the network at their own scale; all others become grey or colour as the run needs, and follow `scale`.

        A float tensor without a value below 0 is probably in [0, 1]: without `value_range` it is taken as [-1, 1] with
        a UserWarning. UsageError for another kind, type or shape and for values outside the range, NaN included;
        DataError for files that cannot be read and tensors with another number of channels.
        """
        self.side(to)  # a wrong name is an error before any work
        if isinstance(image, list | tuple):
            results = self.translate_list(image, to, value_range)
            return results if isinstance(image, list) else tuple(results)
        if isinstance(image, Tensor):
            x, restore = normalise_tensor(image, value_range)
            return restore(self.batch(x, self.side(to)))
        pictures, pack = open_image(image, value_range, self.source_values(to))
        return pack(self.pictures(pictures, to))

    __call__ = translate

    def source_values(self, to: str) -> images.Values | None:
        """The values of the domain that is translated to `to`; none: each file's own range."""
        return self.values.get(OPPOSITE[self.side(to)])

    def translate_list(self, items: Sequence[Any], to: str, value_range: tuple[float, float] | None) -> list[Any]:
        """Translate each image; `value_range` is that of the arrays and tensors among them."""
        results: list[Any] = []
        opened: list[tuple[int, list[images.Picture], Pack]] = []
        for i, image in enumerate(items):
            if isinstance(image, list | tuple):
                kind = type(image).__name__
                raise UsageError(f"image {i + 1} of {len(items)} is a {kind}; give one flat list of images")
            if isinstance(image, Tensor):
                own = value_range if image.is_floating_point() else None
                results.append(self.translate(image, to, value_range=own))
            else:
                own = value_range if is_float_array(image) else None
                opened.append((i, *open_image(image, own, self.source_values(to))))
                results.append(None)

        outputs = iter(self.pictures([picture for _, pictures, _ in opened for picture in pictures], to))
        for i, pictures, pack in opened:
            results[i] = pack([next(outputs) for _ in pictures])
        return results

    def picture(self, picture: images.Picture, to: str) -> images.Picture:
        """Translate a Picture; its alpha, depth, format and profile are kept."""
        return self.pictures([picture], to)[0]

    def pictures(self, pictures: Sequence[images.Picture], to: str) -> list[images.Picture]:
        """Translate several Pictures; those of one size and precision are batched."""
        side = self.side(to)
        source_values, target_values = self.values.get(OPPOSITE[side]), self.values.get(side)
        channels = self.channels[OPPOSITE[side]]
        sources = [np.ascontiguousarray(self.with_channels(p.pixels, channels)) for p in pictures]
        inputs = [network_input(source, self.scale, self.size, self.squash) for source in sources]
        is_8_bit = target_values is None or target_values.is_8_bit
        precisions = [self.precision if p.depth == "uint8" and is_8_bit else "fp32" for p in pictures]  # bf16: 8 bits
        outputs = self.run_arrays(inputs, side, precisions)

        results = []
        for picture, source, reduced, output in zip(pictures, sources, inputs, outputs, strict=True):
            pixels = output if reduced is source else enlarge_change(source, reduced, output)
            results.append(images.with_pixels(picture, pixels, source_values, target_values))
        return results

    def with_channels(self, pixels: np.ndarray, channels: int) -> np.ndarray:
        """Grey as RGB or RGB as grey where the run needs it; DataError for other numbers of channels."""
        if not images.channels_fit(len(pixels), channels):
            raise DataError(f"it has {len(pixels)} channels, where the run was trained on {channels}")
        return images.to_channels(pixels, channels)

    def run_arrays(self, arrays: Sequence[np.ndarray], side: Side, precisions: Sequence[str]) -> list[np.ndarray]:
        """Translate (C, H, W) arrays in batches of one shape and precision; results in the order of `arrays`."""
        outputs: dict[int, np.ndarray] = {}
        kinds = [(array.shape, precision) for array, precision in zip(arrays, precisions, strict=True)]
        for kind in dict.fromkeys(kinds):
            shape, precision = kind
            indices = [i for i, other in enumerate(kinds) if other == kind]
            count = max(1, min(self.batch_size, GPU_PIXELS // (shape[1] * shape[2])))
            for start in range(0, len(indices), count):
                chunk = indices[start : start + count]
                x = self.stack_padded([arrays[i] for i in chunk], count if self.fixed_batch else len(chunk))
                y = self.batch(x, side, precision)[: len(chunk)].numpy()
                outputs |= dict(zip(chunk, y, strict=True))
        return [outputs[i] for i in range(len(arrays))]

    def stack_padded(self, arrays: Sequence[np.ndarray], count: int) -> Tensor:
        """Stack arrays of one shape into a batch of `count` on the host, padded by repeating the last one."""
        if count == 1:
            return torch.from_numpy(arrays[0][None])
        x = torch.empty(count, *arrays[0].shape, pin_memory=self.device == "cuda")
        np.stack([*arrays, *[arrays[-1]] * (count - len(arrays))], out=x.numpy())
        return x

    @torch.inference_mode()
    def batch(self, x: Tensor, side: Side, precision: str | None = None) -> Tensor:
        """Translate (N, C, H, W) in [-1, 1] to the domain `side`; same height, width and device as `x`.

        `precision` defaults to that of the translator. Large images are translated in tiles, which limits the memory;
        the result is that of the whole image (to 1e-5 in float32). Networks that see the whole image take it whole.
        """
        channels = self.channels[OPPOSITE[side]]
        if x.ndim != 4 or x.shape[1] != channels:
            raise DataError(
                f"a tensor of shape {tuple(x.shape)} does not fit: expected (N, {channels}, H, W) in [-1, 1]"
            )
        module, precision = self.modules[side], precision or self.precision
        if plan := plan_for(module, tuple(x.shape), self.device, precision):
            return translate_in_tiles(module, x, plan.side, plan.batch, self.device, precision).to(x.device)

        inputs = x.to(self.device, torch.float32, non_blocking=True)
        dtype = AUTOCAST[precision]
        with torch.autocast(self.device, dtype, enabled=dtype is not None):
            outputs: Tensor = module(inputs)
        return to_host(outputs) if outputs.is_cuda and not x.is_cuda else outputs.to(x.device)


def to_host(x: Tensor) -> Tensor:
    """Copy a GPU tensor to the host, into pinned memory."""
    host = torch.empty(x.shape, pin_memory=True)
    host.copy_(x, non_blocking=True)
    torch.cuda.current_stream().synchronize()
    return host


def load(
    run: Path | str,
    *,
    device: str = "auto",
    precision: str = "auto",
    compile: bool = False,
    scale: Scale = "auto",
    step: int | None = None,
) -> Translator:
    """Load a Translator from the newest checkpoint of a run, or from that of `step`.

    Averaged weights where the run has them. ModelFileError for a run that does not translate.
    """
    folder = RunFolder(run).require()
    config, data = folder.config(), folder.data()
    method = config.method
    if not method.translates:
        raise ModelFileError(f"{folder.path} is a run of preset {config.preset}, which does not translate")

    saved = folder.checkpoint(step)
    device = choose_device(device)
    nets = make_generators(method, config.data.size)
    checkpoint.load_networks(saved.path, nets, averaged=method.averaged)
    if compile:
        for net in nets.values():
            compile_net(net, device, dynamic=True)

    return Translator(
        {d.target: nets[d.network] for d in method.directions},
        (data["names"][0], data["names"][1]),
        (method.channels_of("A"), method.channels_of("B")),
        scale_side(config.data),
        saved.step,
        device,
        "fp32" if precision == "auto" and device == "cpu" else choose_precision(precision, device),
        scale,
        fixed_batch=compile,
        values={side: images.Values(**data["values"][side]) for side in SIDES if side in data.get("values", {})},
        squash=config.data.fit == "squash",
        native=config.data.fit == "native",
        mpp=config.data.mpp,
        run=folder.path,
    )


def scale_side(data: DataConfig) -> int:
    """Shorter side at which images have the scale that training saw."""
    return Preparation(size=data.size, load=data.load_size).scale_side
