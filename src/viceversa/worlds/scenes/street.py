"""The scene of a street: houses with windows, shops and doors, and street lamps."""

from dataclasses import dataclass, replace
from itertools import pairwise

from .front_parts import WARM, Door, Lamp, Sash
from .front_shop import Shop
from .noise import SceneRng

PLASTERS = (
    "e8d9b4",
    "d9b98a",
    "e2c7a8",
    "cfd2c4",
    "d8a48a",
    "b8c4cc",
    "c98f6a",
    "e6e2d6",
    "9fb0a0",
    "c8a0a0",
    "7f95aa",
)
BRICKS = ("9a4a34", "a85a3c", "8a3c30", "b07050", "7a4636")
STONES = ("cbbfa6", "b8b0a2", "d6cdb8", "a8a298")
TONES = {"plaster": PLASTERS, "brick": BRICKS, "ashlar": STONES}
TRIMS = ("efe8da", "d8cfbc", "f4f1ea", "b9ae9a", "8a8378")
FRAMES = ("f2efe8", "f2efe8", "3a2a20", "2f4038", "5a4636")
SHUTTERS = ("3f6f5a", "2f5f8a", "8a3a30", "6f8a94", "5a5a48", "a88a5a", "3a4a3a")
CURTAINS = ("f2ecdc", "f6e2b8", "e8b8a8", "d8e0e8", "e8cf8a", "f0e8e4")
SHOPS = ("1f4a3a", "6f1a22", "1f2f52", "3a2a22", "8a5a20", "2a2a2e", "4f6a7a")
PALE_SIGNS = ("f2e6c4", "d8b050")
SIGNS = (*PALE_SIGNS, "1a1a1c", "7a1420", "1f3a5a", "2f4a3a")
GOODS = ("c8402f", "e0b040", "5f8a4a", "d8d0c0", "3f6f9f", "b06a9a")
ROOFS = ("5a6470", "4a4e58", "8a4a38", "6a5a50")


@dataclass(frozen=True, kw_only=True)
class House:
    """One house front from `left` to `right`, with its windows, shops and door."""

    left: float
    right: float
    top: float  # of the wall, below its cornice
    base: float  # where the ground floor ends
    material: str
    tone: str
    plinth: str
    trim: str
    roof: str
    rise: float  # of the roof above the wall
    chimneys: tuple[float, ...]
    dormers: tuple[Sash, ...]
    sashes: tuple[Sash, ...]
    bands: tuple[float, ...]  # heights of string courses
    shops: tuple[Shop, ...]
    door: Door
    seed: int


@dataclass(frozen=True, kw_only=True)
class Street:
    """A row of houses, the weather and the lamps."""

    houses: tuple[House, ...]
    lamps: tuple[Lamp, ...]
    foot: float  # where the walls meet the pavement
    clouds: float
    side: float  # -1 sun and moon on the left, 1 on the right
    warmth: float
    seed: int


def describe(seed: int) -> Street:
    """Generate the scene of a seed."""
    rng = SceneRng(seed)
    foot, side = rng.uniform(0.85, 0.88), rng.choice((-1.0, 1.0))
    count = rng.choice((1, 2, 2))
    party_walls = (rng.uniform(0.36, 0.64),) if count > 1 else ()
    edges = (-0.02, *party_walls, 1.02)
    floors = rng.choice((2, 2, 3))
    houses = tuple(_house(rng, a, b, foot, floors) for a, b in pairwise(edges))

    glow, start, gap = rng.choice(("ffd08a", "ffbf6a", "ffe4b0")), rng.uniform(0.12, 0.4), rng.uniform(0.42, 0.55)
    lamps = tuple(Lamp(x=x, y=foot + 0.045, height=0.24, glow=glow) for x in (start, start + gap) if x < 0.92)
    return Street(
        houses=houses,
        lamps=lamps[: rng.integer(1, 2)],
        foot=foot,
        clouds=rng.uniform(),
        side=side,
        warmth=rng.uniform(),
        seed=rng.seed(),
    )


def _house(rng: SceneRng, left: float, right: float, foot: float, floors: int) -> House:
    width = right - left
    top, base = rng.uniform(0.11, 0.24), foot - rng.uniform(0.21, 0.25)
    material = rng.choice(("plaster", "plaster", "brick", "ashlar"))
    tone, plinth = rng.choice(TONES[material]), rng.choice(STONES)
    trim, storey = rng.choice(TRIMS), (base - top) / floors
    bays = max(2, round(width / rng.uniform(0.20, 0.26)))
    middles = [left + (i + 0.5) * width / bays for i in range(bays)]

    style = _window_style(rng, width / bays, storey, trim)
    balconies = rng.choice((floors - 1, floors - 1, 0, 9, 9))  # their floor from the top; 9: none
    sashes = [_sash(rng, style, x, top + (j + 0.86) * storey, j == balconies) for j in range(floors) for x in middles]
    shops, door = _ground_floor(rng, left, right, base, foot, trim, bays)
    plain = replace(style, hood=False, height=min(style.height, 0.12))
    sashes += [_sash(rng, plain, x, foot - 0.07) for x in _free_bays(middles, width / bays, shops, door)]

    rise = rng.choice((0.0, 0.05, 0.08))
    small = replace(plain, height=0.05, width=0.04, arch=0.0, shutters="none")
    return House(
        left=left,
        right=right,
        top=top,
        base=base,
        material=material,
        tone=tone,
        plinth=plinth if rng.chance(0.6) else tone,
        trim=trim,
        roof=rng.choice(ROOFS),
        rise=rise,
        chimneys=tuple(left + width * rng.uniform(0.1, 0.9) for _ in range(rng.integer(0, 2))),
        dormers=tuple(_sash(rng, small, x, top - 0.032) for x in middles[::2] if rise > 0.06),
        sashes=tuple(sashes),
        bands=tuple(top + j * storey for j in range(1, floors)) if rng.chance(0.5) else (),
        shops=shops,
        door=door,
        seed=rng.seed(),
    )


def _window_style(rng: SceneRng, bay: float, storey: float, trim: str) -> Sash:
    """The properties that the windows of one house share."""
    shutters = rng.chance(0.4)
    height = storey * rng.uniform(0.58, 0.68)
    width = min(bay * (0.42 if shutters else rng.uniform(0.44, 0.56)), height / rng.uniform(1.15, 1.6))
    return Sash(
        x=0,
        y=0,
        width=width,
        height=min(height, 2.3 * width),
        arch=0.0 if shutters else rng.choice((0.0, 0.0, 0.22)) * width,
        frame=rng.choice(FRAMES),
        trim=trim,
        curtain=None,
        shutters="open" if shutters else "none",
        paint=rng.choice(SHUTTERS),
        balcony=False,
        panes=rng.choice(((2, 3), (2, 2), (2, 4), (1, 2))),
        hood=rng.chance(0.4),
        glow=WARM[0],
        seed=0,
    )


def _sash(rng: SceneRng, style: Sash, x: float, y: float, balcony: bool = False) -> Sash:
    """One window of a house: dark glass, curtains or closed shutters."""
    has_curtain, curtain, glow, seed = rng.chance(0.55), rng.choice(CURTAINS), rng.choice(WARM), rng.seed()
    shut = rng.chance(0.25) and style.shutters == "open"
    return replace(
        style,
        x=x,
        y=y,
        curtain=curtain if has_curtain and not shut else None,
        shutters="shut" if shut else style.shutters,
        balcony=balcony and not shut,
        glow=glow,
        seed=seed,
    )


def _ground_floor(
    rng: SceneRng, left: float, right: float, base: float, foot: float, trim: str, bays: int
) -> tuple[tuple[Shop, ...], Door]:
    """A door in one bay, and shops over some of the others."""
    bay = (right - left) / bays
    door_bay = rng.integer(0, bays - 1)
    door = Door(
        x=left + (door_bay + 0.5) * bay,
        width=min(0.085, 0.6 * bay),
        top=base + 0.055,
        bottom=foot,
        colour=rng.choice(SHUTTERS),
        trim=trim,
        arch=rng.chance(0.4),
    )
    shops = []
    for start, end in ((0, door_bay), (door_bay + 1, bays)):
        if end - start >= 1 and (end - start) * bay > 0.17 and rng.chance(0.75):
            stop = min(end, start + max(1, round(0.42 / bay)))
            shops.append(_shop(rng, left + start * bay + 0.018, left + stop * bay - 0.018, base + 0.018, foot))
    return tuple(shops), door


def _shop(rng: SceneRng, left: float, right: float, top: float, bottom: float) -> Shop:
    sign = rng.choice(SIGNS)
    return Shop(
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        colour=rng.choice(SHOPS),
        sign=sign,
        letters="7a1420" if sign in PALE_SIGNS else rng.choice(("f4ead0", "f0c860", "ffffff")),
        awning=rng.choice((None, "a02028", "2f5f3a", "1f3f6f", "c87a20")),
        goods=(rng.choice(GOODS), rng.choice(GOODS)),
        seed=rng.seed(),
    )


def _free_bays(middles: list[float], bay: float, shops: tuple[Shop, ...], door: Door) -> list[float]:
    """Middles of the ground floor's bays without shop or door."""
    taken = [(shop.left, shop.right) for shop in shops] + [(door.x - 0.5 * bay, door.x + 0.5 * bay)]
    return [x for x in middles if all(not a - 0.01 < x < b + 0.01 for a, b in taken)]
