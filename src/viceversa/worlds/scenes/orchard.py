"""Apples and oranges: still lifes in which only the fruit changes."""

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

import numpy as np

from .fruit import Fruit, paint_apple, paint_orange, stamp, tilt
from .grounds import Ground
from .lighting import Light
from .noise import SceneRng, noise
from .painting import Canvas, ellipse, glow, ink, mix
from .plants import Flower, Leaf, paint_flower, paint_leaf, paint_twig
from .vessels import Bowl, Cup, paint_bowl_back, paint_bowl_front, paint_cup

DOMAINS = ("apples", "oranges")
LABELS = ("background", "ground", "fruit", "vessel", "leaf", "flower", "branch")
PALETTE = ("000080", "0080ff", "ff0000", "00ffff", "40c000", "ff60ff", "ffc000")
BACKGROUND, GROUND, FRUIT, VESSEL, LEAF, FLOWER, BRANCH = range(7)

# Colours of apples and of oranges on things that are neither: no rule about colour alone can tell what to change.
CLOTHS = (("f6ecd8", "a80c18"), ("f6cc5a", "a8101c"), ("a00e1a", "eca02c"), ("f4f2ea", "1f4f9a"), ("f4e49a", "3f8a1f"),
          ("f2b43a", "d8560a"), ("2f5f1c", "b8141c"), ("e07a10", "6a0a14"))  # fmt: skip
WOODS = (("2c1808", "b07a34"), ("9a6a2c", "eec272"), ("5a0a10", "bc202a"), ("a4500f", "f4982c"), ("1f5f66", "6fc0c0"),
         ("2a5a14", "8ab83a"))  # fmt: skip
TILES = (("7a2c1a", "d0622c"), ("8a1418", "c8281c"), ("164a7a", "8fd0ea"), ("e8961c", "f8d048"))
GRASSES = (("1a420a", "78b42a"), ("205010", "90c038"), ("33501a", "a8b83c"))
GROUNDS = {"wood": WOODS, "cloth": CLOTHS, "tiles": TILES, "grass": GRASSES}
GLAZES = ("a00e1e", "c22626", "f08a1c", "f2ecdc", "f0c02a", "3f8a24", "f4d24a", "1f5fa0")
FALLEN = ("a3201e", "b32a22", "ee8c20", "f09a28", "8f1c20", "8a5a2a")
GREENS = ("3f6b22", "56822c", "2f5a24", "6f9434")
GARDENS = ("8fc84a", "a8d8f6", "f6c84a", "f0a030")
SPARKS = ("f6ecc0", "b9c870", "6f8f3c", "f08a1c", "b0202a", "dfe8ee")
PETALS = ("b01c2c", "f0881a", "f2ecdc", "f0b428", "d8447a")


@dataclass(frozen=True, kw_only=True)
class Orchard:
    """What stands where, in numbers that know no pixels."""

    light: Light
    ground: Ground | None  # none on the tree
    backdrop: tuple[str, str]
    fruits: tuple[Fruit, ...]
    cups: tuple[Cup, ...]
    bowl: Bowl | None
    leaves: tuple[Leaf, ...]  # lying on the ground, or behind the fruit on the tree
    flowers: tuple[Flower, ...]
    sprigs: tuple[Leaf, ...]  # in front of the fruit
    seed: int


def describe(seed: int) -> Orchard:
    """The scene of a seed."""
    rng = SceneRng(seed)
    setting = rng.pick(("table", "table", "table", "grass", "bowl", "bowl", "tree"))
    if setting == "tree":
        return _tree(rng)
    low = setting == "table" and rng.chance(0.45)
    light = _daylight(rng, rng.real(0.32, 0.45) if low else rng.real(0.65, 1.15))
    material = "grass" if setting == "grass" else rng.pick(("wood", "cloth", "cloth", "tiles"))
    ground = Ground(
        material=material,
        colours=rng.pick(GROUNDS[material]),
        turn=rng.real(-0.7, 0.7),
        scale=rng.real(3.5, 6.5),
        horizon=rng.real(0.2, 0.34) if low else -1,
        seed=rng.seed(),
    )
    bowl = _bowl(rng, light) if setting == "bowl" else None
    fruits = _heap(rng, bowl) if bowl else _scatter(rng, 0.46 if low else 0.0)
    top = 0.42 if low else 0.08
    fallen = rng.whole(8, 20) if material == "grass" else rng.whole(1, 7)
    return Orchard(
        light=light,
        ground=ground,
        backdrop=(rng.pick(GLAZES), rng.pick(GLAZES)),
        fruits=fruits,
        cups=_cups(rng, light, fruits, bowl, top),
        bowl=bowl,
        leaves=tuple(_leaf(rng, rng.real(), rng.real(top, 1), FALLEN) for _ in range(fallen)),
        flowers=tuple(_flower(rng, top) for _ in range(rng.whole(2, 7) if material == "grass" else rng.whole(0, 2))),
        sprigs=tuple(_sprig(rng, f) for f in fruits if rng.chance(0.45)),
        seed=rng.seed(),
    )


def _daylight(rng: SceneRng, pitch: float) -> Light:
    return Light(
        azimuth=rng.pick((0.35, pi - 0.35)) + rng.real(-0.55, 0.75),
        elevation=rng.real(0.6, 1.0),
        warmth=rng.real(0, 0.8),
        softness=rng.real(0.25, 0.7),
        pitch=pitch,
    )


def _fruit(rng: SceneRng, x: float, y: float, r: float, ripeness: float) -> Fruit:
    axis = tilt(rng.real(-0.8, 0.8), rng.real(0.1, 1.1))
    own = min(1.0, max(0.0, ripeness + rng.real(-0.15, 0.15)))
    return Fruit(x=x, y=y, r=r * rng.real(0.93, 1.07), axis=axis, ripeness=own, seed=rng.seed())


def _scatter(rng: SceneRng, top: float) -> tuple[Fruit, ...]:
    """One to six fruits, apart from each other as far as there is room."""
    count = rng.pick((1, 2, 2, 3, 3, 3, 4, 5, 6))
    r = {1: 0.34, 2: 0.265, 3: 0.22, 4: 0.195, 5: 0.175, 6: 0.16}[count] * rng.real(0.9, 1.1)
    ripeness = rng.real(0.35, 0.95)
    placed: list[Fruit] = []
    for attempt in range(200):
        x, y = rng.real(0.75 * r, 1 - 0.75 * r), rng.real(max(top, 0.75 * r), 1 - 0.8 * r)
        near = (1.9 - 0.004 * attempt) * r
        if all((x - f.x) ** 2 + (y - f.y) ** 2 > near * near for f in placed):
            placed.append(_fruit(rng, x, y, r, ripeness))
        if len(placed) == count:
            break
    return tuple(sorted(placed, key=lambda f: f.y + f.r))


def _bowl(rng: SceneRng, light: Light) -> Bowl:
    return Bowl(
        x=rng.real(0.42, 0.58),
        y=rng.real(0.48, 0.58),
        r=rng.real(0.38, 0.48),
        depth=0.34 * cos(light.pitch) * rng.real(0.8, 1.2),
        wicker=rng.chance(0.5),
        colour=rng.pick(GLAZES),
        band=rng.pick(GLAZES),
        seed=rng.seed(),
    )


def _heap(rng: SceneRng, bowl: Bowl) -> tuple[Fruit, ...]:
    """Fruits that fill a bowl, back ones first."""
    count, ripeness = rng.whole(3, 6), rng.real(0.35, 0.95)
    r = bowl.r * {3: 0.51, 4: 0.47, 5: 0.43, 6: 0.4}[count]
    start = rng.real(0, 2 * pi)
    spots = [(start + 2 * pi * i / (count - (count > 4)), 0.56) for i in range(count - (count > 4))]
    spots += [(0.0, 0.0)] if count > 4 else []
    across, away = bowl.r, 0.45 * bowl.r
    fruits = [
        _fruit(rng, bowl.x + far * across * cos(a), bowl.y - 0.25 * r + far * away * sin(a), r, ripeness)
        for a, far in spots
    ]
    return tuple(sorted(fruits, key=lambda f: f.y))


def _cups(rng: SceneRng, light: Light, fruits: tuple[Fruit, ...], bowl: Bowl | None, top: float) -> tuple[Cup, ...]:
    cups: list[Cup] = []
    for _ in range(rng.whole(0, 12)):
        x, y, r = rng.real(0.02, 0.98), rng.real(top, 1.0), rng.real(0.08, 0.13)
        colour, band, height = rng.pick(GLAZES), rng.pick(GLAZES), 2.2 * r * cos(light.pitch)
        free = all((x - f.x) ** 2 + (y - f.y) ** 2 > (0.9 * r + f.r) ** 2 for f in fruits)
        outside = bowl is None or (x - bowl.x) ** 2 + (y - bowl.y - 0.1) ** 2 > (bowl.r + r) ** 2
        if free and outside and len(cups) < 2:
            cups.append(Cup(x=x, y=y, r=r, height=height, colour=colour, band=band))
    return tuple(cups)


def _leaf(rng: SceneRng, x: float, y: float, colours: tuple[str, ...]) -> Leaf:
    length, turn = rng.real(0.12, 0.26), rng.real(0, 2 * pi)
    return Leaf(x=x, y=y, length=length, turn=turn, bend=rng.real(-0.4, 0.4), colour=rng.pick(colours))


def _sprig(rng: SceneRng, fruit: Fruit) -> Leaf:
    """A leaf still on the stalk."""
    ax, ay, _ = fruit.axis
    x, y = fruit.x + 0.88 * ax * fruit.r, fruit.y - 0.88 * ay * fruit.r
    turn = rng.pick((-0.35, pi + 0.35)) + rng.real(-0.4, 0.4)
    length = fruit.r * rng.real(0.6, 0.95)
    return Leaf(x=x, y=y, length=length, turn=turn, bend=rng.real(-0.5, 0.5), colour=rng.pick(GREENS))


def _flower(rng: SceneRng, top: float) -> Flower:
    x, y, r = rng.real(), rng.real(top, 1), rng.real(0.03, 0.075)
    petals, turn = rng.whole(5, 9), rng.real(0, 1)
    return Flower(x=x, y=y, r=r, petals=petals, turn=turn, colour=rng.pick(PETALS), heart=rng.pick(PETALS))


def _tree(rng: SceneRng) -> Orchard:
    """Fruit hanging among leaves, the far garden out of focus."""
    light = _daylight(rng, 0.1)
    fruits = []
    for f in _scatter(rng, 0.3):
        axis = tilt(rng.real(-0.3, 0.3), rng.real(0.0, 0.5))
        fruits.append(Fruit(x=f.x, y=f.y, r=f.r, axis=axis, ripeness=f.ripeness, seed=f.seed))
    behind = [_leaf(rng, rng.real(-0.05, 1.05), rng.real(-0.1, 0.75), GREENS) for _ in range(16)]
    before = [_sprig(rng, f) for f in fruits for _ in range(2)]
    return Orchard(
        light=light,
        ground=None,
        backdrop=(rng.pick(GARDENS), rng.pick(("1f4a18", "9c1c20", "3f7f24"))),
        fruits=tuple(fruits),
        cups=(),
        bowl=None,
        leaves=tuple(behind),
        flowers=(),
        sprigs=tuple(before),
        seed=rng.seed(),
    )


def paint(scene: Orchard, canvas: Canvas, side: str) -> None:
    """Draw the scene with apples (side A) or oranges (side B)."""
    light, skin = scene.light, paint_apple if side == "A" else paint_orange
    _blur(scene, canvas)
    bounce = scene.ground.paint(canvas, light, GROUND) if scene.ground else ink("6f8a3c") * np.float32(0.5)
    if not scene.ground:
        _boughs(scene, canvas)
    for flower in scene.flowers:
        paint_flower(canvas, flower, light, FLOWER)
    for leaf in scene.leaves:
        paint_leaf(canvas, leaf, light, LEAF, shadow=0.5 if scene.ground else 0.25)
    if scene.bowl:
        paint_bowl_back(canvas, scene.bowl, light, VESSEL)
    if scene.ground:
        for fruit in scene.fruits:
            light.cast(canvas, fruit.x, fruit.y, fruit.r, strength=0.85)
    things: list[Fruit | Cup] = [*scene.fruits, *scene.cups]
    for thing in sorted(things, key=lambda t: t.y + (0.9 * t.r * cos(light.pitch) if isinstance(t, Fruit) else 0)):
        if isinstance(thing, Cup):
            paint_cup(canvas, thing, light, VESSEL)
            continue
        if scene.ground:  # once more, faintly, on the fruit behind
            light.cast(canvas, thing.x, thing.y, thing.r, strength=0.3)
        skin(canvas, thing, light, bounce)
        stamp(canvas, thing, FRUIT)
    if scene.bowl:
        paint_bowl_front(canvas, scene.bowl, light, VESSEL)
    for leaf in scene.sprigs:
        paint_leaf(canvas, leaf, light, LEAF)


def _blur(scene: Orchard, canvas: Canvas) -> None:
    """What lies behind, out of focus."""
    if scene.ground and scene.ground.horizon <= 0:
        return
    bottom = scene.ground.horizon + 0.02 if scene.ground else 1.0
    view = canvas.window(0, 0, 1, bottom)
    shade = noise(scene.seed, view.x * 2.5, view.y * 2.5)
    first, second = (ink(code) for code in scene.backdrop)
    view.light[:] = mix(first, second, shade) * scene.light.on_ground * (0.5 if scene.ground else 0.8)
    rng = SceneRng(scene.seed)
    tints = (*GLAZES, "f3e6b0", "86a050") if scene.ground else SPARKS
    for _ in range(12 if scene.ground else 22):
        x, y, r = rng.real(), rng.real(0, bottom), rng.real(0.03, 0.1)
        part = view.around(x, y, 1.4 * r)
        disc = glow(ellipse(part, x, y, r, r), 0.3 * r)
        part.paint(ink(rng.pick(tints)) * scene.light.on_ground * 0.7, disc * np.float32(rng.real(0.25, 0.75)))


def _boughs(scene: Orchard, canvas: Canvas) -> None:
    """A branch across the top, and a twig down to every fruit."""
    rng = SceneRng(scene.seed + 1)
    heights = [rng.real(0.02, 0.16) for _ in range(5)]
    knots = list(zip((-0.1, 0.2, 0.5, 0.8, 1.1), heights, strict=True))
    for fruit in scene.fruits:
        joint = min(knots, key=lambda k: abs(k[0] - fruit.x))
        tip = (fruit.x + 0.85 * fruit.axis[0] * fruit.r, fruit.y - 0.85 * fruit.axis[1] * fruit.r)
        paint_twig(canvas, joint, tip, 0.016, 0.009, scene.light, BRANCH)
    for i, (a, b) in enumerate(pairwise(knots)):
        paint_twig(canvas, a, b, 0.038 - 0.005 * i, 0.033 - 0.005 * i, scene.light, BRANCH)
