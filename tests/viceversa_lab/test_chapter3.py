"""Chapter 3 with small settings: values against closed forms, and short trainings."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from support.experiments import claims, measure_and_write
from viceversa import images
from viceversa.worlds import digits
from viceversa_lab.blocks import Animation, Figure
from viceversa_lab.chapter3 import (
    balance,
    collapse,
    dcgan,
    digit_runs,
    equilibrium,
    modes,
    parallel_lines,
    saturation,
    wasserstein,
    wgan,
)


def test_equilibrium(tmp_path):
    results, blocks = measure_and_write(equilibrium.EXPERIMENT, tmp_path, seeds=(0,), distances=(0.0, 2.0), steps=250)
    assert results["known"][0] == pytest.approx(-math.log(4), abs=1e-6)
    assert np.diff(results["known"]).min() > 0  # larger distances are easier for the discriminator
    at_zero, at_two = (row[0]["value"] for row in results["gaussians"])
    assert at_zero <= results["known"][0] + 1e-6 and at_two <= results["known"][-1]  # none exceeds the best
    assert at_two == pytest.approx(results["known"][-1], abs=0.02) and results["mixtures"][0]["error"] < 0.05
    assert claims(blocks) == [True]


def test_samples_have_mean_and_deviation_of_the_density():
    rng = np.random.default_rng(0)
    density = equilibrium.gaussian(equilibrium.LINE, 3.0, 0.5)
    samples = np.concatenate([equilibrium.samples(density, rng) for _ in range(40)])
    assert samples.mean() == pytest.approx(3, abs=0.02) and samples.std() == pytest.approx(0.5, abs=0.02)


def test_saturation(tmp_path):
    results, blocks = measure_and_write(saturation.EXPERIMENT, tmp_path, seeds=(0,), steps=100, warmup_steps=150)
    outputs = np.array(results["outputs"])
    np.testing.assert_allclose(results["gradients"]["minimax"], outputs, rtol=1e-9)
    np.testing.assert_allclose(results["gradients"]["nonsaturating"], 1 - outputs, rtol=1e-9)
    assert all(games[0][0] == pytest.approx(6) for games in results["games"].values())
    end = {name: games[0][-1] for name, games in results["games"].items()}
    assert end["minimax sgd"] > 5 > 2 > end["nonsaturating sgd"]
    assert claims(blocks) == [False]


@pytest.mark.long
def test_wasserstein(tmp_path):
    results, blocks = measure_and_write(wasserstein.EXPERIMENT, tmp_path, seeds=(7,), pairs=((2.0, 1.0),), steps=250)
    assert results["known"] == [2.0] and results["penalty estimate"][0][0] == pytest.approx(2, rel=0.05)
    assert results["clipping estimate"][0][0] < 1.2  # clipped weights keep the slope far below 1
    assert results["clipping steepest"][0][0] < 0.7 < 0.9 < results["penalty steepest"][0][0] < 1.2
    assert claims(blocks) == [True]


@pytest.mark.long
def test_parallel_lines(tmp_path):
    results, blocks = measure_and_write(
        parallel_lines.EXPERIMENT, tmp_path, seeds=(0,), distances=(0.0, 1.0, 2.0), steps=200
    )
    divergence, distance = ([row[0]["distance"] for row in results[net]] for net in ("discriminator", "critic"))
    np.testing.assert_allclose(divergence, [0, math.log(2), math.log(2)], atol=0.02)
    np.testing.assert_allclose(distance, [0, 1, 2], atol=0.1)
    assert claims(blocks) == [True]


class Classifier:
    """Predicts the class in the first pixel with a fixed confidence."""

    def __init__(self, confidence: float) -> None:
        self.confidence = confidence

    def preview(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        probabilities = torch.full((len(x), 10), (1 - self.confidence) / 9)
        probabilities[range(len(x)), x[:, 0, 0, 0].long()] = self.confidence
        return {"scores": probabilities.log()}


def test_scores_of_a_classifier():
    even = torch.arange(1000).remainder(10).float()[:, None, None, None].expand(-1, 1, 28, 28)
    confident, unsure = digit_runs.score(Classifier(0.95), even), digit_runs.score(Classifier(0.8), even)
    assert confident["recognised"] == 1 and unsure["recognised"] == 0
    assert unsure["confidence"] == pytest.approx(0.8) and confident["imbalance"] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(confident["classes"], 0.1)
    assert unsure["curve"][0] == 1 and unsure["curve"][-1] == 0
    one_class = digit_runs.score(Classifier(0.95), torch.zeros(20, 1, 28, 28))
    assert one_class["imbalance"] == pytest.approx(math.log(10)) and min(one_class["classes"]) == 0


def test_nearest_training_digit():
    train = torch.rand(30, 1, 28, 28)
    real = digit_runs.RealDigits("test", Path(), train, train[:0], np.zeros(0, np.int64))
    distance, index = digit_runs.nearest(torch.cat([train[[4, 9]], train[[2]] + 0.1]), real)
    assert list(index) == [4, 9, 2]
    np.testing.assert_allclose(distance, [0, 0, 0.1], atol=2e-3)


SMALL = ("method.width=4", "method.d_width=4", "method.latent=5", "train.batch=16", "train.precision=fp32")


@pytest.fixture
def glyphs(tmp_path):
    """A folder with 60 glyphs."""
    digits.write(digits.load("glyphs", count=60), tmp_path / "glyphs")
    return str(tmp_path / "glyphs")


@pytest.mark.long
def test_dcgan(tmp_path, glyphs):
    small = {"data": glyphs, "seeds": (0, 1), "steps": 4, "classifier_steps": 3, "count": 60, "frames": 2}
    small["change"] = SMALL
    results, blocks = measure_and_write(dcgan.EXPERIMENT, tmp_path / "a", **small)
    assert [sum(t["classes"]) for t in results["generated"]] == pytest.approx([1, 1])
    assert results["generated"][0] != results["generated"][1] and 0 < results["real"]["distance"] < 2

    animation = next(block for block in blocks if isinstance(block, Figure)).drawings[0]
    assert isinstance(animation, Animation) and len(animation.frames) == 3  # steps 0, 2 and 4
    assert not np.array_equal(animation.frames[0], animation.frames[-1])
    cell = animation.frames[-1][:1, 1:29, 1:29]
    first = results.image("generated")[:1, 1:29, 1:29]
    assert cell.shape == first.shape == (1, 28, 28) and np.abs(cell[0, 0, 0]) <= 1

    assert claims(blocks) == [False]  # no generator learns to write in four steps
    again, _ = measure_and_write(dcgan.EXPERIMENT, tmp_path / "b", **small)
    assert again["generated"] == results["generated"]


@pytest.mark.long
def test_wgan(tmp_path, glyphs):
    results, blocks = measure_and_write(
        wgan.EXPERIMENT,
        tmp_path / "a",
        data=glyphs,
        seeds=(0,),
        steps=(4, 3, 3),
        classifier_steps=3,
        count=60,
        change=(*SMALL, "train.batch=24"),
    )
    for method in wgan.NAMES:
        assert results[method][0]["seconds per step"] > 0
        assert sum(results[method][0]["classes"]) == pytest.approx(1)
    sheets = [results.image(method) for method in wgan.NAMES]
    assert all(sheet.shape == sheets[0].shape for sheet in sheets) and not np.array_equal(sheets[1], sheets[2])
    assert claims(blocks)[1] is False


@pytest.mark.long
def test_balance(tmp_path):
    results, blocks = measure_and_write(balance.EXPERIMENT, tmp_path, steps=150)
    imbalance, healthy = results["runs"]["imbalance"], results["runs"]["healthy"]
    assert imbalance["alarm"]["symptom"] == "d-wins" and imbalance["alarm"]["step"] <= 150
    assert not healthy["alarm"]["step"]
    assert imbalance["curves"]["D"][-1] < 0.05 < 0.2 < healthy["curves"]["D"][-1]
    assert claims(blocks) == [True]


@pytest.mark.long
def test_collapse(tmp_path):
    results, blocks = measure_and_write(collapse.EXPERIMENT, tmp_path, steps=200, faces=120)
    collapsed, healthy = results["trainings"]["collapsed"], results["trainings"]["healthy"]
    assert collapsed["step"] > 0 and collapsed["diversity"] < 0.6 < healthy["diversity"]
    points, modes = results.array("points healthy"), results.array("modes healthy")
    assert len(points) > len(modes) > 100 and np.isfinite(points).all()
    assert len(claims(blocks)) == 1


@pytest.mark.long
def test_modes(tmp_path):
    results, blocks = measure_and_write(modes.EXPERIMENT, tmp_path, seeds=(0,), steps=400)
    for case in modes.CASES:
        (training,) = results[case]
        assert 0 <= training["held"] <= training["covered"] <= 8 and 0 <= training["quality"] <= 1
        assert np.shape(training["strip"]) == (modes.PANELS, modes.DRAWN, 2)
    assert results["relativistic"][0]["covered"] >= results["fast generator"][0]["covered"]
    assert len(claims(blocks)) == 1


def test_sample_sheets_are_cut_into_their_images(tmp_path):
    rows = [[np.full((1, 28, 28), -1 + (8 * y + x) / 32, np.float32) for x in range(8)] for y in range(8)]
    (tmp_path / "samples").mkdir()
    images.save_png(tmp_path / "samples" / "step-000003.png", images.grid(rows))
    (sheet,) = digit_runs.sample_sheets(tmp_path)
    np.testing.assert_allclose(
        [[cell.mean() for cell in row] for row in sheet], np.array(rows).mean((2, 3, 4)), atol=5e-3
    )
