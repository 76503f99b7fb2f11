"""Summer and winter: one country, two times of the year."""

from dataclasses import dataclass

from .landscape import SUMMER, WINTER, Land, paint_ground, paint_hills, paint_mountains, paint_sky, weather
from .noise import SceneRng
from .painting import Canvas
from .trees import Tree, paint_tree
from .village import Balloon, Fence, House, Person, paint_balloon, paint_fence, paint_house, paint_person

DOMAINS = ("summer", "winter")
LABELS = ("sky", "mountain", "hill", "meadow", "lake", "path", "tree", "house", "person", "fence", "balloon")
PALETTE = ("0080ff", "8040c0", "008040", "80ff00", "0000c0", "ffff80", "004000", "ff0000", "ff60ff", "ff8000", "00ffff")
SKY, MOUNTAIN, HILL, MEADOW, LAKE, PATH, TREE, HOUSE, PERSON, FENCE, BALLOON = range(11)

# Grass green and snow white on things that know no season: no rule about colour alone can tell what to change.
WALLS = ("b02a22", "f4f0e6", "e2b43a", "9cc04a", "5f9a3a", "d8d060", "d06a24", "f4f0e6")
ROOFS = ("8f3f2c", "5a4a48", "a35a38", "4a4f58")
COATS = ("c22a2a", "5f9a3a", "f0f0f2", "e8b830", "2f5f9f", "d86020", "a8c850")


@dataclass(frozen=True, kw_only=True)
class Country:
    """What stands where, in numbers that know no pixels."""

    land: Land
    trees: tuple[Tree, ...]
    houses: tuple[House, ...]
    people: tuple[Person, ...]
    fences: tuple[Fence, ...]
    balloons: tuple[Balloon, ...]


def describe(seed: int) -> Country:
    """The scene of a seed."""
    rng = SceneRng(seed)
    land = _land(rng)
    return Country(
        land=land,
        trees=tuple(_tree(rng, land) for _ in range(rng.whole(3, 7))),
        houses=tuple(_house(rng, land) for _ in range(rng.pick((1, 1, 2, 3)))),
        people=tuple(_person(rng, land) for _ in range(rng.pick((0, 1, 2, 3)))),
        fences=tuple(_fence(rng, land) for _ in range(rng.pick((0, 1, 1)))),
        balloons=tuple(_balloon(rng, land) for _ in range(rng.pick((0, 0, 1, 1, 2)))),
    )


def _land(rng: SceneRng) -> Land:
    horizon = rng.real(0.36, 0.54)
    lake = (rng.real(0.1, 0.9), horizon + rng.real(0.08, 0.14), rng.real(0.3, 0.6), rng.real(0.04, 0.08))
    return Land(
        horizon=horizon,
        mountains=rng.real(0.14, 0.34),
        hills=(rng.real(0.06, 0.14), rng.real(0.03, 0.1)),
        lake=lake if rng.chance(0.55) else None,
        path=(rng.real(0.3, 0.7), rng.real(-0.3, 0.3), rng.real(0, 6)),
        clouds=rng.real(),
        sun=rng.pick((-1.0, 1.0)),
        evening=rng.real() ** 2,
        seed=rng.seed(),
    )


def _tree(rng: SceneRng, land: Land) -> Tree:
    y = land.horizon + (1.08 - land.horizon) * rng.real(0.03, 1.0) ** 1.4
    x, conifer = rng.real(-0.05, 1.05), rng.chance(0.5)
    height = (0.12 + 0.55 * land.depth(y)) * rng.real(0.8, 1.15)
    return Tree(x=x, y=y, height=height, conifer=conifer, seed=rng.seed())


def _house(rng: SceneRng, land: Land) -> House:
    y = land.horizon + (1 - land.horizon) * rng.real(0.2, 0.65)
    x, side, seed = rng.real(0.1, 0.9), rng.pick((-1.0, 1.0)), rng.seed()
    wall, roof, trim = rng.pick(WALLS), rng.pick(ROOFS), rng.pick(("f4ead0", "f4ead0", "5f3a28"))
    return House(x=x, y=y, width=0.09 + 0.27 * land.depth(y), side=side, wall=wall, roof=roof, trim=trim, seed=seed)


def _person(rng: SceneRng, land: Land) -> Person:
    y = land.horizon + (1 - land.horizon) * rng.real(0.25, 0.95)
    x, height = float(land.trail(y)) + rng.real(-0.1, 0.1), 0.05 + 0.26 * land.depth(y)
    coat, trousers, hat = rng.pick(COATS), rng.pick(COATS), rng.pick(COATS)
    return Person(x=x, y=y, height=height, coat=coat, trousers=trousers, hat=hat)


def _fence(rng: SceneRng, land: Land) -> Fence:
    y = land.horizon + (1 - land.horizon) * rng.real(0.4, 0.98)
    x, length = rng.real(-0.2, 0.6), rng.real(0.3, 0.7)
    colour = rng.pick(("8a5a30", "f2efe6", "6f4a2a", "d8b040"))
    return Fence(x=x, end=x + length, y=y, height=0.03 + 0.13 * land.depth(y), colour=colour)


def _balloon(rng: SceneRng, land: Land) -> Balloon:
    x, y, r = rng.real(0.08, 0.92), rng.real(0.1, 0.6 * land.horizon), rng.real(0.05, 0.12)
    colours = ("e8b830", "7fb83a", "c8322a", "f4f0e6", "3f8a4a", "e87a20")
    return Balloon(x=x, y=y, r=r, colour=rng.pick(colours), stripe=rng.pick(colours))


def paint(scene: Country, canvas: Canvas, side: str) -> None:
    """Draw the scene in summer (side A) or winter (side B)."""
    season, land = (SUMMER if side == "A" else WINTER), scene.land
    paint_sky(canvas, land, season)
    paint_mountains(canvas, land, season, MOUNTAIN)
    for balloon in scene.balloons:
        paint_balloon(canvas, balloon, land.sun, BALLOON)
    paint_hills(canvas, land, season, HILL)
    paint_ground(canvas, land, season, (MEADOW, LAKE, PATH))
    things: list[Tree | House | Person | Fence] = [*scene.trees, *scene.houses, *scene.people, *scene.fences]
    for thing in sorted(things, key=lambda t: t.y):
        if isinstance(thing, Tree):
            paint_tree(canvas, thing, season, land.sun, TREE)
        elif isinstance(thing, House):
            paint_house(canvas, thing, season, land.sun, HOUSE)
        elif isinstance(thing, Fence):
            paint_fence(canvas, thing, season, FENCE)
        else:
            paint_person(canvas, thing, land.sun, PERSON)
    weather(canvas, land)
