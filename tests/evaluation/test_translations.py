"""`score_direction` on translators whose scores are known."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from viceversa.evaluation.extractors import load_extractor
from viceversa.evaluation.features import Preparation
from viceversa.evaluation.translations import (
    DirectionInputs,
    DirectionResults,
    Translate,
    file_translate,
    score_direction,
)
from viceversa.methods.cyclegan import CycleGANConfig
from viceversa.translation.translator import Translator

NET = load_extractor()
PREPARE = Preparation(size=16)


class Grey(nn.Module):
    """The same answer to everything."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class Negative(nn.Module):
    """Its own inverse."""

    def forward(self, x: Tensor) -> Tensor:
        return -x


def direction(paths: list[Path], truths: tuple[Path, ...] = ()) -> DirectionInputs:
    return DirectionInputs(
        direction=CycleGANConfig.directions[0],
        source="red",
        target="blue",
        paths=tuple(paths),
        truths=truths,
        prepare_source=PREPARE,
        prepare_target=PREPARE,
    )


def translate(net: nn.Module) -> Translate:
    return file_translate(Translator({"A": net, "B": net}, ("red", "blue"), (3, 3), 16, 0))


def scored(paths: list[Path], net: nn.Module, truths: tuple[Path, ...] = ()) -> DirectionResults:
    return score_direction(direction(paths, truths), translate(net), extractor=NET, back=True, cycle=True)


def test_identity_translator_keeps_all_content(pictures):
    paths = sorted((pictures / "testA").iterdir())
    results = scored(paths, nn.Identity(), tuple(paths))
    assert results.each("psnr") == pytest.approx(106.02, abs=0.01) and results.mean("ssim") == pytest.approx(1)
    assert results.mean("feature") == pytest.approx(0, abs=1e-5) and results.mean("cycle_l1") == 0
    assert results.mean("edges") == pytest.approx(1) and results.traceable == 1
    assert results.mean("input_psnr") == results.mean("psnr")


def test_constant_translator_keeps_no_content(pictures):
    results = scored(sorted((pictures / "testA").iterdir()), Grey())
    assert results.mean("edges") == 0 and results.traceable == 0
    assert results.each("psnr") is None  # no truth, no number
    made = np.concatenate(results.output_features)
    np.testing.assert_allclose(made, made[:1].repeat(len(made), 0), atol=1e-5)


def test_negative_has_a_perfect_cycle_and_a_low_psnr(pictures):
    """Both sides are rounded to 8 bits, of which 127.5 has none: half a level is the most that can be lost."""
    paths = sorted((pictures / "testA").iterdir())
    results = scored(paths, Negative(), tuple(paths))
    assert results.mean("cycle_l1") <= 0.5 / 255 and results.mean("edges") == pytest.approx(1, abs=0.01)
    assert results.mean("psnr") < 12 < results.mean("input_psnr")


def test_first_images_are_returned_and_others_only_scored(pictures):
    paths = sorted((pictures / "testA").iterdir())
    results = score_direction(direction(paths, tuple(paths)), translate(Negative()), back=True, keep=3, batch=2)
    assert len(results.paths) == 9 and [image.path for image in results.images] == paths[:3]
    for image in results.images:
        np.testing.assert_allclose(image.output, -image.input, atol=1.01 / 255)
        np.testing.assert_allclose(image.cycle, image.input, atol=1.01 / 255)
        assert (image.truth == image.input).all()
    assert results.mean("cycle_psnr") is None  # not all were translated back
    assert results.output_features == [] and results.mean("ssim") is None  # no extractor, no set


def test_limit_stops_at_so_many_readable_images(pictures, tmp_path):
    data = Path(shutil.copytree(pictures, tmp_path / "data"))
    (data / "testA" / "1.png").write_bytes(b"no picture")
    paths = sorted((data / "testA").iterdir())
    calls: list[int] = []
    observe = lambda files, x, y: calls.append(len(files))  # noqa: E731
    results = score_direction(direction(paths), translate(Negative()), limit=3, batch=2, observers=[observe])
    assert results.paths == [paths[0], *paths[2:4]] and calls == [2, 1]
    assert len(results.unreadable) == 1 and "1.png" in results.unreadable[0]


def test_numbers_do_not_depend_on_batches(pictures):
    paths = sorted((pictures / "trainA").iterdir())
    inputs = direction(paths, tuple(paths[::-1]))
    one, all_at_once = (score_direction(inputs, translate(Negative()), batch=n) for n in (1, len(paths)))
    for name in ("psnr", "input_psnr", "colour_psnr"):
        assert one.each(name) == pytest.approx(all_at_once.each(name), abs=1e-9)


def test_colour_change_is_fitted_on_a_part_of_many_pixels(pictures, monkeypatch):
    paths = sorted((pictures / "trainA").iterdir())
    inputs = direction(paths, tuple(paths[::-1]))
    whole = score_direction(inputs, translate(Negative()))
    monkeypatch.setattr("viceversa.evaluation.translations.FIT_PIXELS", 500)
    part = score_direction(inputs, translate(Negative()))
    assert part.mean("colour_psnr") == pytest.approx(whole.mean("colour_psnr"), abs=0.2)
