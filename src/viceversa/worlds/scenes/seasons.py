"""Summer and winter: the same landscape in two seasons."""

from dataclasses import dataclass

from .landscape import SUMMER, WINTER, Land, apply_daylight, paint_ground, paint_hills, paint_mountains, paint_sky
from .noise import SceneRng
from .painting import Canvas
from .trees import Tree, paint_tree
from .village import Balloon, Fence, House, Person, paint_balloon, paint_fence, paint_house, paint_person

DOMAINS = ("summer", "winter")
LABELS = ("sky", "mountain", "hill", "meadow", "lake", "path", "tree", "house", "person", "fence", "balloon")
PALETTE = ("0080ff", "8040c0", "008040", "80ff00", "0000c0", "ffff80", "004000", "ff0000", "ff60ff", "ff8000", "00ffff")
SKY, MOUNTAIN, HILL, MEADOW, LAKE, PATH, TREE, HOUSE, PERSON, FENCE, BALLOON = range(11)

# Grass green and snow white also on objects that no season changes: no rule about colour alone can tell what to change.
WALLS = ("b02a22", "f4f0e6", "e2b43a", "9cc04a", "5f9a3a", "d8d060", "d06a24", "f4f0e6")
ROOFS = ("8f3f2c", "5a4a48", "a35a38", "4a4f58")
COATS = ("c22a2a", "5f9a3a", "f0f0f2", "e8b830", "2f5f9f", "d86020", "a8c850")


@dataclass(frozen=True, kw_only=True)
class Country:
    """The scene: terrain, trees, houses, people, fences and balloons, without reference to pixels."""

    land: Land
    trees: tuple[Tree, ...]
    houses: tuple[House, ...]
    people: tuple[Person, ...]
    fences: tuple[Fence, ...]
    balloons: tuple[Balloon, ...]


def describe(seed: int) -> Country:
    """Generate the scene of a seed."""
    rng = SceneRng(seed)
    land = _land(rng)
    return Country(
        land=land,
        trees=tuple(_tree(rng, land) for _ in range(rng.integer(3, 7))),
        houses=tuple(_house(rng, land) for _ in range(rng.choice((1, 1, 2, 3)))),
        people=tuple(_person(rng, land) for _ in range(rng.choice((0, 1, 2, 3)))),
        fences=tuple(_fence(rng, land) for _ in range(rng.choice((0, 1, 1)))),
        balloons=tuple(_balloon(rng, land) for _ in range(rng.choice((0, 0, 1, 1, 2)))),
    )


def _land(rng: SceneRng) -> Land:
    horizon = rng.uniform(0.36, 0.54)
    lake = (rng.uniform(0.1, 0.9), horizon + rng.uniform(0.08, 0.14), rng.uniform(0.3, 0.6), rng.uniform(0.04, 0.08))
    return Land(
        horizon=horizon,
        mountains=rng.uniform(0.14, 0.34),
        hills=(rng.uniform(0.06, 0.14), rng.uniform(0.03, 0.1)),
        lake=lake if rng.chance(0.55) else None,
        path=(rng.uniform(0.3, 0.7), rng.uniform(-0.3, 0.3), rng.uniform(0, 6)),
        clouds=rng.uniform(),
        sun=rng.choice((-1.0, 1.0)),
        evening=rng.uniform() ** 2,
        seed=rng.seed(),
    )


def _tree(rng: SceneRng, land: Land) -> Tree:
    y = land.horizon + (1.08 - land.horizon) * rng.uniform(0.03, 1.0) ** 1.4
    x, conifer = rng.uniform(-0.05, 1.05), rng.chance(0.5)
    height = (0.12 + 0.55 * land.depth(y)) * rng.uniform(0.8, 1.15)
    return Tree(x=x, y=y, height=height, conifer=conifer, seed=rng.seed())


def _house(rng: SceneRng, land: Land) -> House:
    y = land.horizon + (1 - land.horizon) * rng.uniform(0.2, 0.65)
    x, side, seed = rng.uniform(0.1, 0.9), rng.choice((-1.0, 1.0)), rng.seed()
    wall, roof, trim = rng.choice(WALLS), rng.choice(ROOFS), rng.choice(("f4ead0", "f4ead0", "5f3a28"))
    return House(x=x, y=y, width=0.09 + 0.27 * land.depth(y), side=side, wall=wall, roof=roof, trim=trim, seed=seed)


def _person(rng: SceneRng, land: Land) -> Person:
    y = land.horizon + (1 - land.horizon) * rng.uniform(0.25, 0.95)
    x, height = float(land.path_x(y)) + rng.uniform(-0.1, 0.1), 0.05 + 0.26 * land.depth(y)
    coat, trousers, hat = rng.choice(COATS), rng.choice(COATS), rng.choice(COATS)
    return Person(x=x, y=y, height=height, coat=coat, trousers=trousers, hat=hat)


def _fence(rng: SceneRng, land: Land) -> Fence:
    y = land.horizon + (1 - land.horizon) * rng.uniform(0.4, 0.98)
    x, length = rng.uniform(-0.2, 0.6), rng.uniform(0.3, 0.7)
    colour = rng.choice(("8a5a30", "f2efe6", "6f4a2a", "d8b040"))
    return Fence(x=x, end=x + length, y=y, height=0.03 + 0.13 * land.depth(y), colour=colour)


def _balloon(rng: SceneRng, land: Land) -> Balloon:
    x, y, r = rng.uniform(0.08, 0.92), rng.uniform(0.1, 0.6 * land.horizon), rng.uniform(0.05, 0.12)
    colours = ("e8b830", "7fb83a", "c8322a", "f4f0e6", "3f8a4a", "e87a20")
    return Balloon(x=x, y=y, r=r, colour=rng.choice(colours), stripe=rng.choice(colours))


def paint(scene: Country, canvas: Canvas, side: str) -> None:
    """Draw the scene in summer (side A) or winter (side B)."""
    season = SUMMER if side == "A" else WINTER
    land = scene.land
    paint_sky(canvas, land, season)
    paint_mountains(canvas, land, season, MOUNTAIN)
    for balloon in scene.balloons:
        paint_balloon(canvas, balloon, land.sun, BALLOON)
    paint_hills(canvas, land, season, HILL)
    paint_ground(canvas, land, season, (MEADOW, LAKE, PATH))

    items: list[Tree | House | Person | Fence] = [*scene.trees, *scene.houses, *scene.people, *scene.fences]
    for item in sorted(items, key=lambda item: item.y):  # from far to near
        if isinstance(item, Tree):
            paint_tree(canvas, item, season, land.sun, TREE)
        elif isinstance(item, House):
            paint_house(canvas, item, season, land.sun, HOUSE)
        elif isinstance(item, Fence):
            paint_fence(canvas, item, season, FENCE)
        else:
            paint_person(canvas, item, land.sun, PERSON)
    apply_daylight(canvas, land)
