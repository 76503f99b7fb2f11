"""The light of a scene: one key light, a bright and a dark half of the surroundings, cast shadows."""

from dataclasses import dataclass
from math import cos, sin, sqrt

import numpy as np

from .noise import Floats
from .painting import Canvas, glow, ink, mix

Vector = tuple[float, float, float]  # to the right, upwards, towards the viewer


@dataclass(frozen=True, kw_only=True)
class Light:
    """Sun or window. Angles in radians; `pitch` is how far the camera looks down."""

    azimuth: float  # where the light comes from: 0 right, pi/2 behind the viewer, pi left
    elevation: float
    warmth: float  # 0 overcast, 1 evening
    softness: float  # width of a shadow's edge, in radii of what casts it
    pitch: float
    ambient: float = 0.45

    @property
    def squeeze(self) -> float:
        """Height over width of a circle lying on the ground."""
        return sin(self.pitch)

    @property
    def colour(self) -> Floats:
        """Of the key light."""
        return mix(ink("fdf9ff"), ink("ffe0b0"), self.warmth) * np.float32(1.15)

    @property
    def sky(self) -> Floats:
        """Of the surroundings above."""
        return mix(ink("dfe8f5"), ink("cfd4ea"), self.warmth) * np.float32(self.ambient)

    @property
    def direction(self) -> Vector:
        """Towards the light, as the camera sees it."""
        flat, up = cos(self.elevation), sin(self.elevation)
        across, near = flat * cos(self.azimuth), flat * sin(self.azimuth)
        c, s = cos(self.pitch), sin(self.pitch)
        return across, up * c - near * s, up * s + near * c

    def diffuse(self, normal: tuple[Floats, Floats, Floats], bounce: Floats) -> Floats:
        """Light that a matt surface receives, (3, h, w); `bounce` is what the ground sends up."""
        nx, ny, nz = normal
        lx, ly, lz = (np.float32(part) for part in self.direction)
        key: Floats = np.clip((nx * lx + ny * ly + nz * lz + 0.12) / 1.12, 0, 1)
        up = ny * np.float32(cos(self.pitch)) + nz * np.float32(sin(self.pitch))
        return key * self.colour + mix(bounce * np.float32(0.6), self.sky, 0.5 + 0.5 * up)

    @property
    def on_ground(self) -> Floats:
        """Light that the open ground receives."""
        return self.colour * np.float32(sin(self.elevation)) + self.sky

    def cast(self, canvas: Canvas, x: float, y: float, r: float, height: float = 1.0, strength: float = 1.0) -> None:
        """Shade the ground below a ball of radius `r` seen at (x, y), standing `height` radii above it."""
        foot = y + height * r * cos(self.pitch)
        view = canvas.around(x, y, 4.5 * r)
        dx = (view.x - np.float32(x)) / np.float32(r)
        dz = (view.y - np.float32(foot)) / np.float32(r * self.squeeze)
        contact = np.exp(-1.6 * (dx * dx + dz * dz))
        away_x, away_z = -cos(self.azimuth), -sin(self.azimuth)
        along = dx * np.float32(away_x) + dz * np.float32(away_z)
        across = dx * np.float32(-away_z) + dz * np.float32(away_x)
        stretch = 1 / sin(self.elevation)
        reach = height * sqrt(stretch**2 - 1)
        far = np.sqrt(((along - np.float32(reach)) / np.float32(stretch)) ** 2 + across**2) - 1
        shade = 0.62 * glow(far, self.softness)
        view.dim(strength * (1 - (1 - shade) * (1 - 0.7 * contact)), tint=self.sky * np.float32(0.12))
