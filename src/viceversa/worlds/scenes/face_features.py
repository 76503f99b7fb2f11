"""Eyes, brows, nose, mouth, beard and glasses, laid onto the skin of a head."""

from dataclasses import dataclass

import numpy as np

from .face_head import Expression, Head, Surface, bridge, bump, fold
from .lighting import Light
from .noise import Floats, fractal, noise, smoothstep
from .painting import ink, mix

SKIN, HAIR, BROW, EYE, NOSE, MOUTH, TEETH, GLASSES = range(1, 9)


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Colours and habits, in which no two faces are alike."""

    skin: str
    freckles: float
    lips: str
    paint: float  # lipstick, 0 to 1
    iris: str
    lashes: float
    gaze: float
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
    """What covers a head: its own colour, the gloss on it, and how much light reaches it."""

    ground: Surface
    colour: Floats
    gloss: Floats
    shade: Floats

    def lay(self, colour: Floats, mask: Floats, label: int | None = None, gloss: float = 0.0) -> None:
        """Another colour, as far as `mask` says."""
        self.colour = mix(self.colour, colour, mask)
        self.gloss = mix(self.gloss, np.array(gloss, np.float32), mask)
        if label is not None:
            self.ground.view.labels[(mask > 0.5) & (self.ground.cover > 0.5)] = label


def lay_nose(skin: Skin, head: Head, light: Light) -> None:
    """Nostrils, the shadow below the tip and the one away from the light."""
    ground = skin.ground
    t, beside = bridge(ground, head)
    low = head.nose_length
    side = np.float32(light.direction[0])
    outline = np.abs(beside) - (0.06 + (np.float32(head.nose_width) - 0.01) * t**1.5)
    inside = np.maximum(np.maximum(outline, ground.down - np.float32(low + 0.055)), -0.06 - ground.down)
    ground.view.labels[(inside < 0) & (ground.cover > 0.5)] = NOSE
    under = np.exp(
        -((beside / np.float32(head.nose_width * 1.2)) ** 2) - ((ground.down - np.float32(low + 0.075)) / 0.045) ** 2
    )
    skin.shade = skin.shade * (1 - 0.34 * under)
    fallen = np.exp(-(((beside + 0.15 * side) / 0.075) ** 2) - ((ground.down - np.float32(low - 0.01)) / 0.16) ** 2)
    skin.shade = skin.shade * (
        1 - 0.42 * min(1.0, abs(float(side)) * 1.6) * fallen * smoothstep(-0.03, 0.05, -beside * np.sign(side))
    )
    a = (np.abs(beside) - np.float32(0.5 * head.nose_width)) / np.float32(0.36 * head.nose_width)
    hole = a * a + ((ground.down - np.float32(low + 0.035) + 0.25 * (np.abs(beside) - 0.06)) / 0.022) ** 2 - 1
    skin.lay(skin.colour * 0.22, 0.8 * smoothstep(0.5, -0.6, hole))


def lay_folds(skin: Skin, head: Head, face: Expression) -> None:
    """Lines that age and a smile draw."""
    ground = skin.ground
    crease = fold(ground, head, face) * np.float32(0.06 + 0.14 * head.age + 0.20 * face.smile)
    crow = bump(ground, head.eye_gap + head.eye_width + 0.06, 0.0, 0.07, 0.06)
    rays = 0.5 + 0.5 * np.cos(120 * (ground.down + 0.5 * (ground.apart - 0.4) * np.sign(ground.down)))
    crow = crow * rays * np.float32(0.35 * head.age * (0.3 + 0.7 * face.smile))
    waves = 0.5 + 0.5 * np.cos(70 * (ground.down + 0.05 * ground.across**2))
    front = bump(ground, 0.0, -0.42, 0.4, 0.1) * waves**3 * np.float32(0.16 * head.age)
    skin.shade = skin.shade * (1 - np.clip(crease + crow + front, 0, 0.6))


def lay_eyes(skin: Skin, head: Head, looks: Looks, face: Expression, light: Light) -> None:
    """White, iris, pupil and a spark of the light, between two lids."""
    ground = skin.ground
    e = (ground.apart - np.float32(head.eye_gap)) / np.float32(head.eye_width)
    y = ground.down + np.float32(head.eye_slant) * (ground.apart - np.float32(head.eye_gap))
    bow = 1 - e * e
    top = -np.float32(head.eye_height * (1 - 0.30 * face.squint)) * np.sign(bow) * np.abs(bow) ** 0.85
    bottom = np.float32(0.62 * head.eye_height * (1 - 0.55 * face.squint)) * bow
    inside = ground.share(np.maximum(top - y, y - bottom))
    sx = ground.across - np.sign(ground.across) * np.float32(head.eye_gap) - np.float32(looks.gaze)
    r = np.hypot(sx, y + 0.012) / np.float32(0.074)
    white = ink("ece4de") * (0.80 - 0.25 * e * e) * (1 - 0.45 * smoothstep(0.045, 0.0, y - top))
    ring = mix(ink(looks.iris) * (0.75 + 0.7 * smoothstep(-0.02, 0.05, y)), ink("0d0a09"), smoothstep(0.72, 1.0, r))
    ball = mix(white, ring, smoothstep(1.1, 0.92, r))
    ball = mix(ball, ink("060505"), smoothstep(0.5, 0.38, r))
    lid = np.exp(-(((y - top + 0.05) / 0.017) ** 2)) * smoothstep(-0.05, 0.3, bow)
    skin.shade = skin.shade * (1 - 0.35 * lid)
    bag = np.exp(-(((y - bottom - 0.035) / 0.014) ** 2)) * smoothstep(0.0, 0.4, bow)
    skin.shade = skin.shade * (1 - np.float32(0.08 + 0.12 * head.age + 0.22 * face.smile) * bag)
    skin.shade = mix(skin.shade, np.array(1.0, np.float32), inside)
    skin.lay(ball, inside, EYE)
    line = np.abs(y - top + 0.006) - np.float32(0.009 + 0.012 * looks.lashes) * (0.6 + 0.5 * e)
    skin.lay(ink("120c0a"), 0.9 * ground.share(np.maximum(line, -bow * 0.1 - 0.012)))
    rim = np.exp(-(((y - bottom - 0.004) / 0.011) ** 2)) * smoothstep(-0.05, 0.3, bow)
    skin.lay(skin.colour * 0.42, (0.45 + 0.3 * looks.lashes) * rim)
    spark = np.hypot(sx - 0.022 * np.sign(light.direction[0]), y + 0.038) / 0.02
    skin.gloss = mix(skin.gloss, np.array(0.0, np.float32), inside)
    skin.lay(ink("ffffff") * 1.6, smoothstep(1.2, 0.6, spark) * inside)


def lay_brows(skin: Skin, head: Head, looks: Looks, face: Expression) -> None:
    """Two strokes of short hair, thick inside, thin outside."""
    ground = skin.ground
    t = (ground.apart - np.float32(head.eye_gap - head.eye_width * 1.05)) / np.float32(head.eye_width * 2.35)
    s = np.clip(t, 0, 1)
    middle = (
        np.float32(head.brow_height)
        - np.float32(looks.brow_arch) * np.sin(2.4 * s + 0.2)
        + 0.035 * s
        - 0.008 * face.smile
    )
    half = np.float32(0.020 + 0.026 * looks.brow_weight) * (1 - 0.72 * s**1.5) * smoothstep(-0.06, 0.12, t + 0 * s)
    hairs = noise(looks.seed + 1, ground.across * 45 + ground.down * 30 + 30, ground.down * 14 - ground.apart * 12 + 30)
    distance = np.maximum(np.abs(ground.down - middle) - half * (0.8 + 0.5 * hairs), (np.abs(t - 0.5) - 0.52) * 0.3)
    mask = smoothstep(0.012, -0.014, distance)
    skin.lay(ink(looks.brow) * (0.6 + 0.7 * hairs), np.float32(0.5 + 0.45 * looks.brow_weight) * mask)
    ground.view.labels[(mask > 0.45) & (ground.cover > 0.5)] = BROW


def lips(ground: Surface, head: Head, face: Expression) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """x along the mouth (-1 to 1) and the four edges downwards: lip, opening, opening, lip."""
    x = ground.across / np.float32(head.mouth_width * (1 + 0.32 * face.smile))
    q = np.clip(1 - x * x, 0, 1)
    middle = np.float32(head.mouth_y) + np.float32(face.lift) * (0.35 - np.abs(np.clip(x, -1.3, 1.3)) ** 1.8)
    middle = middle + 0.012 * (1 - np.float32(face.smile)) * (np.exp(-((x / 0.22) ** 2)) - 0.4)
    upper = np.float32(head.upper_lip * (1 - 0.3 * face.smile))
    lower = np.float32(head.lower_lip * (1 - 0.2 * face.smile))
    bow = 1 - 0.30 * np.exp(-((x / 0.12) ** 2)) + 0.12 * np.exp(-(((np.abs(x) - 0.28) / 0.16) ** 2))
    below = middle + np.float32(face.gape) * q**0.8
    return x, middle - upper * q**0.75 * bow, middle, below, below + lower * q**0.8


def lay_mouth(skin: Skin, head: Head, looks: Looks, face: Expression) -> None:
    """Lips, and in a smile the teeth between them."""
    ground = skin.ground
    x, top, upper, lower, bottom = lips(ground, head, face)
    y, sides = ground.down, (np.abs(x) - 1.02) * 0.25
    red = ground.share(np.maximum(np.maximum(top - y, y - bottom), sides))
    tint = mix(ink(looks.skin), ink(looks.lips), 0.65 + 0.35 * looks.paint)
    height = np.clip((y - lower) / np.maximum(bottom - lower, 0.01), 0, 1)
    tone = np.where(y < upper, 0.72, 0.86 + 0.3 * np.sin(np.float32(np.pi) * np.clip(height * 0.9 + 0.05, 0, 1)))
    grooves = 0.95 + 0.1 * noise(looks.seed + 2, x * 22 + 30, y * 3 + 30)
    skin.lay(tint * tone.astype(np.float32) * grooves, red * np.float32(0.72 + 0.25 * looks.paint), MOUTH)
    gleam = np.exp(-(((height - 0.42) / 0.22) ** 2) - (x / 0.45) ** 2) * (y > lower)
    skin.colour = skin.colour + 0.10 * (0.4 + looks.paint) * gleam * red
    if face.gape:
        _lay_teeth(skin, head, face, x, upper, lower)
    seam = np.exp(-(((y - upper) / 0.011) ** 2)) * smoothstep(1.04, 0.9, np.abs(x))
    skin.lay(tint * 0.22, (0.75 if face.gape == 0 else 0.3) * seam)
    ends = np.hypot(
        (np.abs(x) - 1.02) * np.float32(head.mouth_width), y - (np.float32(head.mouth_y - 0.65 * face.lift))
    )
    skin.shade = skin.shade * (1 - np.float32(0.28 + 0.2 * face.smile) * np.exp(-((ends / 0.035) ** 2)))
    under = np.exp(-(((y - bottom - 0.03) / 0.03) ** 2)) * smoothstep(1.0, 0.2, np.abs(x))
    skin.shade = skin.shade * (1 - 0.24 * under)


def _lay_teeth(skin: Skin, head: Head, face: Expression, x: Floats, upper: Floats, lower: Floats) -> None:
    ground, y = skin.ground, skin.ground.down
    gap = ground.share(np.maximum(np.maximum(upper - y, y - lower), (np.abs(x) - 1.0) * 0.25))
    skin.lay(ink("35100e"), gap, MOUTH)
    wave = np.abs(np.sin(np.float32(np.pi) * x * 4.5))  # the gaps between the teeth
    long = np.float32(min(0.115, 0.8 * face.gape)) * (1 - 0.35 * x * x) - 0.012 * (1 - wave) ** 2
    row = ground.share(np.maximum(np.maximum(upper - 0.004 - y, y - upper - long), (np.abs(x) - 0.88) * 0.25))
    pearl = ink("f6f0e6") * (1.22 - 0.6 * x * x) * (1 - 0.22 * (1 - wave) ** 4)
    pearl = pearl * (1 - 0.35 * np.exp(-(((y - upper) / 0.018) ** 2)))
    skin.lay(pearl, row * gap, TEETH)
    skin.shade = mix(skin.shade, np.array(0.95, np.float32), gap)


def lay_beard(skin: Skin, head: Head, looks: Looks, face: Expression) -> None:
    """Stubble, moustache, goatee or all of it, moving with the mouth."""
    if looks.beard == "none":
        return
    ground = skin.ground
    x, top, _, _, bottom = lips(ground, head, face)
    a, y = ground.apart, ground.down
    cheek = y - (0.60 - 0.10 * face.smile * bump(ground, 0.35, 0.4, 0.15, 0.2) - 0.62 * smoothstep(0.22, 0.74, a))
    lip = np.maximum(
        np.abs(y - (top - 0.045) - 0.12 * a) - 0.042, a - np.float32(head.mouth_width * (1.15 + 0.3 * face.smile))
    )
    goatee = np.hypot(a / 0.26, (y - np.float32(head.mouth_y + 0.21)) / 0.21) * 0.24 - 0.24
    shapes = {"stubble": np.minimum(-cheek, lip), "full": np.minimum(-cheek, lip), "moustache": lip,
              "goatee": np.minimum(goatee, lip)}  # fmt: skip
    curls = fractal(looks.seed + 4, ground.across * 30 + 30, y * 18 + 30, 2)
    mask = smoothstep(0.035, -0.045, shapes[looks.beard] + 0.05 * (curls - 0.5))
    free = np.maximum(np.maximum(top - 0.012 - y, y - bottom - 0.012), (np.abs(x) - 1.0) * 0.25)
    mask = mask * smoothstep(-0.012, 0.012, free)
    thick = 0.42 if looks.beard == "stubble" else 0.95
    skin.lay(ink(looks.hair) * (0.45 + 0.9 * curls), np.float32(thick) * mask * (0.6 + 0.4 * curls))
    if thick > 0.5:
        ground.view.labels[(mask > 0.5) & (ground.cover > 0.5)] = HAIR


def paint_glasses(ground: Surface, head: Head, looks: Looks, light: Light) -> None:
    """Frames, the bridge, the arms towards the ears and a breath of reflection."""
    if looks.glasses == "none":
        return
    view = ground.view
    a, b = (ground.apart - np.float32(head.eye_gap + 0.01)) / 0.205, (ground.down - 0.03) / 0.165
    power = 2.0 if looks.glasses == "round" else 4.0
    ring = ((np.abs(a) ** power + np.abs(b) ** power) ** (1 / power) - 1) * np.float32(0.175)
    shadow = smoothstep(0.05, 0.0, np.abs(ring + 0.0 * a) + 0.03 * (b < 0))
    view.dim(0.22 * shadow * ground.cover)
    flare = smoothstep(0.12, 0.0, np.abs(a - 0.6 * b - 0.3)) * 0.10 + 0.03
    view.paint(light.sky * 2, view.cover(ring * np.float32(ground.size)) * flare * ground.cover)
    arch = np.maximum(
        np.abs(ground.down + 0.035 + 0.9 * ground.apart**2) - 0.018, ground.apart - np.float32(head.eye_gap - 0.18)
    )
    arm = np.maximum(np.abs(ground.down + 0.01) - 0.018, np.float32(head.eye_gap + 0.2) - ground.apart)
    rim = np.minimum(np.minimum(np.abs(ring) - 0.019, arch), arm)
    mask = view.cover(rim * np.float32(ground.size)) * ground.cover
    tone = 0.6 + 0.7 * smoothstep(0.02, -0.02, ring + 0.01)
    view.paint(ink(looks.frame) * tone * light.on_ground, mask, GLASSES)
