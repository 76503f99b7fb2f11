"""Drawn slides: any window is the same wherever it is cut, truth follows from the stains, labels and nuclei agree."""

import numpy as np
import pytest

from viceversa.metrics.nuclei import Matches, find_nuclei, match, nuclei_kept
from viceversa.worlds import slides
from viceversa.worlds.lattice import BLOCK, Lattice
from viceversa.worlds.slides import paint, stains
from viceversa.worlds.slides.layout import standard

SIDE = 4096


@pytest.fixture(scope="module")
def slide() -> slides.Slide:
    return slides.describe(3, SIDE)


def test_overlapping_windows_are_equal_in_every_bit(slide: slides.Slide) -> None:
    drawing = slides.draw(slide, "he")
    whole = drawing.window(1000, 1400, 400, 300)
    for top, left, height, width in ((0, 0, 400, 300), (17, 90, 101, 53), (399, 299, 1, 1)):
        part = drawing.window(1000 + top, 1400 + left, height, width)
        np.testing.assert_array_equal(part, whole[top : top + height, left : left + width])
    np.testing.assert_array_equal(slides.window(3, SIDE, 1017, 1490, 101, 53, "he"), whole[17:118, 90:143])


def test_the_grid_of_blocks_is_not_seen(slide: slides.Slide) -> None:
    """A block that lies across four others shows what they show: at most a level apart, in few pixels."""
    for stain in slides.STAINS:
        shifted = paint.paint_stain(slide, Lattice(1280, 1280), stain, slide.own[stain], noise=True)
        window = slides.draw(slide, stain).window(1280, 1280, BLOCK, BLOCK)
        assert shifted is not None
        apart = np.abs(shifted.astype(int) - window)
        assert apart.max() <= 1 and (apart > 0).mean() < 1e-3


def test_seeds_and_stains_differ(slide: slides.Slide) -> None:
    window = (1500, 1500, 128, 128)
    he, pas = (slides.draw(slide, stain).window(*window).astype(int) for stain in ("he", "pas"))
    other = slides.draw(slides.describe(4, SIDE), "he").window(*window).astype(int)
    assert np.abs(he - pas).mean() > 5 and np.abs(he - other).mean() > 5


@pytest.mark.parametrize("stain", slides.STAINS)
def test_truth_is_beer_and_lambert_of_the_drawn_structures(slide: slides.Slide, stain: str) -> None:
    """I = I0 * 10^-(c1 v1 + c2 v2), in double precision, to a rounding."""
    block = Lattice(1536, 1536)
    drawn, ink = paint.structures(slide, block)
    assert drawn is not None and not paint.reaches(ink, 4)
    density = np.zeros((BLOCK, BLOCK, 3))
    thick = drawn.tissue.astype(float) * (1 + 0.85 * drawn.fold)
    for key, amounts in paint.STAINING[stain].items():
        for amount, vector in zip(amounts, standard(stain).vectors, strict=True):
            density += (amount * drawn.densities[key].astype(float) * thick)[..., None] * np.array(vector)
    expected = np.array(stains.GLASS) * 10 ** -np.minimum(density, stains.HIGHEST_DENSITY)
    truth = slides.draw(slide, stain, True).window(1536, 1536, BLOCK, BLOCK)
    assert np.abs(truth - expected).max() < 0.51


def test_noise_is_all_that_an_image_has_beyond_its_own_stain(slide: slides.Slide) -> None:
    block = Lattice(1536, 1536)
    own = slide.own["he"]
    clean = paint.paint_stain(slide, block, "he", own, noise=False)
    noisy = paint.paint_stain(slide, block, "he", own, noise=True)
    assert clean is not None and noisy is not None
    difference = noisy.astype(int) - clean
    assert abs(difference.mean()) < 0.1 and 0.8 < difference.std() < 1.8


@pytest.mark.parametrize("truth", [False, True])
def test_glass_has_one_colour(slide: slides.Slide, truth: bool) -> None:
    for stain in slides.STAINS:
        glass = stains.GLASS if truth else slide.own[stain].glass
        labels = slides.draw_labels(slide).window(0, 0, 1024, 1024)[..., 0]
        image = slides.draw(slide, stain, truth).window(0, 0, 1024, 1024)
        blank = (image == glass).all(-1)
        assert blank.mean() > 0.05
        assert not labels[blank].any() or (labels[blank] != 0).mean() < 0.05  # a lumen may be as clear
        row = blank.all(1).nonzero()[0]
        column = blank.all(0).nonzero()[0]
        assert len(row) + len(column) > 0


def test_labels_and_middles_of_nuclei_agree_with_the_drawing(slide: slides.Slide) -> None:
    window = (1400, 1400, 600, 700)
    labels = slides.draw_labels(slide).window(*window)[..., 0]
    middles = slides.nuclei_in(slide, *window)
    assert set(np.unique(labels)) <= set(range(len(slides.LABELS)))
    row, column = middles[:, :2].astype(int).T
    assert len(middles) > 150 and (labels[row, column] == slides.LABELS.index("nucleus")).mean() > 0.97
    again = slides.nuclei_in(slide, 1500, 1450, 300, 300)
    inside = middles[((middles[:, :2] >= (100, 50)) & (middles[:, :2] < (400, 350))).all(1)] - (100, 50, 0)
    np.testing.assert_allclose(again[np.lexsort(again.T)], inside[np.lexsort(inside.T)])
    red = slides.draw(slide, "he", True).window(*window)[..., 0].astype(float)
    nucleus = labels == slides.LABELS.index("nucleus")
    assert red[nucleus].mean() < red[~nucleus].mean() - 60


def test_no_two_nuclei_overlap(slide: slides.Slide) -> None:
    y, x, _ = slides.nuclei_in(slide, 1024, 1024, 1024, 1024).T
    distance = np.hypot(y[:, None] - y, x[:, None] - x) + 1e3 * np.eye(len(y))
    assert distance.min() > 11.9


def test_reductions_are_means(slide: slides.Slide) -> None:
    drawing = slides.draw(slide, "pas")
    full = drawing.window(1200, 1400, 64, 128).astype(float)
    half = drawing.window(600, 700, 32, 64, reduction=2)
    assert np.abs(half - full.reshape(32, 2, 64, 2, 3).mean((1, 3))).max() <= 0.5


@pytest.mark.parametrize("window", [(-1, 0, 5, 5), (0, 0, 0, 5), (SIDE - 4, 0, 5, 5), (0, SIDE, 1, 1)])
def test_windows_outside_of_the_slide_are_refused(slide: slides.Slide, window: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="is not inside of"):
        slides.draw(slide, "he").window(*window)


@pytest.mark.long
def test_nuclei_are_found_and_kept_in_the_truth() -> None:
    """What the measure gives for a perfect translation, and against the nuclei that were drawn."""
    kept, found = Matches(0, 0, 0), Matches(0, 0, 0)
    for seed in range(5):
        slide, window = slides.describe(seed, SIDE), (1200, 1300, 640, 640)
        image = slides.draw(slide, "he").window(*window)
        kept += nuclei_kept(image, slides.draw(slide, "pas", True).window(*window))
        found += match(find_nuclei(image), slides.nuclei_in(slide, *window)[:, :2], 6)
    assert kept.source > 1000 and kept.f1 > 0.97 and found.f1 > 0.96


@pytest.mark.long
def test_no_map_of_colours_gives_the_other_stain() -> None:
    """The best affine map leaves a third of the variance of periodic acid-Schiff, and a twelfth of the other way."""
    images = []
    for seed in range(4):
        slide = slides.describe(seed, SIDE)
        images.append([slides.draw(slide, s, t).window(1300, 1300, 400, 400) for s in slides.STAINS for t in (0, 1)])
    he, he_truth, pas, pas_truth = (
        np.concatenate(part).reshape(-1, 3).astype(float) for part in zip(*images, strict=True)
    )
    for source, target, least in ((he, pas_truth, 0.25), (pas, he_truth, 0.07)):
        source = np.c_[source, np.ones(len(source))]
        rest = target - source @ np.linalg.lstsq(source, target, rcond=None)[0]
        assert (rest**2).sum() / ((target - target.mean(0)) ** 2).sum() > least


def test_light_that_passes_a_density() -> None:
    """A density of 1 lets a tenth of the light pass, 0 all of it; darker than the scanner sees is not stored."""
    density = np.array([[0.0, 1.0, 2.0, 9.0]], np.float32)
    light = stains.transmitted((density, density.copy(), density.copy()), (240, 200, 100))
    assert light[0].tolist() == [[240, 200, 100], [24, 20, 10], [2, 2, 1], [1, 1, 0]]


def test_densities_of_two_stains_add_up() -> None:
    stain = stains.Stain(vectors=((0.5, 0.25, 0.125), (1.0, 2.0, 4.0)), strengths=(2.0, 0.5))
    one, half = np.ones((1, 1), np.float32), np.full((1, 1), 0.5, np.float32)
    densities = stains.optical_density((one, half), stain)
    assert [float(d[0, 0]) for d in densities] == [1 + 0.25, 0.5 + 0.5, 0.25 + 1.0]
