"""The windows that the quality of a large image is measured on."""

import numpy as np
import pytest

from viceversa.evaluation.slide_windows import (
    BLANK_COUNT,
    BLOCK,
    candidates,
    lines_in,
    middle,
    sample_windows,
    share_of,
)
from viceversa.images import Window

SIZE = (20_000, 30_000)


def ellipse(shape=(200, 300)):
    y, x = (np.linspace(-1, 1, n) for n in shape)
    return y[:, None] ** 2 + x**2 < 0.4


def test_windows_lie_on_tissue_and_on_lines_of_the_grid():
    sampled = sample_windows(SIZE, ellipse())
    assert len(sampled.tissue) == 24 and len(set(sampled.tissue)) == 24
    for window in sampled.tissue:
        assert share_of(ellipse(), window, SIZE) >= 0.5
        rows, columns = lines_in(window, BLOCK)
        assert rows or columns
        assert all((window.top + row) % BLOCK == 0 for row in rows)
        assert all((window.left + column) % BLOCK == 0 for column in columns)
    assert sampled == sample_windows(SIZE, ellipse())


def test_windows_are_spread_over_the_tissue():
    tops = [window.top for window in sample_windows(SIZE, ellipse()).tissue]
    thirds = np.histogram(tops, 3, (4000, 16_000))[0]
    assert thirds.min() >= 4  # of 24 in each third of the tissue


def test_blank_windows_are_far_from_tissue():
    sampled = sample_windows(SIZE, ellipse())
    assert len(sampled.blank) == BLANK_COUNT
    for window in sampled.blank:
        wider = Window(max(0, window.top - 80), max(0, window.left - 80), window.height + 160, window.width + 160)
        assert share_of(ellipse(), wider, SIZE) == 0


def test_little_tissue_is_found():
    tissue = np.zeros((200, 300), bool)
    tissue[50:54, 100:103] = True
    sampled = sample_windows(SIZE, tissue)
    assert 0 < len(sampled.tissue) < 24
    assert all(share_of(tissue, window, SIZE) > 0 for window in sampled.tissue)
    assert sample_windows(SIZE, np.zeros((200, 300), bool)).tissue == ()


@pytest.mark.parametrize("size", [(300, 200), (512, 700), (1100, 1500), (2048, 2048)])
def test_windows_of_small_images_lie_inside(size):
    sampled = sample_windows(size, np.ones((20, 20), bool))
    assert sampled.tissue and not sampled.blank
    for window in sampled.tissue:
        assert window.top + window.height <= size[0] and window.left + window.width <= size[1]


def test_candidates_do_not_overlap():
    seen = np.zeros((4000, 5000), int)
    for window in candidates(seen.shape, 512, 1024):
        seen[window.slices] += 1
    assert seen.max() == 1 and seen[1024, 1024] == 1


def test_lines_of_a_window_are_counted_from_its_first_pixel():
    assert lines_in(Window(768, 1100, 512, 512), 1024) == ([256], [])
    assert lines_in(Window(1024, 0, 1500, 1024), 1024) == ([1024], [])  # its first row has no other side


def test_middle_of_a_window():
    assert middle(Window(0, 0, 512, 100), 256) == (slice(128, 384), slice(0, 100))
