"""Translate the test images of one direction once, and score the translations one by one.

This is the only place that does so: `evaluate`, the report, the lab and the benchmarks all call `score_direction`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .. import images
from ..data.preparation import Preparation
from ..errors import DataError
from ..methods.protocol import Direction, Side
from ..metrics.colour_transfer import colour_moments, colour_transfer
from ..metrics.edges import edge_agreement, edge_signature, retrieval_rate
from ..metrics.paired import Known, apply_affine_colour, fit_affine_colour, mean_of_each, psnr_of_each, ssim
from ..translation.translator import Translator
from .extractors import FeatureNet, Features, Images
from .features import BATCH, batches, evenly_spaced, readable

COLOUR_IMAGES = 100  # of each side, that the colours of a domain are measured on
FIT_PIXELS = 2**22  # pixels that the colour change is fitted on, taken evenly; more would only cost memory

Numbers = NDArray[np.float64]
Stored = NDArray[Any]  # as the training store keeps images, to save memory: 8 bits where these lose nothing
Translate = Callable[[Images, Side], Images]  # images (N, C, H, W) in [-1, 1], and the domain to translate them into
Observer = Callable[[list[Path], Images, Images], None]  # is called with every batch: files, inputs, translations


@dataclass(frozen=True, kw_only=True)
class DirectionInputs:
    """One direction of a run: its test images with their truths where known, and real images of the target domain."""

    direction: Direction
    source: str  # names of the domains
    target: str
    paths: tuple[Path, ...]
    truths: tuple[Path, ...]  # as many as paths, or none
    real: tuple[Path, ...] = ()  # of the target domain: the reference of all distances
    other_real: tuple[Path, ...] = ()  # of the target domain, others: for the real-against-real floor
    training: bool = False  # there is no test set: these are training images
    prepare_source: Preparation
    prepare_target: Preparation

    @property
    def unit_scale(self) -> float | None:
        """What 1 of [-1, 1] is in the numbers of the target's files; none for photographs, which have no unit."""
        values = self.prepare_target.values
        return None if values is None or values.relative else (values.high - values.low) / 2

    @property
    def truth_of(self) -> dict[Path, Path]:
        """The truth of each test image, where known."""
        return dict(zip(self.paths, self.truths, strict=True)) if self.truths else {}


@dataclass(frozen=True, kw_only=True)
class TranslatedImage:
    """One test image and what became of it; arrays are (C, H, W) in [-1, 1]."""

    path: Path
    input: Images
    output: Images
    cycle: Images | None  # translated back
    truth: Images | None


@dataclass
class DirectionResults:
    """What one pass over the test images gave; every list has one entry for each image or batch, in file order."""

    paths: list[Path] = field(default_factory=list)
    images: list[TranslatedImage] = field(default_factory=list)  # the first ones
    numbers: dict[str, list[Numbers]] = field(default_factory=dict)
    colour_map: Numbers | None = None  # the best affine change of colours, where truths are known
    output_features: list[Features] = field(default_factory=list)
    input_features: list[Features] = field(default_factory=list)
    colour_features: list[Features] = field(default_factory=list)  # of inputs with the target's colours
    edges: list[tuple[Numbers, Numbers]] = field(default_factory=list)  # of translation and input
    unreadable: list[str] = field(default_factory=list)  # errors of images that could not be read

    def add(self, name: str, values: Numbers) -> None:
        """Add a number of each image of a batch."""
        self.numbers.setdefault(name, []).append(values)

    def each(self, name: str) -> Numbers | None:
        """A number of every image, or none."""
        return np.concatenate(self.numbers[name]) if name in self.numbers else None

    def mean(self, name: str) -> float | None:
        """Mean of a number over the images, or none."""
        values = self.each(name)
        return None if values is None else float(values.mean())

    def means(self, *names: str) -> dict[str, float]:
        """Means of the named numbers, without those that were not measured."""
        return {name: value for name in names if (value := self.mean(name)) is not None}

    @property
    def traceable(self) -> float:
        """Share of the translations whose edges are nearest to those of their own input, among all test images."""
        outputs, inputs = (np.concatenate(part) for part in zip(*self.edges, strict=True))
        return retrieval_rate(outputs, inputs)

    def require_two(self, source: str) -> None:
        """DataError where fewer than two images could be read: a set has no statistics then."""
        if len(self.paths) < 2:
            first = f"; the first that is not: {self.unreadable[0]}" if self.unreadable else ""
            raise DataError(f"{source} has {len(self.paths)} readable pictures; two are the least{first}")


def score_direction(
    inputs: DirectionInputs,
    translate: Translate,
    *,
    extractor: FeatureNet | None = None,
    recolour: Numbers | None = None,  # colour change of which the features are wanted too
    back: bool = False,  # the run also translates back
    cycle: bool = False,  # score all cycles; without it only the kept images are translated back
    keep: int = 0,  # images to return
    limit: int | None = None,  # images to read at most
    batch: int = BATCH,
    observers: Sequence[Observer] = (),
    show: Callable[[str], None] = lambda line: None,
) -> DirectionResults:
    """Read and fit the test images of a direction as its run does, translate them once and score them.

    Where truths are known: PSNR of the translation ("psnr"), of the input as it is ("input_psnr") and of the best
    affine change of colours ("colour_psnr"); where the target has numbers of its own, also the mean absolute error in
    these, of the translation ("mae") and of that change ("colour_mae"). With `back` and `cycle` "cycle_l1" and
    "cycle_psnr". With an `extractor`
    also features, SSIM and edges, and with `recolour` the features of inputs so changed. An image that cannot be read,
    or whose truth cannot, is left out and listed.
    """
    results = DirectionResults()
    pairs: list[tuple[Stored, Stored, Known | None]] = []  # inputs and truths for the colour change
    types = (inputs.prepare_source.store_type, inputs.prepare_target.store_type)
    has_truth = bool(inputs.truths)

    for part in batches(islice(_readable_pairs(inputs, results.unreadable), limit), batch):
        paths = [path for path, _, _, _ in part]
        x = np.stack([pixels for _, pixels, _, _ in part])
        y = translate(x, inputs.direction.target)
        true = np.stack([truth for _, _, truth, _ in part if truth is not None]) if has_truth else None
        known = None if true is None else _stacked([mask for _, _, _, mask in part], true)
        kept = max(0, min(len(paths), keep - len(results.paths)))
        to_return = len(paths) if cycle else kept  # as many are translated back
        z = translate(y[:to_return], inputs.direction.source) if back and to_return else None

        if true is not None:
            _add_psnr(results, x, y, true, known)
            _add_error(results, "mae", y, true, known, inputs.unit_scale)
            pairs.append((images.to_stored(x, types[0]), images.to_stored(true, types[1]), known))
        if z is not None and cycle:
            results.add("cycle_l1", np.abs(z - x).mean((1, 2, 3), dtype=np.float64) / 2)
            results.add("cycle_psnr", psnr_of_each(z, x))
        if extractor is not None:
            _add_content(results, extractor, x, y, true)
            if recolour is not None:
                recoloured = apply_affine_colour(_with_channels(x, recolour.shape[1]), recolour)
                results.colour_features.append(extractor(recoloured))

        results.paths += paths
        results.images += [
            TranslatedImage(
                path=paths[i],
                input=x[i],
                output=y[i],
                cycle=None if z is None else z[i],
                truth=None if true is None else true[i],
            )
            for i in range(kept)
        ]
        for observe in observers:
            observe(paths, x, y)
        show(f"{inputs.source} -> {inputs.target}: {len(results.paths)} of {len(inputs.paths)}")

    if pairs:
        _add_colour_psnr(results, pairs, inputs.unit_scale)
    return results


def colours_of_target(inputs: DirectionInputs) -> Numbers | None:
    """The colour change that gives the test images the colours of the real target images, found without pairs.

    From at most COLOUR_IMAGES of each, evenly spaced; none where no image of a side can be read.
    """
    channels = inputs.prepare_target.channels

    def pixels(paths: Sequence[Path], prepare: Preparation) -> Iterator[Images]:
        for _, x in readable(evenly_spaced(paths, COLOUR_IMAGES), prepare, []):
            yield images.to_channels(x, channels)

    try:
        source = colour_moments(pixels(inputs.paths, inputs.prepare_source))
        return colour_transfer(source, colour_moments(pixels(inputs.real, inputs.prepare_target)))
    except ValueError:
        return None


def file_translate(translator: Translator) -> Translate:
    """A translator as a function whose images have the precision of their files: 8 bits, or more of other domains."""

    def translate(x: Images, to: Side) -> Images:
        y: Images = translator.batch(torch.from_numpy(x), to).numpy()
        values = translator.values.get(to)
        return images.from_uint8(images.to_uint8(y)) if values is None or values.is_8_bit else y

    return translate


def _readable_pairs(
    inputs: DirectionInputs, unreadable: list[str]
) -> Iterator[tuple[Path, Images, Images | None, Known | None]]:
    """Test images with their truths and where these are known, without those that cannot be read."""
    truths = inputs.truths or repeat(None, len(inputs.paths))
    for path, true_path in zip(inputs.paths, truths, strict=True):
        try:
            pixels = inputs.prepare_source(path)
            truth = None if true_path is None else inputs.prepare_target(true_path)
            known = None if true_path is None or inputs.unit_scale is None else inputs.prepare_target.known(true_path)
            if known is not None and not known.any():
                raise images.ImageError(str(true_path), "every pixel is missing")
        except DataError as e:
            unreadable.append(str(e))
            continue
        yield path, pixels, truth, known


def _stacked(masks: Sequence[Known | None], true: Images) -> Known | None:
    """Where the truths of a batch are known: (N, 1, H, W), none where everywhere."""
    if all(mask is None for mask in masks):
        return None
    everywhere = np.ones((1, *true.shape[2:]), bool)
    return np.stack([everywhere if mask is None else mask for mask in masks])


def _add_psnr(results: DirectionResults, x: Images, y: Images, true: Images, known: Known | None) -> None:
    """PSNR of a batch of translations, and of its inputs as they are."""
    results.add("psnr", psnr_of_each(y, true, known))
    results.add("input_psnr", psnr_of_each(_with_channels(x, true.shape[1]), true, known))


def _add_error(
    results: DirectionResults, name: str, y: Images, true: Images, known: Known | None, unit_scale: float | None
) -> None:
    """Mean absolute error of each image of a batch in the numbers of the target's files, where these have a unit."""
    if unit_scale is not None:
        results.add(name, mean_of_each(np.abs(y - true), known) * unit_scale)


def _add_content(results: DirectionResults, extractor: FeatureNet, x: Images, y: Images, true: Images | None) -> None:
    """Features and edges of a batch; where truths are known also SSIM, and the distance to them in features."""
    results.output_features.append(extractor(y))
    results.input_features.append(extractor(x))
    results.edges.append((edge_signature(torch.from_numpy(y)), edge_signature(torch.from_numpy(x))))
    results.add("edges", edge_agreement(x, y))
    if true is None:
        return

    true_features = extractor(true)
    candidates = (
        ("", y, results.output_features[-1]),
        ("input_", _with_channels(x, true.shape[1]), results.input_features[-1]),
    )
    for prefix, candidate, features in candidates:
        results.add(f"{prefix}ssim", ssim(candidate, true))
        results.add(f"{prefix}feature", np.linalg.norm(features.astype(np.float64) - true_features, axis=1))
    results.add("true_edges", edge_agreement(x, true))


def _add_colour_psnr(
    results: DirectionResults, pairs: list[tuple[Stored, Stored, Known | None]], unit_scale: float | None
) -> None:
    """PSNR of the best affine change of colours, fitted on these very pairs: what colour alone can do."""
    every = math.ceil(sum(x[:, 0].size for x, _, _ in pairs) / FIT_PIXELS)
    x = np.concatenate([_columns(inputs, known) for inputs, _, known in pairs], axis=1)[:, ::every]
    true = np.concatenate([_columns(truths, known) for _, truths, known in pairs], axis=1)[:, ::every]
    results.colour_map = fit_affine_colour(
        images.from_stored(x)[None, :, None], images.from_stored(true)[None, :, None]
    )
    for inputs, truths, known in pairs:
        recoloured = apply_affine_colour(images.from_stored(inputs), results.colour_map)
        exact = images.from_stored(truths)
        results.add("colour_psnr", psnr_of_each(recoloured, exact, known))
        _add_error(results, "colour_mae", recoloured, exact, known, unit_scale)


def _columns(part: Stored, known: Known | None) -> Stored:
    """(C, pixels) of a batch (N, C, H, W), those that are known."""
    columns = part.transpose(1, 0, 2, 3).reshape(part.shape[1], -1)
    return columns if known is None else columns[:, known.reshape(-1)]


def _with_channels(x: Images, channels: int) -> Images:
    """Images with the channels of the target domain."""
    return np.stack([images.to_channels(pixels, channels) for pixels in x])
