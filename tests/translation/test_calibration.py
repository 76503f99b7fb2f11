"""The size of a sample and its error."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

from support.fields import drifting_field, lively_resnet, reader
from viceversa.errors import ResourceError
from viceversa.images.windows import Window
from viceversa.networks.painter import PaintingGenerator
from viceversa.networks.translation import TranslationModule
from viceversa.translation import calibration
from viceversa.translation.calibration import Calibration, calibrate
from viceversa.translation.statistics import Part, freeze, joint_statistics

OPTIONS = dict(side=32)
Read = Callable[[Window], np.ndarray]


def test_a_small_image_is_measured_as_a_whole() -> None:
    module, pixels = lively_resnet(), drifting_field(100, 110)
    found = calibrate(module, reader(pixels), (100, 110), dtype=torch.float32, **OPTIONS)
    assert found.is_exact and found.tiles == 12 and found.error_levels == 0
    assert str(found) == "instance norm: statistics of the whole image, 12 tiles"
    x = torch.from_numpy(pixels)[None]
    torch.testing.assert_close(
        TranslationModule(freeze(module.generator, found.statistics))(x), module(x), rtol=0, atol=1e-4
    )


@pytest.mark.parametrize(("size", "tiles"), [((3, 5), 1), ((20, 40), 1), ((40, 60), 2)])
def test_the_smallest_images_are_measured(size: tuple[int, int], tiles: int) -> None:
    found = calibrate(lively_resnet(), reader(drifting_field(*size)), size, **OPTIONS)
    assert found.is_exact and found.tiles == tiles


@pytest.mark.long
def test_the_sample_grows_until_its_halves_agree() -> None:
    module, pixels = lively_resnet(), drifting_field(300, 300)
    read = reader(pixels)
    coarse = calibrate(module, read, (300, 300), enough_levels=1e9, **OPTIONS)
    small: list[Calibration] = []
    enough = coarse.error_levels * 0.7
    fine = calibrate(module, read, (300, 300), enough_levels=enough, on_doubling=small.append, **OPTIONS)
    assert coarse.tiles == 16 < fine.tiles and coarse.of == 100 and small[0].error_levels == coarse.error_levels
    assert fine.is_exact or fine.error_levels < coarse.error_levels * 0.7
    limited = calibrate(module, read, (300, 300), enough_levels=0.0, most_tiles=24, **OPTIONS)
    assert limited.tiles == 24 and limited.error_levels > 0 and not limited.is_exact
    assert "statistics of 24 of 100 tiles; their halves differ by" in str(limited)


@pytest.mark.long
def test_the_error_of_the_halves_is_about_twice_the_true_error() -> None:
    """Over several seeds; of one sample it is a guess."""
    module, pixels = lively_resnet(), drifting_field(300, 300)
    x, read = torch.from_numpy(pixels)[None], reader(pixels)
    whole = module(x)
    stated, true = [], []
    for seed in range(6):
        found = calibrate(module, read, (300, 300), enough_levels=1e9, seed=seed, **OPTIONS)
        result = TranslationModule(freeze(module.generator, found.statistics))(x)
        stated.append(found.error_levels)
        true.append(float((result - whole).abs().mean()) * 127.5)
    assert 1 < np.mean(stated) / np.mean(true) < 4


def test_the_same_image_and_seed_give_the_same_bits() -> None:
    module, read = lively_resnet(), reader(drifting_field(200, 200))
    first, again, other = (
        calibrate(module, read, (200, 200), seed=seed, enough_levels=99, **OPTIONS) for seed in (0, 0, 1)
    )
    assert first.error_levels == again.error_levels and first.tiles == again.tiles
    for name, moments in first.statistics.items():
        assert torch.equal(moments.mean, again.statistics[name].mean)
        assert torch.equal(moments.variance, again.statistics[name].variance)
    assert not torch.equal(first.statistics["model.2"].mean, other.statistics["model.2"].mean)


@pytest.mark.long
def test_background_that_is_not_translated_does_not_count() -> None:
    module, pixels = lively_resnet(), drifting_field(200, 200)
    pixels[:, :102] = 1  # blank glass, to a border between cells
    tissue = np.arange(200)[:, None].repeat(200, 1) >= 102
    everywhere = calibrate(module, reader(pixels), (200, 200), **OPTIONS)
    found = calibrate(module, reader(pixels), (200, 200), translated=tissue, **OPTIONS)
    assert (found.of, everywhere.of) == (18, 36)
    tissue_only = calibrate(module, reader(pixels[:, 102:]), (98, 200), **OPTIONS)
    right, wrong = (
        (c.statistics["model.2"].mean - tissue_only.statistics["model.2"].mean).abs().max() for c in (found, everywhere)
    )
    assert 3 * right < wrong


def test_a_network_without_instance_norm_needs_no_sample() -> None:
    def read(window: Window) -> np.ndarray:
        raise AssertionError

    module = TranslationModule(PaintingGenerator(width=4, blocks=1))
    assert calibrate(module, read, (10**5, 10**5)) == Calibration({}, 0, 0, 0.0)


def test_a_full_disk_ends_the_doubling(monkeypatch: pytest.MonkeyPatch) -> None:
    def limited(net: torch.nn.Module, parts: list[Part], dtype: torch.dtype) -> object:
        if len(parts) > 16:
            raise ResourceError("disk full")
        return joint_statistics(net, parts, dtype)

    monkeypatch.setattr(calibration, "joint_statistics", limited)
    found = calibrate(lively_resnet(), reader(drifting_field(300, 300)), (300, 300), enough_levels=0.0, **OPTIONS)
    assert found.tiles == 16 and found.error_levels > 0


MEMORY = """
import resource, sys
sys.path.insert(0, "tests")
import torch
from support.fields import lively_resnet
from viceversa.images.windows import Window
from viceversa.translation.statistics import Part, joint_statistics
torch.set_num_threads(1)
part = Part(lambda: torch.rand(1, 3, 160, 160), Window(44, 44, 72, 72))
joint_statistics(lively_resnet(width=16, blocks=0).generator, [part] * int(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_sample() -> None:
    """The maps of 4 tiles take 7 MB at the first norm, those of 64 tiles 105 MB; two norms overlap."""
    peaks = [
        int(subprocess.run([sys.executable, "-c", MEMORY, str(n)], capture_output=True, text=True, check=True).stdout)
        for n in (4, 64)
    ]
    megabytes = 1024**2 if sys.platform == "darwin" else 1024
    assert (peaks[1] - peaks[0]) / megabytes < 25
