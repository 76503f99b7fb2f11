"""The figures of a translated slide, on translations with known faults."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from torch import Tensor, nn

from viceversa import images
from viceversa.evaluation.slide_reference import SlideReference
from viceversa.evaluation.slide_statistics import statistics_of
from viceversa.evaluation.slide_words import unusual
from viceversa.evaluation.slides import SlideFigures, measure_slide, response_count
from viceversa.images import from_uint8
from viceversa.translation.large import open_large
from viceversa.translation.translator import Translator

SIDE, BLOCK = 1536, 256
HIDDEN = 0.02


class Same(nn.Module):
    """An honest way back."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class ReadHidden(nn.Module):
    """A way back that reads what a translation hides in faint differences."""

    def forward(self, x: Tensor) -> Tensor:
        return (x / HIDDEN).clamp(-1, 1)


def tissue() -> np.ndarray:
    """A slide: smooth pink tissue with dark blue nuclei on glass, (H, W, 3) uint8."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    slide = np.full((SIDE, SIDE, 3), (230, 160, 200), np.float32)
    slide += 12 * np.sin(x / 9.0)[..., None] + 12 * np.sin(y / 7.0)[..., None]
    for cy, cx in rng.integers(20, SIDE - 20, (900, 2)):
        box = slice(cy - 8, cy + 8), slice(cx - 8, cx + 8)
        slide[box][(y[box] - cy) ** 2 + (x[box] - cx) ** 2 < 36] = (90, 60, 150)
    slide += rng.normal(0, 2, slide.shape)
    slide[np.hypot(y - SIDE / 2, x - SIDE / 2) > 0.42 * SIDE] = 243
    return slide.clip(0, 255).round().astype(np.uint8)


def write(path: Path, samples: np.ndarray) -> Path:
    options = {"resolution": (20_000, 20_000), "resolutionunit": "CENTIMETER"}  # 0.5 µm
    tifffile.imwrite(path, samples, tile=(256, 256), photometric="rgb", **options)
    return path


@pytest.fixture(scope="module")
def slide() -> np.ndarray:
    return tissue()


def measured(tmp_path: Path, slide: np.ndarray, result: np.ndarray, back: nn.Module, **options) -> SlideFigures:
    translator = Translator({"A": back, "B": Same()}, ("he", "pas"), (3, 3), 64, 7)
    source, target = write(tmp_path / "a.tif", slide), write(tmp_path / "b.tif", result)
    with open_large(source, None, 3) as opened, images.open_windows(target) as made:
        return measure_slide(translator, opened, made, "B", windows=8, block=BLOCK, **options)


def test_perfect_copy_is_normal(tmp_path, slide):
    crops = [slide[y : y + 200, y : y + 200].transpose(2, 0, 1) for y in range(500, 900, 40)]
    statistics = tuple(statistics_of(from_uint8(crop), None) for crop in crops)
    reference = SlideReference(statistics=statistics, responses=(0.9, 1.0, 1.1))
    figures = measured(tmp_path, slide, slide, Same(), reference=reference)

    assert figures.seams.ratio == 1 and figures.seams.error == 0
    assert figures.clipped.result == figures.clipped.source
    assert figures.response == pytest.approx(1, abs=0.1) and figures.percentile <= 100
    assert figures.nuclei.f1 == 1 and figures.nuclei.source > 100
    assert figures.glass.mean == 0 and figures.glass.largest == 0
    assert abs(figures.drift.deviations) < 2 and unusual(figures) == []
    assert figures.mpp == pytest.approx((0.5, 0.5)) and 0.4 < figures.tissue < 0.7
    assert json.loads(json.dumps(figures.as_dict()))["seams"]["ratio"] == 1
    assert (figures.source, figures.target, figures.step) == ("he", "pas", 7)


def test_every_fault_is_found(tmp_path, slide):
    """Blocks of another brightness, glass that is no longer blank, invented nuclei, and colours of another stain."""
    result = slide.astype(np.float32)
    rows = np.arange(SIDE) // BLOCK % 2
    result -= 24 * (rows[:, None] ^ rows)[..., None]
    rng = np.random.default_rng(1)
    for y, x in rng.integers(400, SIDE - 400, (300, 2)):
        result[y : y + 11, x : x + 11] = (90, 60, 150)
    result = result.round().astype(np.uint8)
    expected = {"red, mean": 180.0, "red, deviation": 30.0}
    reference = SlideReference(statistics=(expected, {name: value + 1 for name, value in expected.items()}))

    figures = measured(tmp_path, slide, result, Same(), reference=reference)
    assert figures.seams.ratio > 1.5
    assert figures.glass.mean == pytest.approx(12, abs=4) and figures.glass.largest == pytest.approx(24)
    assert figures.nuclei.precision < 0.95
    assert abs(figures.drift.deviations) > 2
    lines = " ".join(unusual(figures))
    assert "seams" in lines and "glass" in lines and "colours" in lines


def test_hidden_information_raises_the_response(tmp_path, slide):
    honest = measured(tmp_path, slide, slide, Same())
    grey = np.full_like(slide, 128)
    reference = SlideReference(responses=tuple(np.linspace(0.8, 1.2, 20)))
    hiding = measured(tmp_path, slide, grey, ReadHidden(), reference=reference)
    assert hiding.response > 5 * honest.response
    assert hiding.percentile == 100 and any("invention" in line for line in unusual(hiding))
    assert honest.percentile is None and honest.drifts == ()  # nothing to compare with


def test_one_way_run_has_no_response(tmp_path, slide):
    translator = Translator({"B": Same()}, ("he", "pas"), (3, 3), 64, 7)
    path = write(tmp_path / "a.tif", slide)
    with open_large(path, None, 3) as opened, images.open_windows(path) as made:
        figures = measure_slide(translator, opened, made, "B", windows=4, block=BLOCK)
    assert figures.response is None and all(window.response is None for window in figures.windows)


def test_result_of_another_size_is_refused(tmp_path, slide):
    with pytest.raises(ValueError, match="pixels"):
        measured(tmp_path, slide, slide[:-1], Same())


def test_measuring_repeats(tmp_path, slide):
    first, second = (measured(tmp_path, slide, slide, Same()).as_dict() for _ in range(2))
    assert first == second


def test_passes_back_are_few_beside_the_slide():
    assert response_count((1000, 1000)) == 4 and response_count((40_000, 40_000)) == 24
    side = 10_000
    assert 3 * 256**2 * response_count((side, side)) < 0.04 * side**2


def test_statistics_of_tissue_leave_glass_out():
    x = torch.full((3, 10, 10), 0.9).numpy()
    assert statistics_of(x, None) is None
    x[:, :5] = -0.2
    statistics = statistics_of(x, None)
    assert statistics["red, mean"] == pytest.approx(102) and statistics["red, deviation"] == pytest.approx(0, abs=1e-4)
    assert statistics["optical density, mean"] == pytest.approx(-np.log10(102 / 255), abs=1e-3)
