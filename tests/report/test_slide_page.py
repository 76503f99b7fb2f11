"""The page of a translated slide: a tiny run, a tiny slide, and hostile names."""

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile

from viceversa.evaluation.slide_reference import COUNT, slide_reference
from viceversa.evaluation.slides import MeasuredWindow
from viceversa.images import Window
from viceversa.report.slide_page import chosen_windows, write_quality_page
from viceversa.translation.large import open_large
from viceversa.translation.stream import StreamOptions, stream
from viceversa.translation.translator import load

SIDE = 1300


def write_slide(path: Path, glass: int = 240) -> Path:
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 220, (SIDE, SIDE, 3)).astype(np.uint8)
    pixels[:, :500] = glass
    tifffile.imwrite(path, pixels, tile=(256, 256), photometric="rgb", resolution=(2e4, 2e4), resolutionunit=3)
    return path


@pytest.mark.long
def test_page_of_a_tiny_run(tiny_run, tmp_path):
    translator = load(tiny_run)
    name = '<b>&".tif'
    source, result = write_slide(tmp_path / name), tmp_path / "result.tif"
    page = tmp_path / "result.quality.html"
    reference = slide_reference(tiny_run, translator, "B")
    with open_large(source, translator.source_values("B"), 3) as opened:
        stream(translator, opened, "B", result, StreamOptions(block=256))
        figures = write_quality_page(translator, opened, result, "B", page, reference=reference, block=256)

    assert figures.seams.ratio == pytest.approx(1, abs=max(0.02, 4 * figures.seams.error))  # exact tiles have no seams
    text = page.read_text()
    assert figures.seams and figures.response and figures.percentile is not None and figures.glass
    assert "Not for diagnosis" in text and "&lt;b&gt;" in text and "<b>&" not in text
    assert page.stat().st_size < 3_000_000
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)  # fetches nothing
    for heading in ("Seams", "Clipped values", "Colours", "Reaction to noise", "Nuclei kept", "Blank glass"):
        assert f"<h3>{heading}" in text
    assert text.count("<rect") == len(figures.windows)
    assert "0.5 µm" in text and f"step {translator.step}" in text


def test_reference_is_measured_once(tiny_run, tmp_path):
    translator = load(tiny_run)
    first = slide_reference(tiny_run, translator, "A")
    kept = tiny_run / "evaluation" / f"slides-to-A-step-{translator.step}.json"
    assert 0 < len(first.responses) <= COUNT
    assert kept.exists() and slide_reference(tiny_run, translator, "A") == first
    kept.write_text("{")
    assert slide_reference(tiny_run, translator, "A") == first  # a damaged file is measured again


def test_windows_are_chosen_by_their_response():
    windows = [MeasuredWindow(window=Window(i, 0, 8, 8), response=r) for i, r in enumerate((2.0, 5.0, 1.0, 3.0, 4.0))]
    assert [w.window.top for _, w in chosen_windows(windows)] == [1, 3, 2]
    blind = [MeasuredWindow(window=Window(i, 0, 8, 8)) for i in range(9)]
    assert [w.window.top for _, w in chosen_windows(blind)] == [1, 4, 7]
    assert chosen_windows([]) == []
