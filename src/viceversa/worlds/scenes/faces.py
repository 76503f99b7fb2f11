"""Neutral and smiling: portraits in which only the expression changes."""

from dataclasses import dataclass
from math import pi

import numpy as np

from .face_body import Backdrop, Clothes, paint_backdrop, paint_clothes, paint_ears, paint_neck
from .face_features import (
    HAIR,
    SKIN,
    Appearance,
    Skin,
    paint_beard,
    paint_brows,
    paint_eyes,
    paint_folds,
    paint_glasses,
    paint_mouth,
    paint_nose,
)
from .face_hair import Hair, paint_hair, paint_hair_behind
from .face_head import Expression, Head, head_surface, normals, skin_colour, skin_light, specular
from .lighting import Light
from .noise import SceneRng
from .painting import Canvas

DOMAINS = ("neutral", "smiling")
LABELS = ("background", "skin", "hair", "brow", "eye", "nose", "mouth", "teeth", "glasses", "clothes")
PALETTE = ("000080", "ffc080", "804000", "00c000", "00ffff", "ff8000", "ff0000", "ffffff", "ff00ff", "0080ff")
CLOTHES = 9

# Skin from pale to dark, each with its colour of lips. Clothes and walls also have the whites of teeth and eyes, so
# that no rule about colour alone can tell what to change.
SKINS = (
    ("f6d7c3", "c9786f"),
    ("efc3a4", "bd6a62"),
    ("e3b08c", "b25f54"),
    ("d29a72", "a5564a"),
    ("b97f58", "94493f"),
    ("a36c4a", "7c3d36"),
    ("84553a", "653030"),
    ("6b4230", "54282a"),
)
DARK_HAIR = ("120d0b", "1d1410", "2b1b13", "1a1515")
FAIR_HAIR = ("3d2617", "5a3820", "7c5230", "a87a45", "cfa766", "e2c893", "8c3c1a", "a8501f")
GREY_HAIR = ("8f8b86", "b9b5af", "dcd9d4")
IRISES = ("3b2415", "4a2f1a", "5d4a24", "4d6b3c", "4f7fa3", "6f93a8", "6b7a80")
CLOTHS = (
    "b02a22",
    "f2ece0",
    "1f3f6f",
    "2f5f3a",
    "e0b040",
    "20242c",
    "7a3f6a",
    "d86a3a",
    "8fb4cc",
    "c98aa0",
    "5a4636",
    "f4f4f6",
)
FRAMES = ("16120f", "5a3418", "b08a3c", "7a1420", "20304a")
WALLS = (
    ("8ea6b4", "4c6272"),
    ("c9b79a", "7e6a50"),
    ("9fb59a", "4f6a52"),
    ("d4c6c0", "8f7c78"),
    ("5e6672", "23272f"),
    ("c46a4a", "6a2f24"),
    ("d8c06a", "7a6a2a"),
    ("7f9fd0", "35507f"),
    ("a48fb4", "554468"),
)
LIPSTICKS = ("a8122a", "c2304a", "8a1c3a", "d0505a")


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """The scene: a person, their clothes, the light and the backdrop, without reference to pixels."""

    light: Light
    backdrop: Backdrop
    head: Head
    appearance: Appearance
    hair: Hair | None
    clothes: Clothes
    smile: Expression


def describe(seed: int) -> Portrait:
    """Generate the scene of a seed."""
    rng = SceneRng(seed)
    light = Light(
        azimuth=pi / 2 + rng.choice((-1.0, 1.0)) * rng.uniform(0.25, 0.85),
        elevation=rng.uniform(0.3, 0.75),
        warmth=rng.uniform(0, 0.9),
        softness=0.5,
        pitch=0.0,
        ambient=rng.uniform(0.38, 0.52),
    )
    wall, far = rng.choice(WALLS)
    backdrop = Backdrop(near=wall, far=far, kind=rng.choice(("wall", "wall", "garden", "lights")), seed=rng.seed())

    feminine, age = rng.chance(0.5), max(0.0, rng.uniform(-0.5, 1.0))
    head = _head(rng, feminine, age)
    tone, lips = rng.choice(SKINS)
    colour = _hair_colour(rng, SKINS.index((tone, lips)) > 3, age)
    hair = _hair(rng, feminine, colour, age)
    appearance = _appearance(rng, feminine, tone, lips, colour)
    clothes = Clothes(
        colour=rng.choice(CLOTHS),
        trim=rng.choice(CLOTHS),
        neck=rng.choice(("round", "round", "v", "collar", "collar", "high")),
        stripes=rng.chance(0.25),
        broad=0.0 if feminine else 0.12,
        seed=rng.seed(),
    )
    return Portrait(
        light=light, backdrop=backdrop, head=head, appearance=appearance, hair=hair, clothes=clothes, smile=_smile(rng)
    )


def _head(rng: SceneRng, feminine: bool, age: float) -> Head:
    tilt = rng.uniform(-0.08, 0.08)
    return Head(
        x=0.5 + rng.uniform(-0.02, 0.02) + 0.25 * tilt,
        y=rng.uniform(0.468, 0.488),
        size=rng.uniform(0.365, 0.39),
        turn=rng.uniform(-0.29, 0.29),
        nod=rng.uniform(-0.05, 0.07),
        tilt=tilt,
        width=rng.uniform(0.66, 0.73),
        jaw=rng.uniform(1.8, 2.25) if feminine else rng.uniform(2.2, 3.1),
        cheeks=rng.uniform(),
        nose_width=rng.uniform(0.085, 0.115) + (0.0 if feminine else 0.012),
        nose_length=rng.uniform(0.32, 0.38),
        eye_gap=rng.uniform(0.285, 0.315),
        eye_width=rng.uniform(0.145, 0.165),
        eye_height=rng.uniform(0.068, 0.088) + (0.006 if feminine else 0.0),
        eye_slant=rng.uniform(-0.04, 0.16),
        brow_height=rng.uniform(-0.20, -0.16),
        mouth_y=rng.uniform(0.575, 0.61),
        mouth_width=rng.uniform(0.245, 0.28),
        upper_lip=rng.uniform(0.048, 0.07),
        lower_lip=rng.uniform(0.068, 0.10),
        age=age,
    )


def _hair_colour(rng: SceneRng, dark: bool, age: float) -> str:
    grey, black, colour = rng.choice(GREY_HAIR), rng.choice(DARK_HAIR), rng.choice(FAIR_HAIR)
    if rng.chance(age - 0.35):
        return grey
    return black if dark or rng.chance(0.25) else colour


def _appearance(rng: SceneRng, feminine: bool, tone: str, lips: str, hair: str) -> Appearance:
    painted = feminine and rng.chance(0.4)
    beard = rng.choice(("none", "none", "stubble", "stubble", "full", "moustache", "goatee"))
    glasses = rng.choice(("round", "square")) if rng.chance(0.25) else "none"
    fair = tone in (SKINS[0][0], SKINS[1][0], SKINS[2][0])
    lipstick, iris, dark_iris = rng.choice(LIPSTICKS), rng.choice(IRISES), rng.choice(IRISES[:3])
    if hair in DARK_HAIR:
        brow = hair
    elif hair in GREY_HAIR:
        brow = "77716a"
    else:
        brow = "4a3424"
    return Appearance(
        skin=tone,
        freckles=rng.uniform(0.3, 0.6) if fair and rng.chance(0.25) else 0.0,
        lips=lipstick if painted else lips,
        paint=rng.uniform(0.6, 1.0) if painted else 0.0,
        iris=iris if fair else dark_iris,
        lashes=rng.uniform(0.5, 1.0) if feminine else rng.uniform(0.0, 0.3),
        gaze=rng.uniform(-0.02, 0.02),
        brow=brow,
        brow_weight=rng.uniform(0.1, 0.55) if feminine else rng.uniform(0.4, 1.0),
        brow_arch=rng.uniform(0.04, 0.085) if feminine else rng.uniform(0.015, 0.05),
        beard="none" if feminine else beard,
        hair=hair,
        glasses=glasses,
        frame=rng.choice(FRAMES),
        seed=rng.seed(),
    )


# crown, sides, line, ends, sweep, length, curl, opacity, bun
CUTS = {
    "crop": (0.09, 0.035, -0.60, 0.02, 0.10, 0.0, 0.1, 1.0, False),
    "buzz": (0.025, 0.015, -0.60, 0.00, 0.02, 0.0, 0.9, 0.8, False),
    "quiff": (0.20, 0.05, -0.62, 0.04, 0.06, 0.0, 0.2, 1.0, False),
    "swept": (0.13, 0.07, -0.60, 0.06, 0.36, 0.0, 0.15, 1.0, False),
    "curls": (0.17, 0.12, -0.52, 0.12, 0.05, 0.0, 0.9, 1.0, False),
    "cloud": (0.30, 0.30, -0.55, 0.40, 0.0, 0.75, 1.0, 1.0, False),
    "bob": (0.12, 0.13, -0.58, 0.95, 0.30, 0.98, 0.1, 1.0, False),
    "fringe": (0.12, 0.12, -0.27, 0.95, 0.0, 1.1, 0.1, 1.0, False),
    "long": (0.11, 0.13, -0.62, 1.00, 0.22, 1.75, 0.15, 1.0, False),
    "waves": (0.14, 0.18, -0.58, 1.00, 0.30, 1.6, 0.45, 1.0, False),
    "bun": (0.06, 0.03, -0.60, 0.04, 0.08, 0.0, 0.05, 1.0, True),
}
SHORT = ("crop", "crop", "buzz", "quiff", "swept", "curls", "bald")
LONG = ("bob", "fringe", "long", "waves", "bun", "cloud", "swept", "long")


def _hair(rng: SceneRng, feminine: bool, colour: str, age: float) -> Hair | None:
    cut = rng.choice(LONG if feminine else SHORT)
    part, recede, seed = rng.choice((-1.0, 1.0)) * rng.uniform(0.15, 0.8), rng.uniform(0, 0.14), rng.seed()
    crown_factor, sides_factor = rng.uniform(0.85, 1.15), rng.uniform(0.85, 1.15)
    if cut == "bald":
        return None

    crown, sides, line, ends, sweep, length, curl, opacity, bun = CUTS[cut]
    return Hair(
        colour=colour,
        crown=crown * crown_factor,
        sides=sides * sides_factor,
        line=line - (0.0 if feminine else recede * age),
        ends=ends,
        part=part,
        sweep=sweep,
        length=length * (0.9 + 0.2 * crown_factor - 0.1) if length else 0.0,
        curl=curl,
        opacity=opacity,
        bun=bun,
        seed=seed,
    )


def _smile(rng: SceneRng) -> Expression:
    """A broad smile, mostly with teeth."""
    gape = rng.uniform(0.12, 0.20) if rng.chance(0.9) else 0.0
    lift = rng.uniform(0.11, 0.15) if gape else 0.15
    return Expression(smile=1.0, lift=lift, gape=gape, squint=rng.uniform(0.6, 1.0))


def paint(scene: Portrait, canvas: Canvas, side: str) -> None:
    """Draw the portrait neutral (side A) or smiling (side B)."""
    head, appearance, light = scene.head, scene.appearance, scene.light
    face = Expression() if side == "A" else scene.smile

    paint_backdrop(canvas, scene.backdrop, light)
    paint_neck(canvas, head, appearance.skin, light, SKIN)
    paint_clothes(canvas, head, scene.clothes, light, CLOTHES)
    if scene.hair:
        paint_hair_behind(canvas, head, scene.hair, light, HAIR)
    paint_ears(canvas, head, appearance.skin, light, SKIN)

    surface = head_surface(canvas, head, face)
    normal = normals(surface)
    skin = Skin(
        surface,
        colour=skin_colour(surface, head, appearance.skin, appearance.freckles, appearance.seed),
        gloss=np.ones_like(surface.coverage),
        shade=np.ones_like(surface.coverage),
    )
    surface.view.labels[surface.coverage > 0.5] = SKIN
    paint_folds(skin, head, face)
    paint_nose(skin, head, light)
    paint_beard(skin, head, appearance, face)
    paint_mouth(skin, head, appearance, face)
    paint_eyes(skin, head, appearance, face, light)
    paint_brows(skin, head, appearance, face)

    gloss = (0.12 * specular(normal, light, 14) + 0.06 * specular(normal, light, 60)) * skin.gloss
    lit = skin.colour * skin_light(normal, light) * skin.shade + gloss * light.colour
    surface.view.paint(lit, surface.coverage)
    paint_glasses(surface, head, appearance, light)
    if scene.hair:
        paint_hair(canvas, head, scene.hair, light, surface, HAIR)
