"""Chapter 3 of the living report: its numbers against closed forms, and its trainings in miniature."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from viceversa import images
from viceversa.worlds import digits
from viceversa_lab.chapter3 import (
    balance,
    collapse,
    dcgan,
    equilibrium,
    modes,
    parallel_lines,
    recognition,
    saturation,
    wasserstein,
    wgan,
)
from viceversa_lab.experiment import Experiment, Found
from viceversa_lab.parts import Claim, Figure, Film, Finding
from viceversa_lab.work import Work, plain


def run(experiment: Experiment, folder: Path, **small: object) -> Found:
    """Measure with small settings; the answer as the page would get it."""
    settings = replace(experiment.quick, **small)
    return Found(settings, plain(experiment.measure(settings, Work(folder))), folder, True, 0.0)


def claims(experiment: Experiment, found: Found) -> list[bool]:
    """What the page says of each claim; every section ends with figures and a finding."""
    parts = experiment.write(found)
    assert any(isinstance(p, Figure) for p in parts) and any(isinstance(p, Finding) for p in parts)
    return [p.holds for p in parts if isinstance(p, Claim)]


def test_equilibrium(tmp_path):
    found = run(equilibrium.EXPERIMENT, tmp_path, seeds=(0,), apart=(0.0, 2.0), steps=250)
    assert found["known"][0] == pytest.approx(-math.log(4), abs=1e-6)
    assert np.diff(found["known"]).min() > 0  # the further apart, the better for the discriminator
    at_equal, at_two = (row[0]["value"] for row in found["gaussians"])
    assert at_equal <= found["known"][0] + 1e-6 and at_two <= found["known"][-1]  # nobody beats the best
    assert at_two == pytest.approx(found["known"][-1], abs=0.02) and found["hills"][0]["error"] < 0.05
    assert claims(equilibrium.EXPERIMENT, found) == [True]


def test_samples_of_a_density_follow_it():
    rng = np.random.default_rng(0)
    drawn = np.concatenate([equilibrium.draw(equilibrium.hill(equilibrium.LINE, 3.0, 0.5), rng) for _ in range(40)])
    assert drawn.mean() == pytest.approx(3, abs=0.02) and drawn.std() == pytest.approx(0.5, abs=0.02)


def test_saturation(tmp_path):
    found = run(saturation.EXPERIMENT, tmp_path, seeds=(0,), steps=100, head_start=150)
    answers = np.array(found["answers"])
    np.testing.assert_allclose(found["slopes"]["minimax"], answers, rtol=1e-9)
    np.testing.assert_allclose(found["slopes"]["nonsaturating"], 1 - answers, rtol=1e-9)
    left = {name: games[0][-1] for name, games in found["games"].items()}
    assert all(games[0][0] == pytest.approx(6) for games in found["games"].values())
    assert left["minimax sgd"] > 5 > 2 > left["nonsaturating sgd"]
    assert claims(saturation.EXPERIMENT, found) == [False]


@pytest.mark.long
def test_wasserstein(tmp_path):
    found = run(wasserstein.EXPERIMENT, tmp_path, seeds=(7,), pairs=((2.0, 1.0),), steps=250)
    assert found["known"] == [2.0] and found["penalty estimate"][0][0] == pytest.approx(2, rel=0.05)
    assert found["clipping estimate"][0][0] < 1.2  # clipped weights hold the slope far below 1
    assert found["clipping steepest"][0][0] < 0.7 < 0.9 < found["penalty steepest"][0][0] < 1.2
    assert claims(wasserstein.EXPERIMENT, found) == [True]


@pytest.mark.long
def test_parallel_lines(tmp_path):
    found = run(parallel_lines.EXPERIMENT, tmp_path, seeds=(0,), apart=(0.0, 1.0, 2.0), steps=200)
    verdicts, distances = ([row[0]["distance"] for row in found[kind]] for kind in ("verdict", "transport"))
    np.testing.assert_allclose(verdicts, [0, math.log(2), math.log(2)], atol=0.02)
    np.testing.assert_allclose(distances, [0, 1, 2], atol=0.1)
    assert claims(parallel_lines.EXPERIMENT, found) == [True]


class Judge:
    """Is `sure` of the class that stands in the first pixel."""

    def __init__(self, sure: float) -> None:
        self.sure = sure

    def preview(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        seen = torch.full((len(pictures), 10), (1 - self.sure) / 9)
        seen[range(len(seen)), pictures[:, 0, 0, 0].long()] = self.sure
        return {"scores": seen.log()}


def test_opinion_of_a_judge():
    even = torch.arange(1000).remainder(10).float()[:, None, None, None].expand(-1, 1, 28, 28)
    sure, unsure = recognition.opinion(Judge(0.95), even), recognition.opinion(Judge(0.8), even)
    assert sure["recognised"] == 1 and unsure["recognised"] == 0
    assert unsure["sureness"] == pytest.approx(0.8) and sure["imbalance"] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(sure["classes"], 0.1)
    assert unsure["curve"][0] == 1 and unsure["curve"][-1] == 0
    one = recognition.opinion(Judge(0.95), torch.zeros(20, 1, 28, 28))
    assert one["imbalance"] == pytest.approx(math.log(10)) and min(one["classes"]) == 0


def test_nearest_knows_copies():
    train = torch.rand(30, 1, 28, 28)
    known = recognition.Known("test", Path(), train, train[:0], np.zeros(0, np.int64))
    distance, number = recognition.nearest(torch.cat([train[[4, 9]], train[[2]] + 0.1]), known)
    assert list(number) == [4, 9, 2]
    np.testing.assert_allclose(distance, [0, 0, 0.1], atol=2e-3)


SMALL = ("method.width=4", "method.d_width=4", "method.latent=5", "train.batch=16", "train.precision=fp32")


@pytest.fixture
def few(tmp_path):
    """A folder with few glyphs."""
    digits.write(digits.load("glyphs", count=60), tmp_path / "glyphs")
    return str(tmp_path / "glyphs")


@pytest.mark.long
def test_dcgan(tmp_path, few):
    small = {"data": few, "seeds": (0, 1), "steps": 4, "judge": 3, "count": 60, "moments": 2, "change": SMALL}
    found = run(dcgan.EXPERIMENT, tmp_path / "a", **small)
    assert [sum(t["classes"]) for t in found["generated"]] == pytest.approx([1, 1])
    assert found["generated"][0] != found["generated"][1] and 0 < found["real"]["distance"] < 2
    film = next(p for p in dcgan.EXPERIMENT.write(found) if isinstance(p, Figure)).drawings[0]
    assert isinstance(film, Film) and len(film.frames) == 3  # before the first step, halfway, at the end
    assert not np.array_equal(film.frames[0], film.frames[-1])
    cell = film.frames[-1][:1, 1:29, 1:29]
    first = found.picture("generated")[:1, 1:29, 1:29]
    assert cell.shape == first.shape == (1, 28, 28) and np.abs(cell[0, 0, 0]) <= 1
    assert claims(dcgan.EXPERIMENT, found) == [False]  # nobody learns to write in four steps
    again = run(dcgan.EXPERIMENT, tmp_path / "b", **small)
    assert again["generated"] == found["generated"]


@pytest.mark.long
def test_wgan(tmp_path, few):
    found = run(
        wgan.EXPERIMENT, tmp_path / "a", data=few, seeds=(0,), steps=(4, 3, 3), judge=3, count=60,
        change=(*SMALL, "train.batch=24"),
    )  # fmt: skip
    assert all(found[m][0]["pace"] > 0 and sum(found[m][0]["classes"]) == pytest.approx(1) for m in wgan.NAMES)
    sheets = [found.picture(m) for m in wgan.NAMES]
    assert all(sheet.shape == sheets[0].shape for sheet in sheets) and not np.array_equal(sheets[1], sheets[2])
    assert claims(wgan.EXPERIMENT, found)[1] is False


@pytest.mark.long
def test_balance(tmp_path):
    found = run(balance.EXPERIMENT, tmp_path, steps=150)
    sick, well = found["runs"]["imbalance"], found["runs"]["healthy"]
    assert sick["verdict"]["symptom"] == "d-wins" and sick["verdict"]["step"] <= 150 and not well["verdict"]["step"]
    assert sick["curves"]["D"][-1] < 0.05 < 0.2 < well["curves"]["D"][-1]
    assert claims(balance.EXPERIMENT, found) == [True]


@pytest.mark.long
def test_collapse(tmp_path):
    found = run(collapse.EXPERIMENT, tmp_path, steps=200, faces=120)
    told = found["told"]
    assert told["collapsed"]["step"] > 0 and told["collapsed"]["diversity"] < 0.6 < told["healthy"]["diversity"]
    points, kinds = found.array("points healthy"), found.array("kinds healthy")
    assert len(points) > len(kinds) > 100 and np.isfinite(points).all()
    assert len(claims(collapse.EXPERIMENT, found)) == 1


@pytest.mark.long
def test_modes(tmp_path):
    found = run(modes.EXPERIMENT, tmp_path, seeds=(0,), steps=400)
    for case in modes.CASES:
        (one,) = found[case]
        assert 0 <= one["held"] <= one["covered"] <= 8 and 0 <= one["quality"] <= 1
        assert np.shape(one["strip"]) == (modes.MOMENTS, modes.DRAWN, 2)
    assert found["relativistic"][0]["covered"] >= found["driven"][0]["covered"]
    assert len(claims(modes.EXPERIMENT, found)) == 1


def test_moments_are_cut_as_they_were_joined(tmp_path):
    rows = [[np.full((1, 28, 28), -1 + (8 * y + x) / 32, np.float32) for x in range(8)] for y in range(8)]
    (tmp_path / "samples").mkdir()
    images.save_png(tmp_path / "samples" / "step-000003.png", images.grid(rows))
    (found,) = recognition.moments(tmp_path)
    np.testing.assert_allclose(
        [[cell.mean() for cell in row] for row in found], np.array(rows).mean((2, 3, 4)), atol=5e-3
    )
