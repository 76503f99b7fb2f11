"""The light of a scene: one key light, ambient light from above and below, and cast shadows."""

from dataclasses import dataclass
from math import cos, sin, sqrt

import numpy as np

from .noise import Floats
from .painting import Canvas, linear_rgb, mix, soft_mask

Vector = tuple[float, float, float]  # to the right, upwards, towards the viewer


@dataclass(frozen=True, kw_only=True)
class Light:
    """The sun or a window. Angles are in radians; `pitch` is the angle by which the camera looks down."""

    azimuth: float  # where the light comes from: 0 right, pi/2 behind the viewer, pi left
    elevation: float
    warmth: float  # 0 overcast, 1 evening
    softness: float  # width of a shadow's edge, in radii of the object that casts it
    pitch: float
    ambient: float = 0.45

    @property
    def foreshortening(self) -> float:
        """Height over width of a circle that lies on the ground."""
        return sin(self.pitch)

    @property
    def colour(self) -> Floats:
        """Colour of the key light, (3, 1, 1)."""
        return mix(linear_rgb("fdf9ff"), linear_rgb("ffe0b0"), self.warmth) * np.float32(1.15)

    @property
    def sky(self) -> Floats:
        """Colour of the ambient light from above, (3, 1, 1)."""
        return mix(linear_rgb("dfe8f5"), linear_rgb("cfd4ea"), self.warmth) * np.float32(self.ambient)

    @property
    def direction(self) -> Vector:
        """Unit vector towards the light, in camera coordinates."""
        flat, up = cos(self.elevation), sin(self.elevation)
        across, near = flat * cos(self.azimuth), flat * sin(self.azimuth)
        c, s = cos(self.pitch), sin(self.pitch)
        return across, up * c - near * s, up * s + near * c

    def diffuse(self, normal: tuple[Floats, Floats, Floats], bounce: Floats) -> Floats:
        """Light on a matt surface (wrapped Lambert plus ambient), (3, h, w); `bounce` is the light from the ground."""
        nx, ny, nz = normal
        lx, ly, lz = (np.float32(part) for part in self.direction)
        key: Floats = np.clip((nx * lx + ny * ly + nz * lz + 0.12) / 1.12, 0, 1)
        up = ny * np.float32(cos(self.pitch)) + nz * np.float32(sin(self.pitch))
        return key * self.colour + mix(bounce * np.float32(0.6), self.sky, 0.5 + 0.5 * up)

    @property
    def ground_light(self) -> Floats:
        """Light on the open ground, (3, 1, 1)."""
        return self.colour * np.float32(sin(self.elevation)) + self.sky

    def cast_shadow(
        self, canvas: Canvas, x: float, y: float, r: float, height: float = 1.0, strength: float = 1.0
    ) -> None:
        """Darken the ground under a ball of radius `r` at (x, y) whose centre is `height` radii above the ground."""
        foot = y + height * r * cos(self.pitch)
        view = canvas.around(x, y, 4.5 * r)
        dx = (view.x - np.float32(x)) / np.float32(r)
        dz = (view.y - np.float32(foot)) / np.float32(r * self.foreshortening)
        contact = np.exp(-1.6 * (dx * dx + dz * dz))

        away_x, away_z = -cos(self.azimuth), -sin(self.azimuth)
        along = dx * np.float32(away_x) + dz * np.float32(away_z)
        across = dx * np.float32(-away_z) + dz * np.float32(away_x)

        stretch = 1 / sin(self.elevation)
        reach = height * sqrt(stretch**2 - 1)
        distance = np.sqrt(((along - np.float32(reach)) / np.float32(stretch)) ** 2 + across**2) - 1
        shade = 0.62 * soft_mask(distance, self.softness)
        view.dim(strength * (1 - (1 - shade) * (1 - 0.7 * contact)), tint=self.sky * np.float32(0.12))
