"""The FCN score on translators and segmenters whose answers are known."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import viceversa
from support.tiny import TINY_OPTIONS
from viceversa.cli import run as command
from viceversa.data.labels import Palette, classes_of, palette_for
from viceversa.errors import UsageError
from viceversa.evaluation.extractors import load_extractor
from viceversa.evaluation.fcn import LabelScore, Segmenters, fitted_labels, label_score
from viceversa.evaluation.features import Preparation
from viceversa.evaluation.translations import DirectionInputs, file_translate, score_direction
from viceversa.methods.cyclegan import CycleGANConfig
from viceversa.training.train import train
from viceversa.translation.label_predictor import LabelPredictor
from viceversa.translation.translator import Translator
from viceversa.worlds.make import make

NET = load_extractor()
SIZE = 32
PREPARE = Preparation(size=SIZE)
NONE = Segmenters({}, {})

FORTH, BACK = CycleGANConfig.directions


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facades")
    make("facades", folder, count=3, test=4, size=SIZE, seed=1, domains=("labels", "day"), paired=True)
    return folder


class ByColour(nn.Module):
    """A segmenter that knows label pictures only: the score of a class is minus the distance to its colour."""

    def __init__(self, palette: Palette, turned: int = 0) -> None:
        super().__init__()
        colours = torch.tensor([list(bytes.fromhex(c)) for c in palette.colours]).float() / 127.5 - 1
        self.colours = colours.roll(turned, 0)

    def forward(self, x: Tensor) -> Tensor:
        return -(x[:, None] - self.colours[None, :, :, None, None]).square().sum(2)


def directions(world: Path) -> dict[str, DirectionInputs]:
    labels, day = (tuple(sorted((world / f"test{side}").iterdir())) for side in "AB")
    common = dict(prepare_source=PREPARE, prepare_target=PREPARE)
    return {
        "day": DirectionInputs(
            direction=FORTH, source="labels", target="day", paths=labels, truths=day, real=day, **common
        ),
        "labels": DirectionInputs(
            direction=BACK, source="day", target="labels", paths=day, truths=labels, real=labels, **common
        ),
    }


def scored(inputs: DirectionInputs, net: nn.Module, segmenters: Segmenters = NONE) -> dict:
    labels = label_score(inputs, segmenters)
    assert isinstance(labels, LabelScore)
    translator = Translator({"A": net, "B": net}, ("labels", "day"), (3, 3), SIZE, 0)
    score_direction(inputs, file_translate(translator), extractor=NET, observers=[labels.observe])
    result = labels.result()
    assert result is not None
    return result


class Known(nn.Module):
    """A translator that gives the right answer to every one of these pairs."""

    margin = 0

    def __init__(self, given: tuple[Path, ...], answers: tuple[Path, ...]) -> None:
        super().__init__()
        self.pairs = [
            (torch.from_numpy(PREPARE(a)), torch.from_numpy(PREPARE(b))) for a, b in zip(given, answers, strict=True)
        ]

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([min(self.pairs, key=lambda pair: (pair[0] - one).abs().sum())[1] for one in x])


def test_true_label_images_score_one(world):
    inputs = directions(world)["labels"]
    result = scored(inputs, Known(inputs.paths, inputs.truths))
    assert result["translation"] == {"pixel": 1, "class_": 1, "iou": 1}
    assert result["input"]["pixel"] < 0.6 and result["real"] is None and result["pictures"] == 4
    assert result["by"] == "nearest colour of the palette" and result["classes"] == 11


def test_identity_translator_scores_as_its_input(world):
    result = scored(directions(world)["labels"], nn.Identity())
    assert result["translation"] == result["input"]


def test_a_segmenter_scores_the_direction_it_was_trained_for(world):
    """It reads label images: an unchanged one scores 1, and its ceiling, on real photographs, is low."""
    palette = palette_for(world / "testA")
    perfect, wrong = (
        Segmenters({"day": LabelPredictor(ByColour(palette, turned), palette, 3, SIZE, 7, "day")}, {"day": "by colour"})
        for turned in (0, 1)
    )
    result = scored(directions(world)["day"], nn.Identity(), perfect)
    assert result["translation"] == {"pixel": 1, "class_": 1, "iou": 1} == result["input"]
    assert result["real"]["pixel"] < 0.6 and result["by"] == "by colour"
    assert scored(directions(world)["day"], nn.Identity(), wrong)["translation"] == {"pixel": 0, "class_": 0, "iou": 0}


def test_without_a_segmenter_or_label_maps_there_is_no_score(world, tmp_path):
    assert label_score(directions(world)["day"], NONE) is None
    bare = Path(shutil.copytree(world, tmp_path / "bare"))
    for side in "AB":
        shutil.rmtree(bare / f"labels{side}")
    inputs = directions(bare)["labels"]
    result = scored(inputs, Known(inputs.paths, inputs.truths))  # the truth is a label picture: it serves
    assert result["translation"]["pixel"] == 1


def test_fitted_labels_follow_their_image():
    """Cut to the middle and thinned by the nearest pixel, never blended."""
    labels = np.arange(8 * 12, dtype=np.uint8).reshape(8, 12)
    assert (fitted_labels(labels, (8, 12)) == labels).all()
    assert (fitted_labels(labels, (8, 8)) == labels[:, 2:10]).all()
    small = fitted_labels(labels, (4, 4))
    assert (small == labels[1::2, 3:11:2]).all() or (small == labels[::2, 2:10:2]).all()


@pytest.mark.long
def test_a_run_and_its_segmenter_on_the_command_line(world, tmp_path, capsys):
    run = train(world, out=tmp_path / "run", steps=2, quiet=True, **TINY_OPTIONS | {"size": SIZE}).run
    tiny = ("method.width=4", "train.batch=2", "train.threads=1")
    network = train(
        world, out=tmp_path / "fcn", preset="fcn", steps=2, size=SIZE, device="cpu", set=tiny, quiet=True
    ).run
    assert command(["evaluate", str(run), "--segmenter", str(network)]) == 0
    output = capsys.readouterr().out
    assert output.count("FCN score") == 2 and "fcn, step 2" in output and "nearest colour" in output
    assert "FCN score" in (run / "report.html").read_text()
    result = viceversa.compare(run, run, quiet=True)["directions"][0]
    assert {"FCN pixel", "class", "IoU"} <= set(result["columns"])
    assert command(["evaluate", str(run), "--segmenter", str(run)]) in (2, 4)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_segmenter_of_other_domains_is_refused(world, tmp_path):
    tiny = ("method.width=4", "train.batch=2", "train.threads=1")
    network = train(
        world, out=tmp_path / "fcn", preset="fcn", steps=1, size=SIZE, device="cpu", set=tiny, quiet=True
    ).run
    assert set(Segmenters.load([network], ("labels", "day"), SIZE).of) == {"day"}
    with pytest.raises(UsageError, match="knows pictures of day, not of apples or oranges"):
        Segmenters.load([network], ("apples", "oranges"), SIZE)
    with pytest.raises(UsageError, match="was trained at 32 px, the run at 64"):
        Segmenters.load([network], ("labels", "day"), 64)
    assert classes_of(PREPARE(world / "testA" / "0000.png"), palette_for(world / "testA")).max() < 11
