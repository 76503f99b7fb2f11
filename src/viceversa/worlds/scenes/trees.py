"""Conifers and broad-leaved trees."""

from dataclasses import dataclass

import numpy as np

from .landscape import Season
from .noise import Floats, SceneRng, fractal_noise, noise, smoothstep
from .painting import Canvas, capsule, linear_rgb, mix, soft_mask


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A tree with its foot at (x, y)."""

    x: float
    y: float
    height: float
    conifer: bool
    seed: int


def paint_shadow(canvas: Canvas, x: float, y: float, width: float, length: float, sun: float) -> None:
    """Paint a soft shadow on the ground, on the side away from the sun (-1 left, 1 right)."""
    view = canvas.window(x - 2 * length - width, y - width, x + 2 * length + width, y + width)
    dx = (view.x - np.float32(x - 0.5 * sun * length)) / np.float32(0.5 * length + width)
    dy = (view.y - np.float32(y)) / np.float32(0.45 * width)
    view.dim(0.62 * soft_mask(np.sqrt(dx * dx + dy * dy) - 0.75, 0.35), linear_rgb("4a5a98"))


def paint_tree(canvas: Canvas, tree: Tree, season: Season, sun: float, label: int) -> None:
    """Paint a tree with its shadow."""
    paint_shadow(canvas, tree.x, tree.y, 0.24 * tree.height, 0.75 * tree.height, sun)
    if tree.conifer:
        _paint_conifer(canvas, tree, season, sun, label)
    else:
        _paint_broadleaf(canvas, tree, season, sun, label)


def _paint_conifer(canvas: Canvas, tree: Tree, season: Season, sun: float, label: int) -> None:
    """Paint a trunk and tiers of branches, with snow on them in winter."""
    h, foot = tree.height, tree.y
    view = canvas.window(tree.x - 0.35 * h, foot - 1.02 * h, tree.x + 0.35 * h, foot + 0.02)
    trunk = capsule(view, (tree.x, foot), (tree.x, foot - 0.3 * h), 0.025 * h, 0.02 * h)
    view.paint(linear_rgb("4a3524"), view.coverage(trunk), label)

    u, t = (view.x - np.float32(tree.x)) / np.float32(h), (np.float32(foot) - view.y) / np.float32(h)
    rag = noise(tree.seed, u * 26 + 9, t * 30)
    tier = (t * 6 + 0.6 * np.abs(u) * 6 + 0.5 * rag) % 1
    width = 0.27 * (1.02 - t) * (0.62 + 0.38 * (1 - tier)) + 0.015 * (rag - 0.5)
    mask = view.coverage(np.maximum(np.abs(u) - width, 0.1 - t) * np.float32(h))
    side = np.clip(0.5 + 0.5 * np.float32(sun) * u / np.maximum(width, 0.02), 0, 1)
    dark, bright = (linear_rgb(code) for code in season.needle)
    colour = mix(dark, bright, side * (0.4 + 0.6 * rag) * (1.1 - 0.6 * tier))
    if season.snow:
        snow = mix(linear_rgb("a9bad6"), linear_rgb("fafbfd"), side)
        colour = mix(colour, snow, 0.9 * smoothstep(0.36, 0.2, tier + 0.7 * (rag - 0.5)))
    view.paint(colour, mask, label)


def _paint_broadleaf(canvas: Canvas, tree: Tree, season: Season, sun: float, label: int) -> None:
    """Paint a trunk and a crown of round clumps, with twigs and snow in winter."""
    h, rng = tree.height, SceneRng(tree.seed)
    view = canvas.window(tree.x - 0.6 * h, tree.y - 1.15 * h, tree.x + 0.6 * h, tree.y + 0.02)
    trunk = capsule(view, (tree.x, tree.y), (tree.x, tree.y - 0.55 * h), 0.045 * h, 0.02 * h)
    shading = np.clip((view.x - np.float32(tree.x)) * np.float32(sun / (0.04 * h)), -1, 1)
    view.paint(mix(linear_rgb("3f2f22"), linear_rgb("7a6048"), 0.5 + 0.5 * shading), view.coverage(trunk), label)

    u, v = (view.x - np.float32(tree.x)) / np.float32(h), (np.float32(tree.y) - view.y) / np.float32(h)
    clumps = [(rng.uniform(-0.26, 0.26), rng.uniform(0.45, 0.85), rng.uniform(0.14, 0.22)) for _ in range(8)]
    clumps += [(0.0, 0.62, 0.28)]
    rough = fractal_noise(tree.seed, u * 14 + 20, v * 14 + 20, 3) - 0.5
    nearest: Floats | None = None
    lit: Floats = np.zeros_like(rough)
    for cx, cy, r in clumps:
        dx, dy = (u - np.float32(cx)) / r, (v - np.float32(cy)) / r
        distance = (np.sqrt(dx * dx + dy * dy) - 1) * np.float32(r)
        facing = 0.5 + 0.35 * dx * np.float32(sun) + 0.35 * dy
        lit = facing if nearest is None else np.where(distance < nearest, facing, lit)
        nearest = distance if nearest is None else np.minimum(nearest, distance)
    assert nearest is not None

    mask = view.coverage((nearest + 0.10 * rough) * np.float32(h))
    tone = np.clip(lit + 1.1 * rough, 0, 1)
    colour = mix(linear_rgb(season.leaf[0]), linear_rgb(season.leaf[1]), tone)
    if season.snow:
        angle, radius = np.arctan2(u, v - np.float32(0.25)), np.hypot(u, v - np.float32(0.25))
        twig = smoothstep(0.55, 0.75, noise(tree.seed + 9, angle * 16 + 20, radius * 12))
        colour = mix(colour, linear_rgb("4a3d38"), 0.5 * twig)
        colour = mix(colour, linear_rgb("f2f4f9"), 0.9 * smoothstep(0.5, 0.85, tone))
    view.paint(colour, mask, label)
