"""Statistics of training images, kept with the run."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from support.tiny import TINY, TINY_OPTIONS, draw_world
from viceversa.errors import DataError
from viceversa.networks.segments import instance_norms
from viceversa.training.train import train
from viceversa.translation.statistics import freeze
from viceversa.translation.training_statistics import mean_statistics, training_statistics
from viceversa.translation.translator import load

WORDS = (*TINY, "method.generator=resnet", "method.winograd=false")


@pytest.fixture(scope="module")
def resnet_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps with instance norm, and its images beside it."""
    folder = tmp_path_factory.mktemp("resnet")
    draw_world(folder / "world", {"trainA": 5, "trainB": 4})
    return train(folder / "world", out=folder / "run", steps=2, quiet=True, **TINY_OPTIONS | dict(set=WORDS)).run


@pytest.fixture
def run(resnet_run: Path, tmp_path: Path) -> Path:
    """A copy of the run; its images stay where they are."""
    return shutil.copytree(resnet_run, tmp_path / "run")


def test_they_are_the_mean_over_training_crops_and_kept(run: Path) -> None:
    statistics = training_statistics(run, "B")
    file = run / "statistics" / "step-2-B.safetensors"
    assert set(load_file(file)) == {f"{name}.{key}" for name in statistics for key in ("mean", "variance")}
    generator = load(run, device="cpu").generators["B"]
    assert set(statistics) == set(instance_norms(generator))

    written = file.stat().st_mtime_ns
    again = training_statistics(run, "B")
    assert file.stat().st_mtime_ns == written
    for name, moments in statistics.items():
        assert torch.equal(again[name].mean, moments.mean) and torch.equal(again[name].variance, moments.variance)
    freeze(generator, again)


def test_directions_have_their_own(run: Path) -> None:
    """A is reddish, B bluish: the averages over the pixels of the first layer differ."""
    to_a, to_b = training_statistics(run, "A"), training_statistics(run, "B")
    assert (to_a["model.2"].mean - to_b["model.2"].mean).abs().max() > 1e-3
    assert {p.name for p in (run / "statistics").iterdir()} == {"step-2-A.safetensors", "step-2-B.safetensors"}


def test_a_damaged_file_is_computed_again(run: Path) -> None:
    right = training_statistics(run, "B")
    file = run / "statistics" / "step-2-B.safetensors"
    file.write_bytes(file.read_bytes()[:-8])
    assert torch.equal(training_statistics(run, "B")["model.2"].mean, right["model.2"].mean)
    assert load_file(file)


def test_without_training_images_one_line_says_what_to_do(run: Path, resnet_run: Path) -> None:
    kept = training_statistics(run, "B")
    images = resnet_run.parent / "world" / "trainB"
    images.rename(images.with_name("moved"))
    try:
        assert training_statistics(run, "B").keys() == kept.keys()  # they are in the run
        with pytest.raises(DataError, match=r"^--statistics training needs .*trainB.* is not there; .* picture$"):
            training_statistics(run, "A")
    finally:
        images.with_name("moved").rename(images)


def test_moments_are_means_of_those_of_each_image() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.InstanceNorm2d(2), torch.nn.ReLU(), torch.nn.InstanceNorm2d(2))
    images = [torch.randn(1, 2, 6, 6) * scale + scale for scale in (1, 3)]
    statistics = mean_statistics(net, images)
    torch.testing.assert_close(statistics["0"].mean, torch.cat(images).mean((2, 3)).mean(0))
    inner = torch.relu(torch.nn.InstanceNorm2d(2)(torch.cat(images)))
    torch.testing.assert_close(statistics["2"].variance, inner.var((2, 3), correction=0).mean(0))
