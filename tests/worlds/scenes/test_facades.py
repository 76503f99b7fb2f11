"""Facades: the image of the day shows which windows are lit at night."""

import numpy as np
import pytest

from viceversa.worlds.scenes import WORLDS

FACADES = WORLDS["facades"]
SCENES = range(300, 312)


def sides(seed: int, size: int | tuple[int, int] = 128) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (a, labels), (b, same) = FACADES.draw(seed, size, "A"), FACADES.draw(seed, size, "B")
    np.testing.assert_array_equal(labels, same)
    return a / 255, b / 255, labels


def window_colours(seed: int) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """Mean colour of every open window by day and by night, and whether it has curtains."""
    a, b, _ = sides(seed, 256)
    day, night, curtained = [], [], []
    for house in FACADES.describe(seed).houses:
        for sash in house.sashes:
            inside = 0.06 < sash.x < 0.94 and not sash.balcony and sash.shutters != "shut" and sash.width > 0.05
            if not inside or any(abs(sash.x - lamp.x) < 0.08 for lamp in FACADES.describe(seed).lamps):
                continue
            left, right = (round(256 * (sash.x + part * sash.width)) for part in (-0.4, 0.4))
            top, bottom = (round(256 * (sash.y - part * sash.height)) for part in (0.85, 0.15))
            day.append(a[top:bottom, left:right].mean(axis=(0, 1)))
            night.append(b[top:bottom, left:right].mean(axis=(0, 1)))
            curtained.append(sash.curtain is not None)
    return np.array(day), np.array(night), curtained


@pytest.mark.long
def test_only_windows_with_curtains_are_lit() -> None:
    lit = total = 0
    for seed in SCENES:
        _, night, curtained = window_colours(seed)
        for colour, has_curtain in zip(night, curtained, strict=True):
            assert (colour[0] > 0.5) == has_curtain, seed  # red: warm light, or blue night
            lit, total = lit + has_curtain, total + 1
    assert total > 60 and 0.3 < lit / total < 0.8


@pytest.mark.long
def test_curtains_are_visible_by_day() -> None:
    """Curtains have a warmer colour than dark glass that mirrors the sky."""
    warmth: dict[bool, list[float]] = {True: [], False: []}
    for seed in SCENES:
        day, _, curtained = window_colours(seed)
        for colour, has_curtain in zip(day, curtained, strict=True):
            warmth[has_curtain].append(float(colour[0] - colour[2]))
    assert np.quantile(warmth[True], 0.1) > np.quantile(warmth[False], 0.9)


def test_night_is_dark_except_for_lamps_and_windows() -> None:
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
def test_cornices_cast_shadows() -> None:
    """Below every cornice there is a band darker than the wall under it."""
    for seed in SCENES:
        a, _, _ = sides(seed, 256)
        for house in FACADES.describe(seed).houses:
            x = slice(round(256 * max(0, house.left)) + 8, round(256 * min(1, house.right)) - 8)
            top, base = round(256 * (house.top + 0.034)), round(256 * house.base)
            assert a[top, x].mean() < 0.93 * a[top:base, x].max(axis=1).mean()
