"""Streets: what is lit at night can be told from the picture of the day."""

import numpy as np
import pytest

from viceversa.worlds.scenes import WORLDS

FACADES = WORLDS["facades"]
SCENES = range(300, 312)


def sides(seed: int, size: int | tuple[int, int] = 128) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (a, labels), (b, same) = FACADES.draw(seed, size, "A"), FACADES.draw(seed, size, "B")
    np.testing.assert_array_equal(labels, same)
    return a / 255, b / 255, labels


def glass(seed: int) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """Mean colour of every open window by day and by night, and whether its curtains are drawn."""
    a, b, _ = sides(seed, 256)
    day, night, home = [], [], []
    for house in FACADES.describe(seed).houses:
        for sash in house.sashes:
            inside = 0.06 < sash.x < 0.94 and not sash.balcony and sash.shutters != "shut" and sash.wide > 0.05
            if not inside or any(abs(sash.x - lamp.x) < 0.08 for lamp in FACADES.describe(seed).lamps):
                continue
            left, right = (round(256 * (sash.x + part * sash.wide)) for part in (-0.4, 0.4))
            top, bottom = (round(256 * (sash.y - part * sash.high)) for part in (0.85, 0.15))
            day.append(a[top:bottom, left:right].mean(axis=(0, 1)))
            night.append(b[top:bottom, left:right].mean(axis=(0, 1)))
            home.append(sash.curtain is not None)
    return np.array(day), np.array(night), home


@pytest.mark.long
def test_windows_with_curtains_are_lit_and_no_others() -> None:
    lit = total = 0
    for seed in SCENES:
        _, night, home = glass(seed)
        for colour, somebody in zip(night, home, strict=True):
            assert (colour[0] > 0.5) == somebody, seed  # red: warm light, or blue night
            lit, total = lit + somebody, total + 1
    assert total > 60 and 0.3 < lit / total < 0.8


@pytest.mark.long
def test_curtains_show_by_day() -> None:
    """Drawn curtains make a window warmer than dark glass that mirrors the sky."""
    warmth: dict[bool, list[float]] = {True: [], False: []}
    for seed in SCENES:
        day, _, home = glass(seed)
        for colour, somebody in zip(day, home, strict=True):
            warmth[somebody].append(float(colour[0] - colour[2]))
    assert np.quantile(warmth[True], 0.1) > np.quantile(warmth[False], 0.9)


def test_night_is_dark_but_for_its_lamps() -> None:
    names = FACADES.labels.index
    for seed in SCENES:
        a, b, labels = sides(seed)
        sky, wall = labels == names("sky"), labels == names("wall")
        assert b[sky].mean() < 0.4 * a[sky].mean()
        assert np.median(b[wall]) < 0.6 * np.median(a[wall])
        assert b.max() > 0.9
        street = labels == names("street")
        assert b[street].max() > 2.0 * np.median(b[sky])


@pytest.mark.long
def test_the_sun_throws_shadows() -> None:
    """Below every cornice lies a band darker than the wall under it."""
    for seed in SCENES:
        a, _, _ = sides(seed, 256)
        for house in FACADES.describe(seed).houses:
            x = slice(round(256 * max(0, house.left)) + 8, round(256 * min(1, house.right)) - 8)
            shadow = a[round(256 * (house.top + 0.034)), x].mean()
            assert (
                shadow < 0.93 * a[:, x][round(256 * (house.top + 0.034)) : round(256 * house.base)].max(axis=1).mean()
            )
