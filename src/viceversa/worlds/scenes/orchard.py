"""Apples and oranges: still lifes in which only the fruit changes."""

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

import numpy as np

from .fruit import Fruit, label_fruit, paint_apple, paint_orange, stalk_direction
from .grounds import Ground
from .lighting import Light
from .noise import SceneRng, noise
from .painting import Canvas, ellipse, linear_rgb, mix, soft_mask
from .plants import Flower, Leaf, paint_flower, paint_leaf, paint_twig
from .vessels import Bowl, Cup, paint_bowl_back, paint_bowl_front, paint_cup

DOMAINS = ("apples", "oranges")
LABELS = ("background", "ground", "fruit", "vessel", "leaf", "flower", "branch")
PALETTE = ("000080", "0080ff", "ff0000", "00ffff", "40c000", "ff60ff", "ffc000")
BACKGROUND, GROUND, FRUIT, VESSEL, LEAF, FLOWER, BRANCH = range(7)

# Colours of apples and of oranges on things that are neither: no rule about colour alone can tell what to change.
CLOTHS = (
    ("f6ecd8", "a80c18"),
    ("f6cc5a", "a8101c"),
    ("a00e1a", "eca02c"),
    ("f4f2ea", "1f4f9a"),
    ("f4e49a", "3f8a1f"),
    ("f2b43a", "d8560a"),
    ("2f5f1c", "b8141c"),
    ("e07a10", "6a0a14"),
)
WOODS = (
    ("2c1808", "b07a34"),
    ("9a6a2c", "eec272"),
    ("5a0a10", "bc202a"),
    ("a4500f", "f4982c"),
    ("1f5f66", "6fc0c0"),
    ("2a5a14", "8ab83a"),
)
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
    """The scene: fruit, vessels, leaves and flowers, the light and the ground, without reference to pixels."""

    light: Light
    ground: Ground | None  # None for fruit on a tree
    backdrop: tuple[str, str]
    fruits: tuple[Fruit, ...]
    cups: tuple[Cup, ...]
    bowl: Bowl | None
    leaves: tuple[Leaf, ...]  # on the ground, or behind the fruit on the tree
    flowers: tuple[Flower, ...]
    sprigs: tuple[Leaf, ...]  # in front of the fruit
    seed: int


def describe(seed: int) -> Orchard:
    """Generate the scene of a seed."""
    rng = SceneRng(seed)
    setting = rng.choice(("table", "table", "table", "grass", "bowl", "bowl", "tree"))
    if setting == "tree":
        return _tree(rng)

    low = setting == "table" and rng.chance(0.45)
    light = _daylight(rng, rng.uniform(0.32, 0.45) if low else rng.uniform(0.65, 1.15))
    material = "grass" if setting == "grass" else rng.choice(("wood", "cloth", "cloth", "tiles"))
    ground = Ground(
        material=material,
        colours=rng.choice(GROUNDS[material]),
        turn=rng.uniform(-0.7, 0.7),
        scale=rng.uniform(3.5, 6.5),
        horizon=rng.uniform(0.2, 0.34) if low else -1,
        seed=rng.seed(),
    )

    bowl = _bowl(rng, light) if setting == "bowl" else None
    fruits = _fill_bowl(rng, bowl) if bowl else _scatter(rng, 0.46 if low else 0.0)
    top = 0.42 if low else 0.08
    leaf_count = rng.integer(8, 20) if material == "grass" else rng.integer(1, 7)
    return Orchard(
        light=light,
        ground=ground,
        backdrop=(rng.choice(GLAZES), rng.choice(GLAZES)),
        fruits=fruits,
        cups=_cups(rng, light, fruits, bowl, top),
        bowl=bowl,
        leaves=tuple(_leaf(rng, rng.uniform(), rng.uniform(top, 1), FALLEN) for _ in range(leaf_count)),
        flowers=_flowers(rng, top, material),
        sprigs=tuple(_sprig(rng, f) for f in fruits if rng.chance(0.45)),
        seed=rng.seed(),
    )


def _daylight(rng: SceneRng, pitch: float) -> Light:
    return Light(
        azimuth=rng.choice((0.35, pi - 0.35)) + rng.uniform(-0.55, 0.75),
        elevation=rng.uniform(0.6, 1.0),
        warmth=rng.uniform(0, 0.8),
        softness=rng.uniform(0.25, 0.7),
        pitch=pitch,
    )


def _fruit(rng: SceneRng, x: float, y: float, r: float, ripeness: float) -> Fruit:
    axis = stalk_direction(rng.uniform(-0.8, 0.8), rng.uniform(0.1, 1.1))
    ripeness = min(1.0, max(0.0, ripeness + rng.uniform(-0.15, 0.15)))
    return Fruit(x=x, y=y, r=r * rng.uniform(0.93, 1.07), axis=axis, ripeness=ripeness, seed=rng.seed())


def _scatter(rng: SceneRng, top: float) -> tuple[Fruit, ...]:
    """One to six fruits at distances that shrink until there is room for all."""
    count = rng.choice((1, 2, 2, 3, 3, 3, 4, 5, 6))
    r = {1: 0.34, 2: 0.265, 3: 0.22, 4: 0.195, 5: 0.175, 6: 0.16}[count] * rng.uniform(0.9, 1.1)
    ripeness = rng.uniform(0.35, 0.95)
    placed: list[Fruit] = []
    for attempt in range(200):
        x, y = rng.uniform(0.75 * r, 1 - 0.75 * r), rng.uniform(max(top, 0.75 * r), 1 - 0.8 * r)
        least = (1.9 - 0.004 * attempt) * r
        if all((x - f.x) ** 2 + (y - f.y) ** 2 > least * least for f in placed):
            placed.append(_fruit(rng, x, y, r, ripeness))
        if len(placed) == count:
            break
    return tuple(sorted(placed, key=lambda f: f.y + f.r))


def _bowl(rng: SceneRng, light: Light) -> Bowl:
    return Bowl(
        x=rng.uniform(0.42, 0.58),
        y=rng.uniform(0.48, 0.58),
        r=rng.uniform(0.38, 0.48),
        depth=0.34 * cos(light.pitch) * rng.uniform(0.8, 1.2),
        wicker=rng.chance(0.5),
        colour=rng.choice(GLAZES),
        band=rng.choice(GLAZES),
        seed=rng.seed(),
    )


def _fill_bowl(rng: SceneRng, bowl: Bowl) -> tuple[Fruit, ...]:
    """Three to six fruits in a bowl, the rear ones first: a ring, from five on with one in the middle."""
    count, ripeness = rng.integer(3, 6), rng.uniform(0.35, 0.95)
    r = bowl.r * {3: 0.51, 4: 0.47, 5: 0.43, 6: 0.4}[count]
    start = rng.uniform(0, 2 * pi)
    in_ring = count - 1 if count > 4 else count
    positions = [(start + 2 * pi * i / in_ring, 0.56) for i in range(in_ring)]  # angle, radius
    if count > 4:
        positions.append((0.0, 0.0))

    fruits = []
    for angle, radius in positions:
        x = bowl.x + radius * bowl.r * cos(angle)
        y = bowl.y - 0.25 * r + radius * (0.45 * bowl.r) * sin(angle)
        fruits.append(_fruit(rng, x, y, r, ripeness))
    return tuple(sorted(fruits, key=lambda f: f.y))


def _cups(rng: SceneRng, light: Light, fruits: tuple[Fruit, ...], bowl: Bowl | None, top: float) -> tuple[Cup, ...]:
    cups: list[Cup] = []
    for _ in range(rng.integer(0, 12)):
        x, y, r = rng.uniform(0.02, 0.98), rng.uniform(top, 1.0), rng.uniform(0.08, 0.13)
        colour, band, height = rng.choice(GLAZES), rng.choice(GLAZES), 2.2 * r * cos(light.pitch)
        free = all((x - f.x) ** 2 + (y - f.y) ** 2 > (0.9 * r + f.r) ** 2 for f in fruits)
        outside = bowl is None or (x - bowl.x) ** 2 + (y - bowl.y - 0.1) ** 2 > (bowl.r + r) ** 2
        if free and outside and len(cups) < 2:
            cups.append(Cup(x=x, y=y, r=r, height=height, colour=colour, band=band))
    return tuple(cups)


def _leaf(rng: SceneRng, x: float, y: float, colours: tuple[str, ...]) -> Leaf:
    length, turn = rng.uniform(0.12, 0.26), rng.uniform(0, 2 * pi)
    return Leaf(x=x, y=y, length=length, turn=turn, bend=rng.uniform(-0.4, 0.4), colour=rng.choice(colours))


def _sprig(rng: SceneRng, fruit: Fruit) -> Leaf:
    """A leaf at the stalk of a fruit."""
    ax, ay, _ = fruit.axis
    x, y = fruit.x + 0.88 * ax * fruit.r, fruit.y - 0.88 * ay * fruit.r
    turn = rng.choice((-0.35, pi + 0.35)) + rng.uniform(-0.4, 0.4)
    length = fruit.r * rng.uniform(0.6, 0.95)
    return Leaf(x=x, y=y, length=length, turn=turn, bend=rng.uniform(-0.5, 0.5), colour=rng.choice(GREENS))


def _flowers(rng: SceneRng, top: float, material: str) -> tuple[Flower, ...]:
    count = rng.integer(2, 7) if material == "grass" else rng.integer(0, 2)
    return tuple(_flower(rng, top) for _ in range(count))


def _flower(rng: SceneRng, top: float) -> Flower:
    x, y, r = rng.uniform(), rng.uniform(top, 1), rng.uniform(0.03, 0.075)
    petals, turn = rng.integer(5, 9), rng.uniform(0, 1)
    return Flower(x=x, y=y, r=r, petals=petals, turn=turn, colour=rng.choice(PETALS), heart=rng.choice(PETALS))


def _tree(rng: SceneRng) -> Orchard:
    """Fruit on a tree among leaves, with a garden behind it out of focus."""
    light = _daylight(rng, 0.1)
    fruits = []
    for f in _scatter(rng, 0.3):
        axis = stalk_direction(rng.uniform(-0.3, 0.3), rng.uniform(0.0, 0.5))
        fruits.append(Fruit(x=f.x, y=f.y, r=f.r, axis=axis, ripeness=f.ripeness, seed=f.seed))
    behind = [_leaf(rng, rng.uniform(-0.05, 1.05), rng.uniform(-0.1, 0.75), GREENS) for _ in range(16)]
    in_front = [_sprig(rng, f) for f in fruits for _ in range(2)]
    return Orchard(
        light=light,
        ground=None,
        backdrop=(rng.choice(GARDENS), rng.choice(("1f4a18", "9c1c20", "3f7f24"))),
        fruits=tuple(fruits),
        cups=(),
        bowl=None,
        leaves=tuple(behind),
        flowers=(),
        sprigs=tuple(in_front),
        seed=rng.seed(),
    )


def paint(scene: Orchard, canvas: Canvas, side: str) -> None:
    """Draw the scene with apples (side A) or oranges (side B)."""
    light = scene.light
    paint_fruit = paint_apple if side == "A" else paint_orange
    _paint_background(scene, canvas)
    if scene.ground:
        bounce = scene.ground.paint(canvas, light, GROUND)
    else:
        bounce = linear_rgb("6f8a3c") * np.float32(0.5)
        _paint_branches(scene, canvas)
    for flower in scene.flowers:
        paint_flower(canvas, flower, light, FLOWER)
    for leaf in scene.leaves:
        paint_leaf(canvas, leaf, light, LEAF, shadow=0.5 if scene.ground else 0.25)
    if scene.bowl:
        paint_bowl_back(canvas, scene.bowl, light, VESSEL)
    if scene.ground:
        for fruit in scene.fruits:
            light.cast_shadow(canvas, fruit.x, fruit.y, fruit.r, strength=0.85)

    def foot(item: Fruit | Cup) -> float:
        return item.y + 0.9 * item.r * cos(light.pitch) if isinstance(item, Fruit) else item.y

    items: list[Fruit | Cup] = [*scene.fruits, *scene.cups]
    for item in sorted(items, key=foot):
        if isinstance(item, Cup):
            paint_cup(canvas, item, light, VESSEL)
            continue
        if scene.ground:  # once more, faintly, on the fruit behind
            light.cast_shadow(canvas, item.x, item.y, item.r, strength=0.3)
        paint_fruit(canvas, item, light, bounce)
        label_fruit(canvas, item, FRUIT)

    if scene.bowl:
        paint_bowl_front(canvas, scene.bowl, light, VESSEL)
    for leaf in scene.sprigs:
        paint_leaf(canvas, leaf, light, LEAF)


def _paint_background(scene: Orchard, canvas: Canvas) -> None:
    """Paint the background, out of focus."""
    if scene.ground and scene.ground.horizon <= 0:
        return

    bottom = scene.ground.horizon + 0.02 if scene.ground else 1.0
    view = canvas.window(0, 0, 1, bottom)
    shade = noise(scene.seed, view.x * 2.5, view.y * 2.5)
    first, second = (linear_rgb(code) for code in scene.backdrop)
    view.light[:] = mix(first, second, shade) * scene.light.ground_light * (0.5 if scene.ground else 0.8)

    rng = SceneRng(scene.seed)
    tints = (*GLAZES, "f3e6b0", "86a050") if scene.ground else SPARKS
    for _ in range(12 if scene.ground else 22):
        x, y, r = rng.uniform(), rng.uniform(0, bottom), rng.uniform(0.03, 0.1)
        part = view.around(x, y, 1.4 * r)
        disc = soft_mask(ellipse(part, x, y, r, r), 0.3 * r)
        colour = linear_rgb(rng.choice(tints)) * scene.light.ground_light * 0.7
        part.paint(colour, disc * np.float32(rng.uniform(0.25, 0.75)))


def _paint_branches(scene: Orchard, canvas: Canvas) -> None:
    """Paint a branch across the top, and a twig down to every fruit."""
    rng = SceneRng(scene.seed + 1)
    heights = [rng.uniform(0.02, 0.16) for _ in range(5)]
    knots = list(zip((-0.1, 0.2, 0.5, 0.8, 1.1), heights, strict=True))
    for fruit in scene.fruits:
        joint = min(knots, key=lambda k: abs(k[0] - fruit.x))
        tip = (fruit.x + 0.85 * fruit.axis[0] * fruit.r, fruit.y - 0.85 * fruit.axis[1] * fruit.r)
        paint_twig(canvas, joint, tip, 0.016, 0.009, scene.light, BRANCH)
    for i, (a, b) in enumerate(pairwise(knots)):
        paint_twig(canvas, a, b, 0.038 - 0.005 * i, 0.033 - 0.005 * i, scene.light, BRANCH)
