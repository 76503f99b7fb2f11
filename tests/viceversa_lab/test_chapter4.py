"""Chapter 4 with small settings: scores against known values, and every experiment from measuring to its section."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from support.experiments import claims, measure_and_write
from viceversa import images
from viceversa.methods.cyclegan import CycleGANConfig
from viceversa.methods.pix2pix import Pix2PixConfig
from viceversa.runs.presets import preset
from viceversa.worlds.make import make
from viceversa_lab.blocks import Animation, Claim, Figure
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
from viceversa_lab.workspace import Workspace

TINY = (
    "method.width=4",
    "method.blocks=1",
    "method.d_width=4",
    "method.d_layers=1",
    "train.precision=fp32",
    "train.threads=1",
)


def test_scores_of_regions_that_must_change_and_must_not():
    scenes = np.zeros((2, 3, 4, 4), np.float32)
    truth = scenes.copy()
    truth[:, 0, :2] = 1.0  # the upper half turns red, the lower stays
    shifted = truth + 0.2
    scores = trained.score_regions(scenes, truth, {"copy": scenes, "right": truth, "shifted": shifted})
    assert scores["copy kept"] == 0 and scores["right changed"] == pytest.approx(10 * np.log10(4e10))
    assert scores["copy changed"] == pytest.approx(10 * np.log10(4 * 3))  # one channel of three is wrong by 1
    assert scores["shifted kept"] == pytest.approx(0.2) and scores["shifted changed"] == pytest.approx(20)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory) -> tuple[Path, Path]:
    """Scenes, and a run with a learning rate of almost zero: the painting generator is still the identity."""
    work = Workspace(tmp_path_factory.mktemp("untrained"))
    data = trained.draw_scenes(work, "orchard", size=16, count=3)
    change = (*TINY, "method.lr_g=1e-9", "method.ema=0", "train.samples=2")
    return data, trained.learn(work, "run", data, size=16, steps=2, seed=0, change=change)


def test_untrained_painting_generator_scores_like_its_input(untrained):
    data, run = untrained
    scores = trained.score_run(run, data)
    assert set(scores) == {"A", "B"}
    for to in "AB":
        assert scores[to]["translation"] == pytest.approx(scores[to]["input"], abs=0.3)
        assert scores[to]["cycle"] < 0.05 and scores[to]["translation kept"] < 0.05
        assert scores[to]["colour"] > scores[to]["input"] + 1
    mean = trained.mean_of_directions(scores, "input")
    assert mean == pytest.approx((scores["A"]["input"] + scores["B"]["input"]) / 2)


def test_animation_shows_inputs_above_translations(untrained):
    data, run = untrained
    frames = trained.animation_frames(run, 16)
    assert len(frames) >= 2 and {frame.shape for frame in frames} == {(3, 2 * 18 + 2, 8 * 18 + 2)}
    first = images.read(data / "testA" / "0000.png").pixels
    np.testing.assert_allclose(frames[0][:, 2:18, 2:18], first, atol=0.01)
    assert np.abs(frames[-1][:, 20:36, 2:18] - first).mean() < 0.05  # still the identity


def test_truth_belongs_to_the_scenes_of_the_other_domain(tmp_path):
    make("facades", tmp_path / "w", count=2, size=16, domains=("labels", "day"), paired=True)
    scenes, truth = trained.load_test_scenes(tmp_path / "w", "B")
    scenes_b, truth_a = trained.load_test_scenes(tmp_path / "w", "A")
    np.testing.assert_array_equal(scenes, truth_a)  # in a paired world both domains test the same scenes
    np.testing.assert_array_equal(truth, scenes_b)


def test_pix2pix_quick_differs_from_quickstart_in_its_pairs_alone():
    pix, cycle = preset("pix2pix-quick"), preset("quickstart")
    pix_method, cycle_method = cast(Pix2PixConfig, pix.method), cast(CycleGANConfig, cycle.method)
    for name in ("generator", "width", "blocks", "upsampling", "d_width", "d_layers", "lr_g", "lr_d", "ema"):
        assert getattr(pix_method, name) == getattr(cycle_method, name), name
    assert pix.data == cycle.data and pix.train == cycle.train


@pytest.mark.long
def test_two_gans_have_the_papers_number_of_weights(tmp_path):
    results, blocks = measure_and_write(two_gans.EXPERIMENT, tmp_path, size=32)
    assert results["weights"]["cyclegan"] == {"G": 11378179, "F": 11378179, "D_A": 2764737, "D_B": 2764737}
    figures = [block for block in blocks if isinstance(block, Figure)]
    assert [len(figure.drawings) for figure in figures] == [2, 2]


@pytest.mark.long
def test_pairs_help_even_in_a_short_training(tmp_path):
    results, blocks = measure_and_write(
        paired.EXPERIMENT, tmp_path, size=16, scenes=20, steps=150, seeds=(0,), change=TINY
    )
    pix2pix, cyclegan = (results["day-night"][method][0] for method in ("pix2pix", "CycleGAN"))
    assert pix2pix["translation"] > max(pix2pix["input"] + 4, cyclegan["translation"])
    assert "cycle" not in pix2pix and "cycle" in cyclegan
    assert results.image("day-night-pix2pix").shape == results.image("day-night-truth").shape
    wins = 0
    for task in paired.TASKS:
        psnr = paired.psnr(results, task)
        wins += psnr["pix2pix"][0] > psnr["CycleGAN"][0]
    (claim,) = (block for block in blocks if isinstance(block, Claim))
    assert claim.holds == (wins == 2) and f"{wins} of 2" in claim.measured


@pytest.mark.long
def test_translation_shows_both_directions_and_an_animation(tmp_path):
    results, blocks = measure_and_write(
        apples_oranges.EXPERIMENT, tmp_path, size=16, scenes=10, steps=20, sheets=4, seeds=(0, 1), change=TINY
    )
    assert len(results["scores"]) == 2
    drawings = [block.drawings for block in blocks if isinstance(block, Figure)]
    animations = [drawing for drawing in drawings if isinstance(drawing, Animation)]
    assert len(drawings) == 3 and len(animations) == 1 and len(animations[0].frames) >= 4
    gain = translation.gain(results, "B", "translation", "colour")
    differences = [scores["B"]["translation"] - scores["B"]["colour"] for scores in results["scores"]]
    assert gain.n == 2 and gain.mean == pytest.approx(np.mean(differences))
    assert translation.direction_names(results) == {"B": "apples → oranges", "A": "oranges → apples"}


@pytest.mark.long
def test_cycle_loss_lowers_the_cycle_error(tmp_path):
    results, blocks = measure_and_write(
        cycle_weight.EXPERIMENT,
        tmp_path,
        lambdas=(0.0, 10.0, 100.0),
        generators=("painting",),
        size=16,
        scenes=20,
        steps=120,
        seeds=(0,),
        change=TINY,
    )
    cycle = cycle_weight.rows(results, "painting", "cycle")
    assert cycle[0][0] > 3 * cycle[2][0]
    psnr = [row[0] for row in cycle_weight.rows(results, "painting", "translation")]
    assert claims(blocks) == [psnr[1] == max(psnr)]


@pytest.mark.long
def test_identity_loss_keeps_what_must_not_change(tmp_path):
    change = (*identity.FULL.change, *TINY)
    results, blocks = measure_and_write(
        identity.EXPERIMENT, tmp_path, size=16, scenes=20, steps=150, seeds=(0,), change=change
    )
    without, with_it = (trained.mean_of_directions(row[0], "translation kept") for row in results["scores"])
    assert with_it < without
    (claim,) = (block for block in blocks if isinstance(block, Claim))
    assert claim.holds and claim.measured.startswith("1 of 1")


@pytest.mark.long
def test_adversarial_losses_are_compared(tmp_path):
    results, blocks = measure_and_write(
        log_loss.EXPERIMENT, tmp_path, size=16, scenes=10, steps=20, seeds=(0,), change=TINY
    )
    psnr = [trained.mean_of_directions(row[0], "translation") for row in results["scores"]]
    inputs = trained.mean_of_directions(results["scores"][0][0], "input")
    assert len(set(psnr)) == 3  # three losses, three runs
    assert claims(blocks) == [psnr[2] > inputs, psnr[0] > max(psnr[1:])]
