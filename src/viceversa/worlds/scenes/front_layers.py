"""House fronts in layers: the material of each sample, and the light on it by day and by night."""

from dataclasses import dataclass

import numpy as np

from .noise import Floats, fractal_noise, noise, smoothstep
from .painting import Canvas, linear_rgb, mix


@dataclass(frozen=True)
class Layers:
    """A canvas of unlit colours with the maps from which `illuminate` computes its light by day or by night."""

    canvas: Canvas
    sunlight: Floats  # (H, W), 1 in the light of the sun or the moon, 0 in a shadow
    reflectivity: Floats  # (H, W), 1 where the surface mirrors the sky; -1 where nothing has been painted
    emission: Floats  # (3, H, W), light that the surface emits at night
    irradiance: Floats  # (3, H, W), light of lamps and windows on the surface at night

    @property
    def x(self) -> Floats:
        """Scene coordinates (1, W)."""
        return self.canvas.x

    @property
    def y(self) -> Floats:
        """Scene coordinates (H, 1); y points down."""
        return self.canvas.y

    def window(self, left: float, top: float, right: float, bottom: float) -> "Layers":
        """The part between these scene coordinates, as a view: painting on it paints on these layers. May be empty."""
        columns = slice(*np.searchsorted(self.x[0], (left, right)))
        rows = slice(*np.searchsorted(self.y[:, 0], (top, bottom)))
        return Layers(
            self.canvas.window(left, top, right, bottom),
            self.sunlight[rows, columns],
            self.reflectivity[rows, columns],
            self.emission[:, rows, columns],
            self.irradiance[:, rows, columns],
        )

    def paint(self, colour: Floats, mask: Floats, label: int | None = None, mirror: float = 0.0) -> None:
        """Paint an object in front: it is sunlit, emits no light and hides the emission behind it."""
        self.canvas.paint(colour, mask, label)
        self.sunlight[:] += mask * (1 - self.sunlight)
        self.reflectivity[:] += mask * (np.float32(mirror) - self.reflectivity)
        self.emission[:] *= 1 - mask

    def paint_box(
        self, left: float, top: float, right: float, bottom: float, colour: Floats, label: int | None = None
    ) -> "Layers":
        """Paint a rectangle; returns its window."""
        part = self.window(left - 0.01, top - 0.01, right + 0.01, bottom + 0.01)
        part.paint(colour, part.box(left, top, right, bottom), label)
        return part

    def box(self, left: float, top: float, right: float, bottom: float, arch: float = 0.0) -> Floats:
        """Coverage of a rectangle whose upper edge is an arch, `arch` higher in the middle."""
        half = 0.5 * (right - left)
        across = (self.x - np.float32(left + half)) / np.float32(half)
        crown = np.float32(top) - np.float32(arch) * np.sqrt(np.clip(1 - across * across, 0, 1))
        beyond_y = np.maximum(crown - self.y, self.y - np.float32(bottom))
        beyond_x = np.maximum(np.float32(left) - self.x, self.x - np.float32(right))
        return self.canvas.coverage(np.maximum(beyond_x, beyond_y))

    def cast_shadow(
        self, left: float, top: float, right: float, bottom: float, offset: float, strength: float = 1.0
    ) -> None:
        """Cast the shadow of a rectangle, displaced by `offset` along x."""
        part = self.window(left - abs(offset) - 0.01, top - 0.01, right + abs(offset) + 0.01, bottom + 0.01)
        part.sunlight[:] *= 1 - np.float32(strength) * part.box(left + offset, top, right + offset, bottom)

    def add_light(self, x: float, y: float, colour: Floats, reach: float, down: float = 1.0) -> None:
        """Add a light at a point to the irradiance; it reaches `down` times as far downwards."""
        part = self.window(x - 3.2 * reach, y - 3.2 * reach, x + 3.2 * reach, y + 3.2 * reach * down)
        dx, dy = (part.x - np.float32(x)) / np.float32(reach), (part.y - np.float32(y)) / np.float32(reach)
        dy = np.where(dy > 0, dy / np.float32(down), dy)
        squared = dx * dx + dy * dy
        falloff = np.clip(1 / (1 + 1.6 * squared) - 1 / (1 + 1.6 * 10.24), 0, 1)  # 0 at 3.2 reaches
        part.irradiance[:] += colour * falloff


def plaster(x: Floats, y: Floats, tone: Floats, seed: int) -> Floats:
    """Plaster with stains that run down, (3, h, w)."""
    stain = fractal_noise(seed, x * 14, y * 5, 3)
    grain = noise(seed + 5, x * 60, y * 60)
    return tone * (0.84 + 0.22 * stain + 0.08 * grain)


def brick(x: Floats, y: Floats, tone: Floats, seed: int) -> Floats:
    """Courses of brick, each brick with its own tone, in pale mortar, (3, h, w)."""
    height = np.float32(1 / 62)
    row = np.floor(y / height)
    along = x / (height * 2.3) + 0.5 * (row % 2)
    column = np.floor(along)
    brick_tone = noise(seed, column * 7.3 + row * 3.1 + 0.5, row * 5.7 + 0.5)
    joint = np.maximum(np.abs(along - column - 0.5) * 1.0 - 0.46, np.abs(y / height - row - 0.5) - 0.40)
    stain = fractal_noise(seed + 1, x * 9, y * 6, 2)
    colour = tone * (0.62 + 0.5 * brick_tone + 0.22 * stain)
    return mix(colour, linear_rgb("b5a795") * 0.9, 0.65 * smoothstep(-0.03, 0.03, joint))


def ashlar(x: Floats, y: Floats, tone: Floats, seed: int) -> Floats:
    """Large blocks of cut stone with deep joints, (3, h, w)."""
    height = np.float32(1 / 21)
    row = np.floor(y / height)
    along = x / (height * 2.1) + 0.5 * (row % 2)
    column = np.floor(along)
    block_tone = noise(seed, column * 9.1 + row * 4.7 + 0.5, row * 6.1 + 0.5)
    grain = fractal_noise(seed + 1, x * 40, y * 40, 2)
    joint = np.maximum((np.abs(along - column - 0.5) - 0.5) * 2.1, np.abs(y / height - row - 0.5) - 0.5)
    return tone * (0.80 + 0.18 * block_tone + 0.16 * grain) * (1 - 0.42 * smoothstep(-0.09, -0.03, joint))


WALLS = {"plaster": plaster, "brick": brick, "ashlar": ashlar}


def sky(canvas: Canvas, horizon: float, clouds: float, side: float, night: bool, seed: int) -> Floats:
    """The sky (3, H, W): the same clouds by day and by night, lit from `side` (-1 left, 1 right)."""
    t = smoothstep(-0.1, horizon, canvas.y)
    billow = fractal_noise(seed, canvas.x * 3, canvas.y * 7, 4)
    shifted = fractal_noise(seed, canvas.x * 3 + np.float32(0.15 * side), canvas.y * 7 - 0.3, 4)
    clouded = smoothstep(0.64 - 0.22 * clouds, 0.86 - 0.22 * clouds, billow)
    lit = np.clip(0.8 + 1.4 * (billow - shifted), 0.5, 1)
    if not night:
        blue = mix(linear_rgb("4a8bd2"), linear_rgb("c4ddf0"), t)
        return mix(blue, linear_rgb("ffffff") * lit, clouded)

    dark = mix(linear_rgb("0b1636"), linear_rgb("2b3a66"), t)
    stars = smoothstep(0.93, 0.97, noise(seed + 9, canvas.x * 61, canvas.y * 61))
    dark = dark + 0.5 * stars * (1 - t)
    return mix(dark, linear_rgb("47557f") * lit, 0.85 * clouded)


def illuminate(layers: Layers, reflected_sky: Floats, night: bool, warmth: float) -> None:
    """Light the canvas in place: by sun and sky in the day, by moon, lamps and windows at night.

    `reflected_sky` (3, H, W) is what mirroring surfaces show; `warmth` in [0, 1] tints the sunlight.
    """
    canvas = layers.canvas
    if night:
        key = linear_rgb("7a92d8") * np.float32(0.10)
        ambient = linear_rgb("5468b0") * np.float32(0.20)
        irradiance = layers.sunlight * key + ambient + layers.irradiance
        mirrored = reflected_sky * np.float32(0.55)
    else:
        key = mix(linear_rgb("fffaf0"), linear_rgb("ffe2b8"), warmth)
        ambient = linear_rgb("b4caec") * np.float32(0.44)
        irradiance = layers.sunlight * key + ambient
        mirrored = reflected_sky * np.float32(0.42)

    canvas.light[:] = canvas.light * irradiance + layers.reflectivity * mirrored
    if night:
        canvas.light += layers.emission
