"""The fronts of houses before any light: what each sample is made of, and how by day and by night it is lit."""

from dataclasses import dataclass

import numpy as np

from .noise import Floats, fractal, noise, smoothstep
from .painting import Canvas, ink, mix


@dataclass(frozen=True)
class Layers:
    """One window of a scene: colour and labels, then what decides how it is lit by day and by night."""

    matter: Canvas
    sun: Floats  # (H, W), 1 where sun and moon reach
    glass: Floats  # (H, W), 1 where the sky is mirrored
    given: Floats  # (3, H, W), light that things send out at night
    received: Floats  # (3, H, W), light of lamps and windows that falls here at night

    @property
    def x(self) -> Floats:
        """Scene coordinates (1, W)."""
        return self.matter.x

    @property
    def y(self) -> Floats:
        """Scene coordinates (H, 1), downwards."""
        return self.matter.y

    def window(self, left: float, top: float, right: float, bottom: float) -> "Layers":
        """The part inside these scene coordinates; painting there paints here. May be empty."""
        columns = slice(*np.searchsorted(self.x[0], (left, right)))
        rows = slice(*np.searchsorted(self.y[:, 0], (top, bottom)))
        return Layers(
            self.matter.window(left, top, right, bottom),
            self.sun[rows, columns],
            self.glass[rows, columns],
            self.given[:, rows, columns],
            self.received[:, rows, columns],
        )

    def lay(self, colour: Floats, mask: Floats, label: int | None = None, mirror: float = 0.0) -> None:
        """Put something in front: it hides what shines behind it and stands in the sun itself."""
        self.matter.paint(colour, mask, label)
        self.sun[:] += mask * (1 - self.sun)
        self.glass[:] += mask * (np.float32(mirror) - self.glass)
        self.given[:] *= 1 - mask

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: Floats, label: int | None = None
    ) -> "Layers":
        """A plain rectangle; returns its window for more."""
        part = self.window(left - 0.01, top - 0.01, right + 0.01, bottom + 0.01)
        part.lay(colour, part.inside(left, top, right, bottom), label)
        return part

    def inside(self, left: float, top: float, right: float, bottom: float, arch: float = 0.0) -> Floats:
        """Cover of a rectangle whose upper edge rises `arch` in the middle."""
        half = 0.5 * (right - left)
        across = (self.x - np.float32(left + half)) / np.float32(half)
        crown = np.float32(top) - np.float32(arch) * np.sqrt(np.clip(1 - across * across, 0, 1))
        over = np.maximum(crown - self.y, self.y - np.float32(bottom))
        return self.matter.cover(np.maximum(np.maximum(np.float32(left) - self.x, self.x - np.float32(right)), over))

    def shade(self, left: float, top: float, right: float, bottom: float, aside: float, strength: float = 1.0) -> None:
        """A shadow thrown on what lies there, moved `aside`."""
        part = self.window(left - abs(aside) - 0.01, top - 0.01, right + abs(aside) + 0.01, bottom + 0.01)
        part.sun[:] *= 1 - np.float32(strength) * part.inside(left + aside, top, right + aside, bottom)

    def shine(self, x: float, y: float, colour: Floats, reach: float, down: float = 1.0) -> None:
        """Light around a point, seen on what it falls on; `down` stretches it downwards."""
        part = self.window(x - 3.2 * reach, y - 3.2 * reach, x + 3.2 * reach, y + 3.2 * reach * down)
        dx, dy = (part.x - np.float32(x)) / np.float32(reach), (part.y - np.float32(y)) / np.float32(reach)
        dy = np.where(dy > 0, dy / np.float32(down), dy)
        far = dx * dx + dy * dy
        fall = np.clip(1 / (1 + 1.6 * far) - 1 / (1 + 1.6 * 10.24), 0, 1)
        part.received[:] += colour * fall


def plaster(x: Floats, y: Floats, tone: Floats, seed: int) -> Floats:
    """Render with stains that run down."""
    stain = fractal(seed, x * 14, y * 5, 3)
    grain = noise(seed + 5, x * 60, y * 60)
    return tone * (0.84 + 0.22 * stain + 0.08 * grain)


def brick(x: Floats, y: Floats, tone: Floats, seed: int) -> Floats:
    """Courses of brick, each a little other than the next, in pale mortar."""
    high = np.float32(1 / 62)
    row = np.floor(y / high)
    along = x / (high * 2.3) + 0.5 * (row % 2)
    column = np.floor(along)
    own = noise(seed, column * 7.3 + row * 3.1 + 0.5, row * 5.7 + 0.5)
    joint = np.maximum(np.abs(along - column - 0.5) * 1.0 - 0.46, np.abs(y / high - row - 0.5) - 0.40)
    stain = fractal(seed + 1, x * 9, y * 6, 2)
    colour = tone * (0.62 + 0.5 * own + 0.22 * stain)
    return mix(colour, ink("b5a795") * 0.9, 0.65 * smoothstep(-0.03, 0.03, joint))


def ashlar(x: Floats, y: Floats, tone: Floats, seed: int) -> Floats:
    """Cut stone in large blocks with deep joints."""
    high = np.float32(1 / 21)
    row = np.floor(y / high)
    along = x / (high * 2.1) + 0.5 * (row % 2)
    column = np.floor(along)
    own = noise(seed, column * 9.1 + row * 4.7 + 0.5, row * 6.1 + 0.5)
    grain = fractal(seed + 1, x * 40, y * 40, 2)
    joint = np.maximum((np.abs(along - column - 0.5) - 0.5) * 2.1, np.abs(y / high - row - 0.5) - 0.5)
    return tone * (0.80 + 0.18 * own + 0.16 * grain) * (1 - 0.42 * smoothstep(-0.09, -0.03, joint))


WALLS = {"plaster": plaster, "brick": brick, "ashlar": ashlar}


def sky(canvas: Canvas, horizon: float, clouds: float, side: float, night: bool, seed: int) -> Floats:
    """The sky (3, H, W): the clouds hang the same by day and by night, the moon where the sun would be."""
    t = smoothstep(-0.1, horizon, canvas.y)
    billow = fractal(seed, canvas.x * 3, canvas.y * 7, 4)
    beside = fractal(seed, canvas.x * 3 + np.float32(0.15 * side), canvas.y * 7 - 0.3, 4)
    cover = smoothstep(0.64 - 0.22 * clouds, 0.86 - 0.22 * clouds, billow)
    lit = np.clip(0.8 + 1.4 * (billow - beside), 0.5, 1)
    if not night:
        return mix(mix(ink("4a8bd2"), ink("c4ddf0"), t), ink("ffffff") * lit, cover)
    deep = mix(ink("0b1636"), ink("2b3a66"), t)
    speck = noise(seed + 9, canvas.x * 61, canvas.y * 61)
    deep = deep + 0.5 * smoothstep(0.93, 0.97, speck) * (1 - t)
    return mix(deep, ink("47557f") * lit, 0.85 * cover)


def relight(layers: Layers, above: Floats, night: bool, warmth: float) -> None:
    """Turn matter into what is seen, in place: sun and sky by day; moon, lamps and windows by night."""
    canvas = layers.matter
    if night:
        key, around = ink("7a92d8") * np.float32(0.10), ink("5468b0") * np.float32(0.20)
    else:
        key, around = mix(ink("fffaf0"), ink("ffe2b8"), warmth) * np.float32(1.0), ink("b4caec") * np.float32(0.44)
    light = layers.sun * key + around
    if night:
        light = light + layers.received
    mirrored = above * np.float32(0.55 if night else 0.42)
    seen = canvas.light * light
    canvas.light[:] = seen + layers.glass * mirrored + (layers.given if night else 0)
