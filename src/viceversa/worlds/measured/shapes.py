"""Shapes with an irregular outline."""

from math import pi

import numpy as np

from ..scenes.noise import Floats, SceneRng
from ..scenes.painting import Canvas

Waves = tuple[tuple[float, float], ...]  # amplitude and phase of each


def outline(canvas: Canvas, x: float, y: float, rx: float, ry: float, waves: Waves) -> Floats:
    """Approximate signed distance to an ellipse whose radius varies with the angle.

    The first wave goes once around, the second twice, and so on; amplitudes are shares of the radius.
    """
    dx, dy = (canvas.x - x) / rx, (canvas.y - y) / ry
    angle = np.arctan2(dy, dx)
    radius = np.ones_like(angle)
    for turns, (amplitude, phase) in enumerate(waves, 1):
        if amplitude:
            radius = radius + amplitude * np.cos(turns * angle - phase)
    distance: Floats = (np.hypot(dx, dy) - radius) * (min(rx, ry))
    return distance


def random_waves(rng: SceneRng, *amplitudes: float) -> Waves:
    """Waves for `outline` of random phase, up to these amplitudes."""
    return tuple((rng.uniform(0.3, 1.0) * amplitude, rng.uniform(0, 2 * pi)) for amplitude in amplitudes)
