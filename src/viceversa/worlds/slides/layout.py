"""A slide as a whole: where tissue lies on the glass, its regions, folds, ink of a pen, and how it was stained."""

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from ..lattice import Lattice
from ..scenes.noise import SceneRng
from .stains import EOSIN, GLASS, HAEMATOXYLIN, SCHIFF, Stain

STAINS = ("he", "pas")
MPP = 0.5  # micrometres per pixel
Fields = NDArray[np.float64]
INKS = ((0.9, 0.55, 0.10), (0.75, 0.28, 0.62), (0.85, 0.9, 0.8))  # density in RGB: blue, green, black


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of tissue: an ellipse with a ragged outline, in pixels."""

    y: float
    x: float
    ry: float
    rx: float
    turn: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """A bent band across the slide: a fold, or a stroke of a pen."""

    y: float
    x: float
    turn: float
    half: float  # width
    length: float
    bend: float  # pixels
    seed: int


@dataclass(frozen=True, kw_only=True)
class Slide:
    """What is on a slide of `side` pixels; the same for every stain."""

    seed: int
    side: int
    pieces: tuple[Piece, ...]
    folds: tuple[Line, ...]
    pens: tuple[Line, ...]
    ink: tuple[float, float, float]
    fibrosis: float  # share of tissue between the tubules, about
    fat: float
    own: dict[str, Stain]  # as this slide was stained, by name of the stain


def describe(seed: int, side: int) -> Slide:
    """Generate the slide of a seed: `side` pixels high and wide."""
    rng = SceneRng(seed)
    pieces = _pieces(rng, side)
    folds = tuple(_fold(rng, pieces, side) for _ in range(rng.choice((0, 1, 1, 2))))
    pens = tuple(_stroke(rng, pieces, side) for _ in range(rng.choice((0, 0, 1, 2))))
    return Slide(
        seed=rng.seed(),
        side=side,
        pieces=pieces,
        folds=folds,
        pens=pens,
        ink=rng.choice(INKS),
        fibrosis=rng.uniform(0.1, 0.75),
        fat=rng.uniform(0.1, 0.35),
        own={name: _varied(rng, name) for name in STAINS},
    )


def standard(name: str) -> Stain:
    """A stain as it should be: what the truth is drawn with."""
    return Stain(vectors=(HAEMATOXYLIN, EOSIN if name == "he" else SCHIFF))


def _varied(rng: SceneRng, name: str) -> Stain:
    """A stain as one day's work: stronger or weaker, slightly another hue, another lamp."""
    a, b = standard(name).vectors
    vectors = [
        (r + rng.uniform(-0.02, 0.02), g + rng.uniform(-0.02, 0.02), v + rng.uniform(-0.03, 0.03)) for r, g, v in (a, b)
    ]
    strengths = rng.uniform(0.86, 1.14), rng.uniform(0.86, 1.14)
    red, green, blue = (white + rng.integer(-2, 2) for white in GLASS)
    return Stain(vectors=(vectors[0], vectors[1]), strengths=strengths, glass=(red, green, blue))


def _pieces(rng: SceneRng, side: int) -> tuple[Piece, ...]:
    """One broad piece, or two long ones side by side."""
    turn = rng.uniform(0, pi)
    if rng.chance(0.5):
        ry, rx = rng.uniform(0.34, 0.42), rng.uniform(0.38, 0.5)
        middle = rng.uniform(0.46, 0.54), rng.uniform(0.46, 0.54)
        return (Piece(y=middle[0] * side, x=middle[1] * side, ry=ry * side, rx=rx * side, turn=turn),)
    pieces = []
    for sign in (-1, 1):
        y, x = 0.5 + sign * 0.25 * cos(turn), 0.5 - sign * 0.25 * sin(turn)
        ry, rx = rng.uniform(0.17, 0.21), rng.uniform(0.38, 0.5)
        pieces.append(Piece(y=y * side, x=x * side, ry=ry * side, rx=rx * side, turn=turn + rng.uniform(-0.1, 0.1)))
    return tuple(pieces)


def _fold(rng: SceneRng, pieces: tuple[Piece, ...], side: int) -> Line:
    piece = rng.choice(pieces)
    return Line(
        y=piece.y + rng.uniform(-0.6, 0.6) * piece.ry,
        x=piece.x + rng.uniform(-0.6, 0.6) * piece.rx,
        turn=rng.uniform(0, pi),
        half=min(rng.uniform(0.004, 0.010) * side, 90.0),
        length=rng.uniform(0.12, 0.3) * side,
        bend=0.05 * side,
        seed=rng.seed(),
    )


def _stroke(rng: SceneRng, pieces: tuple[Piece, ...], side: int) -> Line:
    """A stroke along the outside of a piece, that may run over its edge."""
    piece, angle = rng.choice(pieces), rng.uniform(0, 2 * pi)
    u, v = 1.02 * piece.rx * cos(angle), 1.02 * piece.ry * sin(angle)
    return Line(
        y=piece.y + u * sin(piece.turn) + v * cos(piece.turn),
        x=piece.x + u * cos(piece.turn) - v * sin(piece.turn),
        turn=piece.turn + angle + pi / 2 + rng.uniform(-0.3, 0.3),
        half=min(rng.uniform(0.010, 0.016) * side, 500.0),
        length=rng.uniform(0.08, 0.2) * side,
        bend=0.03 * side,
        seed=rng.seed(),
    )


def depth_in_tissue(slide: Slide, block: Lattice) -> Fields:
    """Pixels inside of the edge of the tissue, negative on glass, about; on the lattice."""
    y, x = block.y[:, None], block.x[None]
    ragged = 0.13 * slide.side * (block.noise(slide.seed + 1, 0.22 * slide.side, 5) - 0.5)
    depth = np.full(np.broadcast_shapes(y.shape, x.shape), -1e9)
    for piece in slide.pieces:
        u = ((x - piece.x) * cos(piece.turn) + (y - piece.y) * sin(piece.turn)) / piece.rx
        v = ((y - piece.y) * cos(piece.turn) - (x - piece.x) * sin(piece.turn)) / piece.ry
        inside = (1 - np.sqrt(u * u + v * v)) * min(piece.rx, piece.ry)
        depth = np.maximum(depth, inside + ragged)
    depth = depth + 60 * (block.noise(slide.seed + 9, 170, 3) - 0.5)

    tear = np.abs(block.noise(slide.seed + 15, 1700, 2) - 0.5) * 1700 - 42 * (block.noise(slide.seed + 18, 900) - 0.45)
    result: Fields = np.minimum(depth, tear + 24)
    return result


def band(line: Line, block: Lattice) -> Fields:
    """Pixels inside of the border of a band, negative outside, about; on the lattice."""
    y, x = block.y[:, None] - line.y, block.x[None] - line.x
    along, across = x * cos(line.turn) + y * sin(line.turn), y * cos(line.turn) - x * sin(line.turn)
    wave = np.clip(along / line.length, -1.2, 1.2)
    across = (
        across - line.bend * (wave * wave - 0.3) + 0.5 * line.half * (block.noise(line.seed, 3 * line.half + 40) - 0.5)
    )
    taper = line.half * np.clip(1.6 * (1 - np.abs(along) / line.length), -1, 1)
    inside: Fields = taper - np.abs(across)
    return inside
