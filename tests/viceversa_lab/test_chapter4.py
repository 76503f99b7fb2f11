"""Chapter 4 of the living report: the scores against known answers, and every experiment from measuring to its page."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viceversa import images
from viceversa.methods.cyclegan import CycleGANConfig
from viceversa.methods.pix2pix import Pix2PixConfig
from viceversa.runs.presets import preset
from viceversa.worlds.make import make
from viceversa_lab.chapter4 import (
    apples_oranges,
    cycle_weight,
    identity,
    log_loss,
    paired,
    trained,
    translation,
    two_gans,
)
from viceversa_lab.experiment import Experiment, Found
from viceversa_lab.parts import Claim, Figure, Film
from viceversa_lab.work import Work, plain

TINY = (
    "method.width=4", "method.blocks=1", "method.d_width=4", "method.d_layers=1", "train.precision=fp32",
    "train.threads=1",
)  # fmt: skip


def found_of(experiment: Experiment, folder: Path, **settings) -> Found:
    """The experiment measured with these settings."""
    chosen = replace(experiment.full, **settings)
    return Found(chosen, plain(experiment.measure(chosen, Work(folder))), folder, True, 1.0)


def claims(experiment: Experiment, found: Found) -> list[Claim]:
    return [part for part in experiment.write(found) if isinstance(part, Claim)]


def test_places_know_what_must_change_and_what_may_not():
    scenes = np.zeros((2, 3, 4, 4), np.float32)
    truth = scenes.copy()
    truth[:, 0, :2] = 1.0  # the upper half turns red, the lower stays
    shifted = truth + 0.2
    scores = trained.in_places(scenes, truth, {"copy": scenes, "right": truth, "shifted": shifted})
    assert scores["copy kept"] == 0 and scores["right changed"] == pytest.approx(10 * np.log10(4e10))
    assert scores["copy changed"] == pytest.approx(10 * np.log10(4 * 3))  # one channel of three errs by 1
    assert scores["shifted kept"] == pytest.approx(0.2) and scores["shifted changed"] == pytest.approx(20)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory) -> tuple[Path, Path]:
    """A world, and a run of one step with a rate of almost nothing: the painting generator is still the identity."""
    work = Work(tmp_path_factory.mktemp("untrained"))
    data = trained.draw(work, "orchard", size=16, count=3)
    change = (*TINY, "method.lr_g=1e-9", "method.ema=0", "train.samples=2")
    return data, trained.learn(work, "run", data, preset="quickstart", size=16, steps=2, seed=0, change=change)


def test_an_untrained_painter_scores_like_its_input(untrained):
    data, run = untrained
    scores = trained.judge(run, data)
    assert set(scores) == {"A", "B"}
    for to in "AB":
        assert scores[to]["translation"] == pytest.approx(scores[to]["input"], abs=0.3)
        assert scores[to]["cycle"] < 0.05 and scores[to]["translation kept"] < 0.05
        assert scores[to]["colour"] > scores[to]["input"] + 1
    assert trained.both(scores, "input") == pytest.approx((scores["A"]["input"] + scores["B"]["input"]) / 2)


def test_the_film_shows_inputs_above_and_translations_below(untrained):
    data, run = untrained
    frames = trained.film(run, 16)
    assert len(frames) >= 2 and {frame.shape for frame in frames} == {(3, 2 * 18 + 2, 8 * 18 + 2)}
    first = images.read(data / "testA" / "0000.png").pixels
    np.testing.assert_allclose(frames[0][:, 2:18, 2:18], first, atol=0.01)
    assert np.abs(frames[-1][:, 20:36, 2:18] - first).mean() < 0.05  # still the identity


def test_the_truth_belongs_to_the_scenes_of_the_other_side(tmp_path):
    make("facades", tmp_path / "w", count=2, size=16, domains=("labels", "day"), paired=True)
    scenes, truth = trained.tests(tmp_path / "w", "B")
    back, labels = trained.tests(tmp_path / "w", "A")
    np.testing.assert_array_equal(scenes, labels)  # in a paired world the test scenes of both sides are the same
    np.testing.assert_array_equal(truth, back)


def test_pix2pix_quick_differs_from_quickstart_by_its_pairs_alone():
    pix, cycle = preset("pix2pix-quick"), preset("quickstart")
    assert isinstance(pix.method, Pix2PixConfig) and isinstance(cycle.method, CycleGANConfig)
    for name in ("generator", "width", "blocks", "upsampling", "d_width", "d_layers", "lr_g", "lr_d", "ema"):
        assert getattr(pix.method, name) == getattr(cycle.method, name), name
    assert pix.data == cycle.data and pix.train == cycle.train


@pytest.mark.long
def test_two_gans_counts_the_weights_of_the_paper(tmp_path):
    found = found_of(two_gans.EXPERIMENT, tmp_path, size=32)
    assert found["weights"]["cyclegan"] == {"G": 11378179, "F": 11378179, "D_A": 2764737, "D_B": 2764737}
    figures = [part for part in two_gans.write(found) if isinstance(part, Figure)]
    assert [len(figure.drawings) for figure in figures] == [2, 2]


@pytest.mark.long
def test_pairs_are_worth_something_even_in_seconds(tmp_path):
    found = found_of(paired.EXPERIMENT, tmp_path, size=16, scenes=20, steps=150, seeds=(0,), change=TINY)
    night = found["day-night"]
    assert night["pix2pix"][0]["translation"] > night["pix2pix"][0]["input"] + 4
    assert night["pix2pix"][0]["translation"] > night["CycleGAN"][0]["translation"]
    assert "cycle" not in night["pix2pix"][0] and "cycle" in night["CycleGAN"][0]
    assert found.picture("day-night-pix2pix").shape == found.picture("day-night-truth").shape
    (claim,) = claims(paired.EXPERIMENT, found)
    wins = sum(found[t]["pix2pix"][0]["translation"] > found[t]["CycleGAN"][0]["translation"] for t in paired.TASKS)
    assert claim.holds == (wins == 2) and f"{wins} of 2" in claim.measured


@pytest.mark.long
def test_a_translation_shows_both_ways_and_its_film(tmp_path):
    found = found_of(
        apples_oranges.EXPERIMENT, tmp_path, size=16, scenes=10, steps=20, sheets=4, seeds=(0, 1), change=TINY
    )
    assert len(found["scores"]) == 2
    parts = apples_oranges.write(found)
    films = [p.drawings for p in parts if isinstance(p, Figure) and isinstance(p.drawings, Film)]
    assert len(films) == 1 and len(films[0].frames) >= 4
    gain = translation.over(found, "B", "translation", "colour")
    assert gain.n == 2 and gain.mean == pytest.approx(
        np.mean([s["B"]["translation"] - s["B"]["colour"] for s in found["scores"]])
    )
    assert translation.ways(found) == {"B": "apples → oranges", "A": "oranges → apples"}


@pytest.mark.long
def test_a_heavy_cycle_holds_the_picture_and_the_claim_follows_the_numbers(tmp_path):
    found = found_of(
        cycle_weight.EXPERIMENT, tmp_path, lambdas=(0.0, 10.0, 100.0), generators=("painting",), size=16, scenes=20,
        steps=120, seeds=(0,), change=TINY,
    )  # fmt: skip
    cycle = cycle_weight.rows(found, "painting", "cycle")
    assert cycle[0][0] > 3 * cycle[2][0]  # without a cycle loss the way back is lost
    psnr = [row[0] for row in cycle_weight.rows(found, "painting", "translation")]
    (claim,) = claims(cycle_weight.EXPERIMENT, found)
    assert claim.holds == (psnr[1] == max(psnr))


@pytest.mark.long
def test_identity_keeps_what_may_not_change(tmp_path):
    change = (*identity.FULL.change, *TINY)
    found = found_of(identity.EXPERIMENT, tmp_path, size=16, scenes=20, steps=150, seeds=(0,), change=change)
    without, with_it = (trained.both(row[0], "translation kept") for row in found["scores"])
    assert with_it < without
    (claim,) = claims(identity.EXPERIMENT, found)
    assert claim.holds and claim.measured.startswith("1 of 1")


@pytest.mark.long
def test_every_loss_is_trained_and_told(tmp_path):
    found = found_of(log_loss.EXPERIMENT, tmp_path, size=16, scenes=10, steps=20, seeds=(0,), change=TINY)
    reached = [trained.both(row[0], "translation") for row in found["scores"]]
    assert len(set(reached)) == 3  # three losses, three runs
    learns, leads = claims(log_loss.EXPERIMENT, found)
    assert learns.holds == (reached[2] > trained.both(found["scores"][0][0], "input"))
    assert leads.holds == (reached[0] > max(reached[1:]))
