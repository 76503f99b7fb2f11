"""The feature map: distant sets lie apart, and 1-NN accuracy is 50 % for one distribution."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from viceversa.report.map import maps, one_nn_accuracy, tsne

RNG = np.random.default_rng(0)


def gaussians(count: int, kinds: int = 4) -> tuple[np.ndarray, np.ndarray]:
    kind = np.arange(count) % kinds
    return (6 * np.eye(8)[kind] + RNG.normal(size=(count, 8))).astype(np.float32), kind


def test_one_nn_accuracy_of_equal_and_of_distant_sets():
    a, b = RNG.normal(size=(400, 5)), RNG.normal(size=(400, 5))
    assert one_nn_accuracy(a, b) == pytest.approx(0.5, abs=0.06)
    assert one_nn_accuracy(a + 50, b) == 1
    assert one_nn_accuracy(b + 1e-6, b) < 0.05  # copies


@pytest.mark.long
def test_tsne_keeps_neighbours_together():
    real, kinds = gaussians(200)
    placed, made = tsne(real, {1: real[kinds == 0] + 0.1})
    centres = np.stack([placed[kinds == k].mean(0) for k in range(4)])
    nearest = np.linalg.norm(placed[:, None] - centres, axis=2).argmin(1)
    assert (nearest == kinds).mean() > 0.95
    assert (np.linalg.norm(made[:, None] - centres, axis=2).argmin(1) == 0).mean() > 0.9


def test_panels_are_spread_over_the_training(tmp_path):
    real, kinds = gaussians(120)
    assert maps(tmp_path) == ""
    save_file({"real": real, "kinds": kinds}, tmp_path / "real.safetensors")
    for step in (100, 200, 300, 400, 500, 600):
        save_file({"fake": gaussians(40)[0]}, tmp_path / f"step-{step:06}.safetensors")
    page = maps(tmp_path)
    shown = [f"{step}<br>" in page for step in range(100, 601, 100)]
    assert shown == [True, False, True, True, False, True] or (sum(shown) == 4 and shown[0] and shown[-1])
    assert page.count('class="fake"') == 8  # four panels by components, four by t-SNE
    assert "nan" not in page
