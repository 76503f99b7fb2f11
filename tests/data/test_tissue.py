"""Tissue masks: a threshold with a closed form, glass and tissue told apart, weights without a grid."""

from dataclasses import replace

import numpy as np
import pytest

from support.pyramids import natural
from viceversa.data.tissue import describe_tissue, mask_of, pen_share, tissue_mask
from viceversa.images import Window
from viceversa.images.decoded import Decoded
from viceversa.images.windows import WholeImage
from viceversa.metrics.otsu import otsu


def slide(side: int = 600) -> WholeImage:
    """Tissue in the middle of glass."""
    samples = np.full((side, side, 3), 240, np.uint8)
    samples[200:400, 150:450] = natural(200, 300) // 2
    return WholeImage("slide", "TIFF", Decoded(samples=samples))


def test_otsu_separates_two_values():
    values = np.array([0.2] * 30 + [0.7] * 10)
    assert otsu(values, (0.0, 1.0)) == pytest.approx(0.45, abs=0.01)  # the middle of all that are equally good
    assert otsu(np.array([])) == 0


def test_tissue_is_where_it_is_dark_or_coloured():
    mask = tissue_mask(slide())
    truth = np.zeros((600, 600), bool)
    truth[200:400, 150:450] = True
    assert (mask.mask == truth).mean() > 0.99
    assert mask.share(Window(0, 0, 600, 600)) == pytest.approx(1 / 6, abs=0.01)
    assert mask.share(Window(250, 200, 50, 50)) == 1 and mask.share(Window(0, 0, 100, 100)) == 0


def test_weights_do_not_depend_on_windows():
    mask = tissue_mask(slide())
    whole = mask.weights(Window(0, 0, 600, 600))
    for window in (Window(0, 0, 300, 250), Window(173, 91, 201, 333)):
        assert np.array_equal(mask.weights(window), whole[window.slices])
    assert whole.min() == 0 and whole[200:400, 150:450].min() > 0.9


def test_specks_and_holes_are_left_out():
    colours = np.full((100, 100, 3), 0.95, np.float32)
    colours[30:70, 30:70] = (0.7, 0.3, 0.6)
    colours[50, 50] = 0.95
    colours[10, 10] = 0.1
    mask = mask_of(colours)
    assert mask[50, 50] and not mask[10, 10]


def test_dark_grounds_are_fluorescence():
    colours = np.full((100, 100, 1), 0.02, np.float32)
    colours[40:60, 40:60] = 0.6
    mask = mask_of(colours)
    assert mask[50, 50] and not mask[5, 5]


@pytest.mark.parametrize(
    ("colour", "is_pen"), [((0.1, 0.2, 0.8), True), ((0.1, 0.6, 0.2), True), ((0.8, 0.4, 0.7), False)]
)
def test_pen_marks_are_hinted_at(colour, is_pen):
    colours = np.full((100, 100, 3), 0.95, np.float32)
    colours[10:20, 10:60] = colour
    assert (pen_share(colours) > 0.01) == is_pen


def test_images_without_a_scale_have_no_tissue_to_describe():
    assert describe_tissue(slide()) == ""


def test_slides_are_described_with_their_tissue():
    image = slide()
    image.about = replace(image.about, mpp=(0.5, 0.5), is_slide=True)
    assert "mm² of tissue (1" in describe_tissue(image)
    image.decoded.samples[20:60, 20:300] = (20, 40, 220)
    assert "perhaps pen marks" in describe_tissue(image)
