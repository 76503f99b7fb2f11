"""The translations of a run as pictures and as numbers: test pictures in file order, never picked."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import groupby, islice, repeat
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from .. import files, images
from ..data.transforms import reader
from ..errors import DataError
from ..metrics.paired import apply_affine_colour, fit_affine_colour, psnr
from ..runs.folder import RunFolder
from ..translation.translator import Translator

Array = NDArray[np.float32]
Side = Literal["A", "B"]
BATCH_PIXELS = 2**19  # translated at once: eight pictures of 256 px
FIT_PIXELS = 2**22  # at most this many colours are fitted, taken evenly; more would only cost memory


@dataclass(frozen=True, kw_only=True)
class Row:
    """One picture there and, where there is a way, back; arrays are (C, H, W) in [-1, 1] at the training size."""

    name: str
    input: Array
    output: Array
    cycle: Array | None
    truth: Array | None


@dataclass(frozen=True, kw_only=True)
class Score:
    """Mean PSNR against the truth in dB over `count` pictures."""

    count: int
    input: float  # the picture left as it is
    colour: float  # the best affine change of all colours at once, fitted on these very pairs
    translation: float

    @property
    def over_input(self) -> float:
        return self.translation - self.input

    @property
    def over_colour(self) -> float:
        return self.translation - self.colour


@dataclass(frozen=True, kw_only=True)
class Direction:
    """One way: what was found of its pictures and what became of them."""

    source: str
    target: str
    rows: tuple[Row, ...]
    listed: int  # pictures that data.json names
    training: bool  # there is no test set: these are training pictures
    unread: tuple[str, ...]  # one line for each picture that could not be read
    score: Score | None  # none without a known truth


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """The ways of a run, A to B first."""

    step: int
    directions: tuple[Direction, ...]


@dataclass(frozen=True)
class Sample:
    """A picture and its true translation as training would load them: (C, H, W) uint8."""

    name: str
    input: NDArray[np.uint8]
    truth: NDArray[np.uint8] | None


def collect(run: RunFolder, translator: Translator, limit: int = 12) -> Gallery:
    """Translate up to `limit` test pictures each way and score all that have a truth; saves `truth.json` if any has.

    Pictures that are gone or broken are listed, not raised. When all are gone, numbers saved for this step are used.
    """
    listed, size = run.data()["files"], run.config().data.size
    sides: tuple[Side, ...] = ("A", "B") if "A" in translator.generators else ("A",)
    directions = tuple(_direction(listed, translator, size, side, limit) for side in sides)
    gallery = Gallery(step=translator.step, directions=directions)
    if any(d.score for d in directions):
        files.write_json(run.path / "truth.json", _as_json(gallery, size))
        return gallery
    return _with_saved_scores(gallery, run.path / "truth.json")


def _direction(listed: dict[str, list[str]], translator: Translator, size: int, side: Side, limit: int) -> Direction:
    other: Side = "B" if side == "A" else "A"
    source, target = translator.names if side == "A" else translator.names[::-1]
    test = listed.get(f"test_{side.lower()}", [])
    truths = listed.get(f"truth_{side.lower()}", [])
    paths = test or listed.get(f"train_{side.lower()}", [])
    known = bool(test) and len(truths) == len(test)
    unread: list[str] = []
    channels = translator.channels[side], translator.channels[other]
    found = _read(zip(paths, truths if known else repeat(None, len(paths)), strict=True), size, channels, unread)
    samples = list(found if known else islice(found, limit))
    return Direction(
        source=source,
        target=target,
        rows=_rows(samples[:limit], translator, side, other),
        listed=len(paths),
        training=not test,
        unread=tuple(unread),
        score=_score([s for s in samples if s.truth is not None], lambda x: translator.batch(x, other)),
    )


def _read(
    pairs: Iterable[tuple[str, str | None]], size: int, channels: tuple[int, int], unread: list[str]
) -> Iterator[Sample]:
    """The readable pictures, shorter side `size`, each with its truth where that is known and has the same shape."""
    read_input, read_truth = (reader(size, "cover", n) for n in channels)
    for path, true in pairs:
        try:
            pixels = read_input(Path(path))
            truth = read_truth(Path(true)) if true else None
        except DataError as e:
            unread.append(str(e))
            continue
        if truth is not None and truth.shape[1:] != pixels.shape[1:]:
            truth = None
        yield Sample(Path(images.file_of(path)[0]).name, pixels, truth)


def _rows(samples: list[Sample], translator: Translator, side: Side, other: Side) -> tuple[Row, ...]:
    inputs = [images.from_uint8(s.input) for s in samples]
    outputs = _mapped(inputs, lambda x: translator.batch(x, other))
    returns = side in translator.generators
    cycles = _mapped(outputs, lambda x: translator.batch(x, side)) if returns else [None] * len(samples)
    truths = [None if s.truth is None else images.from_uint8(s.truth) for s in samples]
    return tuple(
        Row(name=s.name, input=x, output=y, cycle=z, truth=t)
        for s, x, y, z, t in zip(samples, inputs, outputs, cycles, truths, strict=True)
    )


def _mapped(pictures: Iterable[Array], translate: Callable[[torch.Tensor], torch.Tensor]) -> list[Array]:
    """Every picture translated, neighbours of one size together."""
    done: list[Array] = []
    for (_, h, w), group in groupby(pictures, key=np.shape):
        while batch := list(islice(group, max(1, BATCH_PIXELS // (h * w)))):
            done += list(translate(torch.from_numpy(np.stack(batch))).numpy())
    return done


def _score(pairs: list[Sample], translate: Callable[[torch.Tensor], torch.Tensor]) -> Score | None:
    if not pairs:
        return None
    colours = _colour_map(pairs)
    outputs = _mapped((images.from_uint8(s.input) for s in pairs), translate)
    found = []
    for sample, output in zip(pairs, outputs, strict=True):
        assert sample.truth is not None
        x, truth = images.from_uint8(sample.input)[None], images.from_uint8(sample.truth)[None]
        plain = images.to_channels(x[0], truth.shape[1])[None]
        found.append([psnr(guess, truth) for guess in (plain, apply_affine_colour(x, colours), output[None])])
    unchanged, colour, translation = np.mean(found, axis=0).tolist()
    return Score(count=len(pairs), input=unchanged, colour=colour, translation=translation)


def _colour_map(pairs: list[Sample]) -> NDArray[np.float64]:
    """The best affine change of colours from all inputs to all truths, whatever their sizes."""
    every = math.ceil(sum(s.input[0].size for s in pairs) / FIT_PIXELS)
    x, y = (
        np.concatenate([p.reshape(len(p), -1)[:, ::every] for p in side if p is not None], axis=1)
        for side in ([s.input for s in pairs], [s.truth for s in pairs])
    )
    return fit_affine_colour(images.from_uint8(x)[None, :, None], images.from_uint8(y)[None, :, None])


def _as_json(gallery: Gallery, size: int) -> dict[str, Any]:
    """truth.json: {"step", "size", "unit", "a_to_b": {"source", "target", "count", "input", ...}, "b_to_a": {...}}."""
    saved: dict[str, Any] = {"step": gallery.step, "size": size, "unit": "PSNR in dB, mean over pictures"}
    for key, d in zip(("a_to_b", "b_to_a"), gallery.directions, strict=False):
        if d.score:
            margins = {"over_input": d.score.over_input, "over_colour": d.score.over_colour}
            saved[key] = {"source": d.source, "target": d.target, **asdict(d.score), **margins}
    return saved


def _with_saved_scores(gallery: Gallery, path: Path) -> Gallery:
    """The gallery with the numbers that were saved for the same step, if there are any."""
    fields = Score.__dataclass_fields__
    try:
        saved = json.loads(path.read_bytes())
        scores = [Score(**{k: saved[key][k] for k in fields}) if key in saved else None for key in ("a_to_b", "b_to_a")]
        current = saved["step"] == gallery.step
    except (OSError, ValueError, LookupError, TypeError):
        return gallery
    scored = tuple(replace(d, score=score) for d, score in zip(gallery.directions, scores, strict=False))
    return replace(gallery, directions=scored) if current else gallery
