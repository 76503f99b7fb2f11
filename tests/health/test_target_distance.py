"""Where translations lie between two domains: known positions, domains that are alike, and artefacts."""

import pytest
import torch
from torch import Tensor

from viceversa.health.history import History, HistoryContext
from viceversa.health.symptoms import nearer
from viceversa.health.target_distance import REFERENCES, SEPARABLE, TargetDistance
from viceversa.methods.cyclegan import CycleGANConfig

COUNT = 64


def images(seed: int, count: int = COUNT) -> Tensor:
    """Smooth coloured images, each of another light: (N, 3, 32, 32)."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 5, 5, generator=rng) * 0.8 - 0.4
    light = torch.rand(count, 1, 1, 1, generator=rng) * 0.4 - 0.2
    return torch.nn.functional.interpolate(coarse, size=32, mode="bilinear") + light


def dark(x: Tensor) -> Tensor:
    return x * 0.6 - 0.3


def pale(x: Tensor) -> Tensor:
    return 0.3 * x + 0.4


def striped(x: Tensor) -> Tensor:
    return x + 0.3 * torch.sin(torch.arange(32) * 1.5)


@pytest.mark.parametrize("edit", [dark, striped])
def test_position_of_known_translations(edit):
    distance, x = TargetDistance(images(1), edit(images(2))), images(3, 16)
    stay, arrive, half = (distance.measure(x, y) for y in (x, edit(x), (x + edit(x)) / 2))
    assert stay["separable"] > 0.95
    assert stay["way"] == 0 and stay["mean_ratio"] == 1 and stay["typical_ratio"] == 1
    assert arrive["way"] == pytest.approx(1, abs=0.25) and arrive["typical_ratio"] < 0.5 and arrive["mean_ratio"] < 0.5
    assert stay["way"] < half["way"] < arrive["way"] and half["typical_ratio"] < 1


def test_layout_tells_domains_apart_that_have_equal_statistics():
    """A bright bar above or below, as a mouth that is open or not: the same colours and edges, elsewhere."""

    def bar(x: Tensor, top: int) -> Tensor:
        y = x.clone()
        y[:, :, top : top + 4, 8:24] += 0.5
        return y

    distance = TargetDistance(bar(images(1), 6), bar(images(2), 22))
    x = images(3, 16)
    signals = distance.measure(bar(x, 6), bar(x, 22))
    assert signals["separable"] > 0.9 and signals["way"] == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("edit", [dark, striped, pale])
@pytest.mark.parametrize("back", [False, True])
def test_other_images_of_the_target_are_nearer_whichever_domain_varies_more(edit, back):
    """From pale to vivid images, a pale one is as near to the vivid ones as these are to each other."""

    def edited(seed: int, count: int = COUNT) -> Tensor:
        return edit(images(seed, count))

    source, target = (edited, images) if back else (images, edited)
    distance = TargetDistance(source(1), target(2))
    assert not came_nearer(distance.measure(source(3, 16), source(3, 16)))
    assert came_nearer(distance.measure(source(3, 16), target(4, 16)))


def came_nearer(signals: dict[str, float]) -> bool:
    """What the rules say of one check with these signals."""
    direction = CycleGANConfig.directions[0]
    line = {"step": 1, **{f"{name}_{direction.key}": value for name, value in signals.items()}}
    return nearer(History([line], HistoryContext.of(CycleGANConfig(), ("a", "b"), 1)), 0, direction)


def test_equal_domains_have_no_way():
    signals = TargetDistance(images(1), images(2)).measure(images(3, 16), images(4, 16))
    assert signals["separable"] < SEPARABLE and "way" not in signals


def test_artefacts_are_farther_than_the_input():
    distance, x = TargetDistance(images(1), dark(images(2))), images(3, 16)
    noise = 0.5 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    assert distance.measure(x, x + noise)["typical_ratio"] > 2


@pytest.mark.parametrize(("channels", "side"), [(1, 16), (3, 20), (4, 200)])
def test_any_channels_and_sizes(channels, side):
    rng = torch.Generator().manual_seed(0)
    a, b = (torch.rand(40, channels, side, side, generator=rng) * scale for scale in (0.5, 1))
    signals = TargetDistance(a, b).measure(a[:4], b[:4])
    assert signals["way"] > 0.5 and REFERENCES >= 40
