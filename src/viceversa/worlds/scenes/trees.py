"""Conifers and broad-leaved trees."""

from dataclasses import dataclass

import numpy as np

from .landscape import Season
from .noise import Floats, SceneRng, fractal, noise, smoothstep
from .painting import Canvas, glow, ink, limb, mix


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Foot, height and sort of a tree."""

    x: float
    y: float
    height: float
    conifer: bool
    seed: int


def ground_shadow(canvas: Canvas, x: float, y: float, width: float, length: float, sun: float) -> None:
    """A soft shadow lying on the ground, away from the sun."""
    view = canvas.window(x - 2 * length - width, y - width, x + 2 * length + width, y + width)
    dx = (view.x - np.float32(x - 0.5 * sun * length)) / np.float32(0.5 * length + width)
    dy = (view.y - np.float32(y)) / np.float32(0.45 * width)
    view.dim(0.62 * glow(np.sqrt(dx * dx + dy * dy) - 0.75, 0.35), ink("4a5a98"))


def paint_tree(canvas: Canvas, tree: Tree, season: Season, sun: float, label: int) -> None:
    """The tree with its shadow."""
    ground_shadow(canvas, tree.x, tree.y, 0.24 * tree.height, 0.75 * tree.height, sun)
    (_conifer if tree.conifer else _broadleaf)(canvas, tree, season, sun, label)


def _conifer(canvas: Canvas, tree: Tree, season: Season, sun: float, label: int) -> None:
    h, foot = tree.height, tree.y
    view = canvas.window(tree.x - 0.35 * h, foot - 1.02 * h, tree.x + 0.35 * h, foot + 0.02)
    trunk = limb(view, (tree.x, foot), (tree.x, foot - 0.3 * h), 0.025 * h, 0.02 * h)
    view.paint(ink("4a3524"), view.cover(trunk), label)
    u, t = (view.x - np.float32(tree.x)) / np.float32(h), (np.float32(foot) - view.y) / np.float32(h)
    rag = noise(tree.seed, u * 26 + 9, t * 30)
    tier = (t * 6 + 0.6 * np.abs(u) * 6 + 0.5 * rag) % 1
    width = 0.27 * (1.02 - t) * (0.62 + 0.38 * (1 - tier)) + 0.015 * (rag - 0.5)
    mask = view.cover(np.maximum((np.abs(u) - width), 0.1 - t) * np.float32(h))
    side = np.clip(0.5 + 0.5 * np.float32(sun) * u / np.maximum(width, 0.02), 0, 1)
    colour = mix(ink(season.needle[0]), ink(season.needle[1]), side * (0.4 + 0.6 * rag) * (1.1 - 0.6 * tier))
    if season.snow:
        dust = smoothstep(0.36, 0.2, tier + 0.7 * (rag - 0.5))
        colour = mix(colour, mix(ink("a9bad6"), ink("fafbfd"), side), 0.9 * dust)
    view.paint(colour, mask, label)


def _broadleaf(canvas: Canvas, tree: Tree, season: Season, sun: float, label: int) -> None:
    h, rng = tree.height, SceneRng(tree.seed)
    view = canvas.window(tree.x - 0.6 * h, tree.y - 1.15 * h, tree.x + 0.6 * h, tree.y + 0.02)
    trunk = limb(view, (tree.x, tree.y), (tree.x, tree.y - 0.55 * h), 0.045 * h, 0.02 * h)
    round_ = np.clip((view.x - np.float32(tree.x)) * np.float32(sun / (0.04 * h)), -1, 1)
    view.paint(mix(ink("3f2f22"), ink("7a6048"), 0.5 + 0.5 * round_), view.cover(trunk), label)
    u, v = (view.x - np.float32(tree.x)) / np.float32(h), (np.float32(tree.y) - view.y) / np.float32(h)
    clumps = [(rng.real(-0.26, 0.26), rng.real(0.45, 0.85), rng.real(0.14, 0.22)) for _ in range(8)]
    clumps += [(0.0, 0.62, 0.28)]
    rough = fractal(tree.seed, u * 14 + 20, v * 14 + 20, 3) - 0.5
    best: Floats | None = None
    lit: Floats = np.zeros_like(rough)
    for cx, cy, r in clumps:
        dx, dy = (u - np.float32(cx)) / r, (v - np.float32(cy)) / r
        far = (np.sqrt(dx * dx + dy * dy) - 1) * np.float32(r)
        facing = 0.5 + 0.35 * dx * np.float32(sun) + 0.35 * dy
        lit = facing if best is None else np.where(far < best, facing, lit)
        best = far if best is None else np.minimum(best, far)
    assert best is not None
    mask = view.cover((best + 0.10 * rough) * np.float32(h))
    tone = np.clip(lit + 1.1 * rough, 0, 1)
    colour = mix(ink(season.leaf[0]), ink(season.leaf[1]), tone)
    if season.snow:
        angle, far = np.arctan2(u, v - np.float32(0.25)), np.hypot(u, v - np.float32(0.25))
        twig = smoothstep(0.55, 0.75, noise(tree.seed + 9, angle * 16 + 20, far * 12))
        colour = mix(colour, ink("4a3d38"), 0.5 * twig)
        colour = mix(colour, ink("f2f4f9"), 0.9 * smoothstep(0.5, 0.85, tone))
    view.paint(colour, mask, label)
