"""The ground under the fruit: wood, cloth, tiles or grass."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from .lighting import Light
from .noise import Floats, fractal_noise, noise, smoothstep
from .painting import Canvas, linear_rgb, mix


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A material and its pattern: rotated by `turn` radians, `scale` pattern units per image side."""

    material: str
    colours: tuple[str, str]
    turn: float
    scale: float
    horizon: float  # scene coordinate of the far edge; below 0 where the ground fills the image
    seed: int

    def pattern_coordinates(self, canvas: Canvas, foreshortening: float) -> tuple[Floats, Floats]:
        """Pattern coordinates of each sample, in perspective if there is a horizon."""
        if self.horizon > 0:
            depth = np.maximum(canvas.y - np.float32(self.horizon - 0.35), 0.05)
            across, along = (canvas.x - 0.5) / depth * 0.9, 0.55 / depth + 0 * canvas.x
        else:
            across, along = canvas.x - 0.5, (canvas.y - 0.5) / np.float32(foreshortening)
        if abs(self.turn) < 1e-3 and self.horizon <= 0:
            return across * np.float32(self.scale) + 31, along * np.float32(self.scale) + 31

        c, s = np.float32(cos(self.turn) * self.scale), np.float32(sin(self.turn) * self.scale)
        return across * c + along * s + 31, along * c - across * s + 31

    def paint(self, canvas: Canvas, light: Light, label: int) -> Floats:
        """Paint the canvas below the horizon; returns the light that the ground reflects, (3, 1, 1)."""
        u, v = self.pattern_coordinates(canvas, light.foreshortening)
        first, second = (linear_rgb(code) for code in self.colours)
        colour = MATERIALS[self.material](u, v, first, second, self.seed)
        slope = 0.88 + 0.24 * fractal_noise(self.seed + 40, canvas.x * 2, canvas.y * 2, 2)
        canvas.paint(
            colour * slope * light.ground_light, canvas.coverage(self.horizon - canvas.y + 0 * canvas.x), label
        )
        return mix(first, second, 0.5) * light.ground_light * np.float32(0.5)


def wood(u: Floats, v: Floats, first: Floats, second: Floats, seed: int) -> Floats:
    """Planks along v, each with its own tone and grain, (3, h, w)."""
    plank = np.floor(u)
    tone = noise(seed, plank * 7.3 + 0.5, np.full((1, 1), 3.5, np.float32) + 0 * u)
    warp = 0.35 * noise(seed + 1, u * 0.8, v * 0.6)
    grain = fractal_noise(seed + 2, (u + warp) * 9, v * 0.7 + plank * 5, 2)
    rings = 0.5 + 0.5 * np.sin((u + warp * 1.5) * 22 + plank)
    colour = mix(first, second, np.clip(0.55 * tone + 0.35 * grain + 0.2 * rings - 0.05, 0, 1))
    gap = np.abs(u - plank - 0.5)
    return colour * (1 - 0.75 * smoothstep(0.47, 0.5, gap))


def cloth(u: Floats, v: Floats, first: Floats, second: Floats, seed: int) -> Floats:
    """Gingham: stripes in both directions, full tone where two cross, half tone where there is one, (3, h, w)."""
    folds = 0.25 * noise(seed, u * 0.25, v * 0.25)
    u, v = u + folds, v + folds
    soft = 0.06
    warp = smoothstep(-soft, soft, np.abs(u % 2 - 1) - 0.5)
    weft = smoothstep(-soft, soft, np.abs(v % 2 - 1) - 0.5)
    thread = 0.94 + 0.12 * noise(seed + 1, u * 11, v * 11)
    return mix(first, second, 0.5 * (warp + weft)) * thread


def grass(u: Floats, v: Floats, first: Floats, second: Floats, seed: int) -> Floats:
    """Tufts of grass, darker between the blades, (3, h, w)."""
    bend = noise(seed, u * 0.7, v * 0.7)
    blades = noise(seed + 1, u * 7 + bend * 4, v * 1.8)
    crossing = noise(seed + 2, u * 9 - bend * 5, v * 2.3)
    tuft = fractal_noise(seed + 3, u * 0.9, v * 0.9, 2)
    return mix(first, second, np.clip(0.5 * blades + 0.35 * crossing + 0.5 * tuft - 0.2, 0, 1))


def tiles(u: Floats, v: Floats, first: Floats, second: Floats, seed: int) -> Floats:
    """Square tiles of fired clay with pale joints, (3, h, w)."""
    column, row = np.floor(u), np.floor(v)
    tone = noise(seed, column * 7 + row * 3 + 0.5, row * 5 + 0.5)
    speck = noise(seed + 1, u * 8, v * 8)
    colour = mix(first, second, np.clip(0.7 * tone + 0.5 * speck - 0.1, 0, 1))
    edge = np.maximum(np.abs(u - column - 0.5), np.abs(v - row - 0.5))
    return mix(colour * (1 - 0.25 * smoothstep(0.36, 0.46, edge)), linear_rgb("b5a894"), smoothstep(0.455, 0.475, edge))


MATERIALS = {"tiles": tiles, "wood": wood, "cloth": cloth, "grass": grass}
