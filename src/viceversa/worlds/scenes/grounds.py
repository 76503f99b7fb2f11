"""What fruit lies on: wood, cloth, grass."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from .lighting import Light
from .noise import Floats, fractal, noise, smoothstep
from .painting import Canvas, ink, mix


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A material and how it lies: `turn` in radians, `scale` in pattern units per picture side."""

    material: str
    colours: tuple[str, str]
    turn: float
    scale: float
    horizon: float  # scene height of the far edge; below 0 where the ground fills the picture
    seed: int

    def surface(self, canvas: Canvas, squeeze: float) -> tuple[Floats, Floats]:
        """Pattern coordinates of each sample, seen in perspective where there is a horizon."""
        if self.horizon > 0:
            depth = np.maximum(canvas.y - np.float32(self.horizon - 0.35), 0.05)
            across, away = (canvas.x - 0.5) / depth * 0.9, 0.55 / depth + 0 * canvas.x
        else:
            across, away = canvas.x - 0.5, (canvas.y - 0.5) / np.float32(squeeze)
        if abs(self.turn) < 1e-3 and self.horizon <= 0:
            return across * np.float32(self.scale) + 31, away * np.float32(self.scale) + 31
        c, s = np.float32(cos(self.turn) * self.scale), np.float32(sin(self.turn) * self.scale)
        return across * c + away * s + 31, away * c - across * s + 31

    def paint(self, canvas: Canvas, light: Light, label: int) -> Floats:
        """Cover the canvas below the horizon; returns the colour it throws back, (3, 1, 1)."""
        u, v = self.surface(canvas, light.squeeze)
        first, second = (ink(code) for code in self.colours)
        colour = MATERIALS[self.material](u, v, first, second, self.seed)
        slope = 0.88 + 0.24 * fractal(self.seed + 40, canvas.x * 2, canvas.y * 2, 2)
        canvas.paint(colour * slope * light.on_ground, canvas.cover(self.horizon - canvas.y + 0 * canvas.x), label)
        return mix(first, second, 0.5) * light.on_ground * np.float32(0.5)


def wood(u: Floats, v: Floats, first: Floats, second: Floats, seed: int) -> Floats:
    """Planks along v, each with its own tone and grain."""
    plank = np.floor(u)
    tone = noise(seed, plank * 7.3 + 0.5, np.full((1, 1), 3.5, np.float32) + 0 * u)
    warp = 0.35 * noise(seed + 1, u * 0.8, v * 0.6)
    grain = fractal(seed + 2, (u + warp) * 9, v * 0.7 + plank * 5, 2)
    rings = 0.5 + 0.5 * np.sin((u + warp * 1.5) * 22 + plank)
    colour = mix(first, second, np.clip(0.55 * tone + 0.35 * grain + 0.2 * rings - 0.05, 0, 1))
    gap = np.abs(u - plank - 0.5)
    return colour * (1 - 0.75 * smoothstep(0.47, 0.5, gap))


def cloth(u: Floats, v: Floats, first: Floats, second: Floats, seed: int) -> Floats:
    """Gingham: stripes both ways, half tone where one crosses, full where both do."""
    folds = 0.25 * noise(seed, u * 0.25, v * 0.25)
    u, v = u + folds, v + folds
    soft = 0.06
    warp = smoothstep(-soft, soft, np.abs(u % 2 - 1) - 0.5)
    weft = smoothstep(-soft, soft, np.abs(v % 2 - 1) - 0.5)
    thread = 0.94 + 0.12 * noise(seed + 1, u * 11, v * 11)
    return mix(first, second, 0.5 * (warp + weft)) * thread


def grass(u: Floats, v: Floats, first: Floats, second: Floats, seed: int) -> Floats:
    """Tufts, darker between the blades."""
    lean = noise(seed, u * 0.7, v * 0.7)
    blades = noise(seed + 1, u * 7 + lean * 4, v * 1.8)
    more = noise(seed + 2, u * 9 - lean * 5, v * 2.3)
    tuft = fractal(seed + 3, u * 0.9, v * 0.9, 2)
    return mix(first, second, np.clip(0.5 * blades + 0.35 * more + 0.5 * tuft - 0.2, 0, 1))


def tiles(u: Floats, v: Floats, first: Floats, second: Floats, seed: int) -> Floats:
    """Fired clay, square tiles with pale joints."""
    column, row = np.floor(u), np.floor(v)
    tone = noise(seed, column * 7 + row * 3 + 0.5, row * 5 + 0.5)
    speck = noise(seed + 1, u * 8, v * 8)
    colour = mix(first, second, np.clip(0.7 * tone + 0.5 * speck - 0.1, 0, 1))
    edge = np.maximum(np.abs(u - column - 0.5), np.abs(v - row - 0.5))
    return mix(colour * (1 - 0.25 * smoothstep(0.36, 0.46, edge)), ink("b5a894"), smoothstep(0.455, 0.475, edge))


MATERIALS = {"tiles": tiles, "wood": wood, "cloth": cloth, "grass": grass}
