"""A small dataset and a finished run on it."""

import shutil
from pathlib import Path

import pytest

from support.tiny import TINY_OPTIONS, draw_world
from viceversa.training.train import train


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"trainA": 14, "trainB": 12, "testA": 9, "testB": 8}
    return draw_world(tmp_path_factory.mktemp("pictures") / "red2blue", counts)


@pytest.fixture(scope="session")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four steps, a checkpoint kept of each."""
    options = TINY_OPTIONS | {"set": (*TINY_OPTIONS["set"], "train.keep=9")}
    out = tmp_path_factory.mktemp("trained") / "run"
    return train(pictures, out=out, steps=4, save_every=1, quiet=True, **options).run


@pytest.fixture
def run(pictures: Path, trained: Path, tmp_path: Path) -> Path:
    """A finished run that may be written to."""
    return Path(shutil.copytree(trained, tmp_path / "run"))
