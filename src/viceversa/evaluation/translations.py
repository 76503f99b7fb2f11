"""The translations of a run, one way, judged picture by picture and as a set."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from .. import images
from ..errors import DataError
from ..methods.protocol import Direction, Side
from ..metrics.edges import edge_agreement, edge_signature, retrieval_rate
from ..metrics.paired import apply_affine_colour, fit_affine_colour, psnr, psnr_of_each, ssim
from ..translation.translator import Translator
from .extractors import FeatureNet, Features, Pictures
from .features import Preparation, Reading, batches

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class DirectionInputs:
    """One way of a run: test pictures, their truths where known, and the pictures of the target domain."""

    direction: Direction
    source: str  # names of the domains
    target: str
    paths: tuple[Path, ...]
    truths: tuple[Path, ...]  # as many as paths, or none
    real: tuple[Path, ...]  # of the target domain, what is compared with
    known: tuple[Path, ...]  # of the target domain, others: for the floor
    training: bool  # there is no test set: these are training pictures

    @property
    def side(self) -> Side:
        """Where the images come from."""
        return self.direction.source

    @property
    def other(self) -> Side:
        """Where their translations belong."""
        return self.direction.target


@dataclass
class DirectionResults:
    """What one pass over the test pictures found; every list has a number, a row or a picture for each of them."""

    paths: list[Path] = field(default_factory=list)
    made: list[Features] = field(default_factory=list)
    inputs: list[Features] = field(default_factory=list)
    numbers: dict[str, list[Numbers]] = field(default_factory=dict)
    edges: list[tuple[Numbers, Numbers]] = field(default_factory=list)

    def note(self, name: str, values: Numbers) -> None:
        self.numbers.setdefault(name, []).append(values)

    def each(self, name: str) -> Numbers | None:
        """One number a picture, or none."""
        return np.concatenate(self.numbers[name]) if name in self.numbers else None

    def mean(self, name: str) -> float | None:
        values = self.each(name)
        return None if values is None else float(values.mean())

    @property
    def traceable(self) -> float:
        """Share of the translations whose edges lead back to their own input among all test pictures."""
        made, given = (np.concatenate(part) for part in zip(*self.edges, strict=True))
        return retrieval_rate(made, given)


def judge(
    task: DirectionInputs,
    translator: Translator,
    extractor: FeatureNet,
    prepare: tuple[Preparation, Preparation],  # of the source and of the target domain
    broken: list[str],
    watch: Sequence[Callable[[list[Path], Pictures, Pictures], None]] = (),  # each gets every batch: input, made
    show: Callable[[str], None] = lambda line: None,
) -> DirectionResults:
    """Translate every test picture once. Both sides are rounded to 8 bits, as files would be."""
    found = DirectionResults()
    truths = dict(zip(task.paths, task.truths, strict=False))
    for part in batches(Reading(prepare[0], broken)(task.paths)):
        paths = [path for path, _ in part]
        x = np.stack([pixels for _, pixels in part])
        y = translated(translator, x, task.other)
        found.paths += paths
        found.made.append(extractor(y))
        found.inputs.append(extractor(x))
        found.edges.append((edge_signature(torch.from_numpy(y)), edge_signature(torch.from_numpy(x))))
        found.note("edges", edge_agreement(x, y))
        if task.side in translator.generators:
            z = translated(translator, y, task.side)
            found.note("cycle_l1", np.abs(z - x).mean((1, 2, 3), dtype=np.float64) / 2)
            found.note("cycle_psnr", psnr_of_each(z, x))
        if truths:
            true = _truths(paths, truths, prepare[1], y.shape)
            _against_truth(found, extractor, x, y, true)
        for look in watch:
            look(paths, x, y)
        show(f"{task.source} -> {task.target}: {len(found.paths)} of {len(task.paths)}")
    if len(found.paths) < 2:
        raise DataError(f"{task.source} has {len(found.paths)} readable pictures to judge by; two are the least")
    return found


def translated(translator: Translator, x: Pictures, side: Side) -> Pictures:
    """Pictures in the domain `side`, as an 8-bit file would hold them."""
    return images.from_uint8(images.to_uint8(translator.batch(torch.from_numpy(x), side).numpy()))


def _truths(paths: list[Path], truths: dict[Path, Path], prepare: Preparation, shape: tuple[int, ...]) -> Pictures:
    """The true translations of a batch."""
    true = np.stack([prepare(truths[path]) for path in paths])
    if true.shape != shape:
        raise DataError(f"the truth of {paths[0]} has another shape than its translation; draw or cut them alike")
    return true


def _against_truth(found: DirectionResults, extractor: FeatureNet, x: Pictures, y: Pictures, true: Pictures) -> None:
    """PSNR, SSIM, feature distance and edges of the translation, and of the input left as it is."""
    plain = np.stack([images.to_channels(pixels, true.shape[1]) for pixels in x])
    known = extractor(true)
    for name, guess, features in (("", y, found.made[-1]), ("input_", plain, found.inputs[-1])):
        found.note(f"{name}psnr", psnr_of_each(guess, true))
        found.note(f"{name}ssim", ssim(guess, true))
        found.note(f"{name}feature", np.linalg.norm(features.astype(np.float64) - known, axis=1))
    found.note("true_edges", edge_agreement(x, true))


def colour_psnr(task: DirectionInputs, prepare: tuple[Preparation, Preparation]) -> float | None:
    """PSNR of the best affine change of colours, fitted on these very pairs: what colour alone can do."""
    if not task.truths:
        return None
    pairs = list(_pairs(task, prepare))
    x, true = (np.stack(side) for side in zip(*pairs, strict=True))
    return psnr(apply_affine_colour(x, fit_affine_colour(x, true)), true)


def _pairs(task: DirectionInputs, prepare: tuple[Preparation, Preparation]) -> Iterator[tuple[Pictures, Pictures]]:
    """Inputs and truths that can both be read."""
    for path, true in zip(task.paths, task.truths, strict=True):
        try:
            yield prepare[0](path), prepare[1](true)
        except DataError:
            continue
