"""Eyes, brows, nose, mouth, beard and glasses, painted on the skin of a head."""

from dataclasses import dataclass

import numpy as np

from .face_head import Expression, Head, Surface, bump, nasolabial_fold, nose_bridge
from .lighting import Light
from .noise import Floats, fractal_noise, noise, smoothstep
from .painting import linear_rgb, mix

SKIN, HAIR, BROW, EYE, NOSE, MOUTH, TEETH, GLASSES = range(1, 9)


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """Skin, features and accessories of a person; colours are hexadecimal."""

    skin: str
    freckles: float  # opacity
    lips: str
    paint: float  # lipstick, 0 to 1
    iris: str
    lashes: float  # 0 to 1
    gaze: float  # sideways, in head units
    brow: str
    brow_weight: float
    brow_arch: float
    beard: str  # none, stubble, full, moustache, goatee
    hair: str
    glasses: str  # none, round, square
    frame: str
    seed: int


@dataclass
class Skin:
    """Colour (3, h, w) of the skin, its gloss (h, w) and its shade (h, w): the share of the light that reaches it."""

    surface: Surface
    colour: Floats
    gloss: Floats
    shade: Floats

    def paint(self, colour: Floats, mask: Floats, label: int | None = None, gloss: float = 0.0) -> None:
        """Blend a colour and gloss over the skin with opacity `mask`; set `label` where it is above 1/2."""
        self.colour = mix(self.colour, colour, mask)
        self.gloss = mix(self.gloss, np.array(gloss, np.float32), mask)
        if label is not None:
            self.surface.view.labels[(mask > 0.5) & (self.surface.coverage > 0.5)] = label


def paint_nose(skin: Skin, head: Head, light: Light) -> None:
    """Paint the nostrils, the shadow below the tip and the one away from the light."""
    surface = skin.surface
    t, across = nose_bridge(surface, head)
    low, width = head.nose_length, np.float32(head.nose_width)
    outline = np.abs(across) - (0.06 + (width - 0.01) * t**1.5)
    inside = np.maximum(np.maximum(outline, surface.down - np.float32(low + 0.055)), -0.06 - surface.down)
    surface.view.labels[(inside < 0) & (surface.coverage > 0.5)] = NOSE

    below_tip = (surface.down - np.float32(low + 0.075)) / 0.045
    under = np.exp(-((across / np.float32(head.nose_width * 1.2)) ** 2) - below_tip**2)
    skin.shade = skin.shade * (1 - 0.34 * under)
    side = np.float32(light.direction[0])
    along = (surface.down - np.float32(low - 0.01)) / 0.16
    shadow = np.exp(-(((across + 0.15 * side) / 0.075) ** 2) - along**2)
    strength = 0.42 * min(1.0, abs(float(side)) * 1.6)
    skin.shade = skin.shade * (1 - strength * shadow * smoothstep(-0.03, 0.05, -across * np.sign(side)))

    a = (np.abs(across) - np.float32(0.5 * head.nose_width)) / np.float32(0.36 * head.nose_width)
    nostril = a * a + ((surface.down - np.float32(low + 0.035) + 0.25 * (np.abs(across) - 0.06)) / 0.022) ** 2 - 1
    skin.paint(skin.colour * 0.22, 0.8 * smoothstep(0.5, -0.6, nostril))


def paint_folds(skin: Skin, head: Head, face: Expression) -> None:
    """Shade the lines of age and of a smile: nasolabial folds, crow's feet, forehead."""
    surface = skin.surface
    crease = nasolabial_fold(surface, head, face) * np.float32(0.06 + 0.14 * head.age + 0.20 * face.smile)
    crow_feet = bump(surface, head.eye_gap + head.eye_width + 0.06, 0.0, 0.07, 0.06)
    rays = 0.5 + 0.5 * np.cos(120 * (surface.down + 0.5 * (surface.lateral - 0.4) * np.sign(surface.down)))
    crow_feet = crow_feet * rays * np.float32(0.35 * head.age * (0.3 + 0.7 * face.smile))
    waves = 0.5 + 0.5 * np.cos(70 * (surface.down + 0.05 * surface.across**2))
    forehead = bump(surface, 0.0, -0.42, 0.4, 0.1) * waves**3 * np.float32(0.16 * head.age)
    skin.shade = skin.shade * (1 - np.clip(crease + crow_feet + forehead, 0, 0.6))


def paint_eyes(skin: Skin, head: Head, appearance: Appearance, face: Expression, light: Light) -> None:
    """Paint the white, iris, pupil and a highlight between two lids, and the skin and lashes around them."""
    surface = skin.surface
    e = (surface.lateral - np.float32(head.eye_gap)) / np.float32(head.eye_width)
    y = surface.down + np.float32(head.eye_slant) * (surface.lateral - np.float32(head.eye_gap))
    bow = 1 - e * e
    top = -np.float32(head.eye_height * (1 - 0.30 * face.squint)) * np.sign(bow) * np.abs(bow) ** 0.85
    bottom = np.float32(0.62 * head.eye_height * (1 - 0.55 * face.squint)) * bow
    inside = surface.shape_coverage(np.maximum(top - y, y - bottom))

    iris_x = surface.across - np.sign(surface.across) * np.float32(head.eye_gap) - np.float32(appearance.gaze)
    r = np.hypot(iris_x, y + 0.012) / np.float32(0.074)
    white = linear_rgb("ece4de") * (0.80 - 0.25 * e * e) * (1 - 0.45 * smoothstep(0.045, 0.0, y - top))
    iris = linear_rgb(appearance.iris) * (0.75 + 0.7 * smoothstep(-0.02, 0.05, y))
    iris = mix(iris, linear_rgb("0d0a09"), smoothstep(0.72, 1.0, r))
    ball = mix(white, iris, smoothstep(1.1, 0.92, r))
    ball = mix(ball, linear_rgb("060505"), smoothstep(0.5, 0.38, r))

    lid = np.exp(-(((y - top + 0.05) / 0.017) ** 2)) * smoothstep(-0.05, 0.3, bow)
    skin.shade = skin.shade * (1 - 0.35 * lid)
    bag = np.exp(-(((y - bottom - 0.035) / 0.014) ** 2)) * smoothstep(0.0, 0.4, bow)
    skin.shade = skin.shade * (1 - np.float32(0.08 + 0.12 * head.age + 0.22 * face.smile) * bag)
    skin.shade = mix(skin.shade, np.array(1.0, np.float32), inside)
    skin.paint(ball, inside, EYE)

    lashes = np.abs(y - top + 0.006) - np.float32(0.009 + 0.012 * appearance.lashes) * (0.6 + 0.5 * e)
    skin.paint(linear_rgb("120c0a"), 0.9 * surface.shape_coverage(np.maximum(lashes, -bow * 0.1 - 0.012)))
    rim = np.exp(-(((y - bottom - 0.004) / 0.011) ** 2)) * smoothstep(-0.05, 0.3, bow)
    skin.paint(skin.colour * 0.42, (0.45 + 0.3 * appearance.lashes) * rim)
    highlight = np.hypot(iris_x - 0.022 * np.sign(light.direction[0]), y + 0.038) / 0.02
    skin.gloss = mix(skin.gloss, np.array(0.0, np.float32), inside)
    skin.paint(linear_rgb("ffffff") * 1.6, smoothstep(1.2, 0.6, highlight) * inside)


def paint_brows(skin: Skin, head: Head, appearance: Appearance, face: Expression) -> None:
    """Paint two strokes of short hair, thick near the nose and thin at the temples."""
    surface = skin.surface
    t = (surface.lateral - np.float32(head.eye_gap - head.eye_width * 1.05)) / np.float32(head.eye_width * 2.35)
    s = np.clip(t, 0, 1)
    arch = np.float32(appearance.brow_arch) * np.sin(2.4 * s + 0.2)
    middle = np.float32(head.brow_height) - arch + 0.035 * s - 0.008 * face.smile
    half = np.float32(0.020 + 0.026 * appearance.brow_weight) * (1 - 0.72 * s**1.5) * smoothstep(-0.06, 0.12, t + 0 * s)
    comb_x = surface.across * 45 + surface.down * 30 + 30
    comb_y = surface.down * 14 - surface.lateral * 12 + 30
    hairs = noise(appearance.seed + 1, comb_x, comb_y)

    distance = np.maximum(np.abs(surface.down - middle) - half * (0.8 + 0.5 * hairs), (np.abs(t - 0.5) - 0.52) * 0.3)
    mask = smoothstep(0.012, -0.014, distance)
    opacity = np.float32(0.5 + 0.45 * appearance.brow_weight)
    skin.paint(linear_rgb(appearance.brow) * (0.6 + 0.7 * hairs), opacity * mask)
    surface.view.labels[(mask > 0.45) & (surface.coverage > 0.5)] = BROW


def _lip_edges(surface: Surface, head: Head, face: Expression) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """x along the mouth (-1 to 1) and, downwards, the edges of lip, opening, opening and lip."""
    x = surface.across / np.float32(head.mouth_width * (1 + 0.32 * face.smile))
    q = np.clip(1 - x * x, 0, 1)
    middle = np.float32(head.mouth_y) + np.float32(face.lift) * (0.35 - np.abs(np.clip(x, -1.3, 1.3)) ** 1.8)
    middle = middle + 0.012 * (1 - np.float32(face.smile)) * (np.exp(-((x / 0.22) ** 2)) - 0.4)
    upper = np.float32(head.upper_lip * (1 - 0.3 * face.smile))
    lower = np.float32(head.lower_lip * (1 - 0.2 * face.smile))
    bow = 1 - 0.30 * np.exp(-((x / 0.12) ** 2)) + 0.12 * np.exp(-(((np.abs(x) - 0.28) / 0.16) ** 2))
    below = middle + np.float32(face.gape) * q**0.8
    return x, middle - upper * q**0.75 * bow, middle, below, below + lower * q**0.8


def paint_mouth(skin: Skin, head: Head, appearance: Appearance, face: Expression) -> None:
    """Paint the lips, and in a smile the teeth between them."""
    surface = skin.surface
    x, top, upper, lower, bottom = _lip_edges(surface, head, face)
    y, sides = surface.down, (np.abs(x) - 1.02) * 0.25
    lips = surface.shape_coverage(np.maximum(np.maximum(top - y, y - bottom), sides))
    tint = mix(linear_rgb(appearance.skin), linear_rgb(appearance.lips), 0.65 + 0.35 * appearance.paint)
    height = np.clip((y - lower) / np.maximum(bottom - lower, 0.01), 0, 1)
    tone = np.where(y < upper, 0.72, 0.86 + 0.3 * np.sin(np.float32(np.pi) * np.clip(height * 0.9 + 0.05, 0, 1)))
    grooves = 0.95 + 0.1 * noise(appearance.seed + 2, x * 22 + 30, y * 3 + 30)
    skin.paint(tint * tone.astype(np.float32) * grooves, lips * np.float32(0.72 + 0.25 * appearance.paint), MOUTH)
    gleam = np.exp(-(((height - 0.42) / 0.22) ** 2) - (x / 0.45) ** 2) * (y > lower)
    skin.colour = skin.colour + 0.10 * (0.4 + appearance.paint) * gleam * lips
    if face.gape:
        _paint_teeth(skin, head, face, x, upper, lower)

    seam = np.exp(-(((y - upper) / 0.011) ** 2)) * smoothstep(1.04, 0.9, np.abs(x))
    skin.paint(tint * 0.22, (0.75 if face.gape == 0 else 0.3) * seam)
    corner_y = np.float32(head.mouth_y - 0.65 * face.lift)
    from_corner = np.hypot((np.abs(x) - 1.02) * np.float32(head.mouth_width), y - corner_y)
    skin.shade = skin.shade * (1 - np.float32(0.28 + 0.2 * face.smile) * np.exp(-((from_corner / 0.035) ** 2)))
    under = np.exp(-(((y - bottom - 0.03) / 0.03) ** 2)) * smoothstep(1.0, 0.2, np.abs(x))
    skin.shade = skin.shade * (1 - 0.24 * under)


def _paint_teeth(skin: Skin, head: Head, face: Expression, x: Floats, upper: Floats, lower: Floats) -> None:
    """Paint the dark opening of the mouth and the row of upper teeth in it."""
    surface, y = skin.surface, skin.surface.down
    opening = surface.shape_coverage(np.maximum(np.maximum(upper - y, y - lower), (np.abs(x) - 1.0) * 0.25))
    skin.paint(linear_rgb("35100e"), opening, MOUTH)

    wave = np.abs(np.sin(np.float32(np.pi) * x * 4.5))  # the gaps between the teeth
    length = np.float32(min(0.115, 0.8 * face.gape)) * (1 - 0.35 * x * x) - 0.012 * (1 - wave) ** 2
    row = surface.shape_coverage(
        np.maximum(np.maximum(upper - 0.004 - y, y - upper - length), (np.abs(x) - 0.88) * 0.25)
    )
    enamel = linear_rgb("f6f0e6") * (1.22 - 0.6 * x * x) * (1 - 0.22 * (1 - wave) ** 4)
    enamel = enamel * (1 - 0.35 * np.exp(-(((y - upper) / 0.018) ** 2)))
    skin.paint(enamel, row * opening, TEETH)
    skin.shade = mix(skin.shade, np.array(0.95, np.float32), opening)


def paint_beard(skin: Skin, head: Head, appearance: Appearance, face: Expression) -> None:
    """Paint stubble, a full beard, moustache or goatee; the beard moves with the mouth."""
    if appearance.beard == "none":
        return

    surface = skin.surface
    x, top, _, _, bottom = _lip_edges(surface, head, face)
    a, y = surface.lateral, surface.down
    cheek = y - (0.60 - 0.10 * face.smile * bump(surface, 0.35, 0.4, 0.15, 0.2) - 0.62 * smoothstep(0.22, 0.74, a))
    half = np.float32(head.mouth_width * (1.15 + 0.3 * face.smile))
    moustache = np.maximum(np.abs(y - (top - 0.045) - 0.12 * a) - 0.042, a - half)
    goatee = np.hypot(a / 0.26, (y - np.float32(head.mouth_y + 0.21)) / 0.21) * 0.24 - 0.24
    shapes = {
        "stubble": np.minimum(-cheek, moustache),
        "full": np.minimum(-cheek, moustache),
        "moustache": moustache,
        "goatee": np.minimum(goatee, moustache),
    }

    curls = fractal_noise(appearance.seed + 4, surface.across * 30 + 30, y * 18 + 30, 2)
    mask = smoothstep(0.035, -0.045, shapes[appearance.beard] + 0.05 * (curls - 0.5))
    mouth = np.maximum(np.maximum(top - 0.012 - y, y - bottom - 0.012), (np.abs(x) - 1.0) * 0.25)
    mask = mask * smoothstep(-0.012, 0.012, mouth)
    density = 0.42 if appearance.beard == "stubble" else 0.95
    skin.paint(linear_rgb(appearance.hair) * (0.45 + 0.9 * curls), np.float32(density) * mask * (0.6 + 0.4 * curls))
    if density > 0.5:
        surface.view.labels[(mask > 0.5) & (surface.coverage > 0.5)] = HAIR


def paint_glasses(surface: Surface, head: Head, appearance: Appearance, light: Light) -> None:
    """Paint the frames, the bridge, the arms towards the ears, their shadow and a faint reflection."""
    if appearance.glasses == "none":
        return

    view = surface.view
    a = (surface.lateral - np.float32(head.eye_gap + 0.01)) / 0.205
    b = (surface.down - 0.03) / 0.165
    power = 2.0 if appearance.glasses == "round" else 4.0
    ring = ((np.abs(a) ** power + np.abs(b) ** power) ** (1 / power) - 1) * np.float32(0.175)
    shadow = smoothstep(0.05, 0.0, np.abs(ring + 0.0 * a) + 0.03 * (b < 0))
    view.dim(0.22 * shadow * surface.coverage)
    flare = smoothstep(0.12, 0.0, np.abs(a - 0.6 * b - 0.3)) * 0.10 + 0.03
    view.paint(light.sky * 2, view.coverage(ring * np.float32(surface.size)) * flare * surface.coverage)

    bridge = np.abs(surface.down + 0.035 + 0.9 * surface.lateral**2) - 0.018
    bridge = np.maximum(bridge, surface.lateral - np.float32(head.eye_gap - 0.18))
    arm = np.maximum(np.abs(surface.down + 0.01) - 0.018, np.float32(head.eye_gap + 0.2) - surface.lateral)
    rim = np.minimum(np.minimum(np.abs(ring) - 0.019, bridge), arm)
    mask = view.coverage(rim * np.float32(surface.size)) * surface.coverage
    tone = 0.6 + 0.7 * smoothstep(0.02, -0.02, ring + 0.01)
    view.paint(linear_rgb(appearance.frame) * tone * light.ground_light, mask, GLASSES)
