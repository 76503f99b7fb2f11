"""What several test files need: a folder in memory, a tiny world, and a training that takes a second."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.tiny import TINY_OPTIONS, draw_world


@pytest.fixture
def memory_path() -> Iterator[Path]:
    """A folder in memory where the system has one, so that thousands of syncs cost nothing."""
    shared = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A world of one's own to train on and to damage."""
    return draw_world(tmp_path / "world", {"trainA": 5, "trainB": 4, "testA": 2, "testB": 2})


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    """Ninety pictures of three kinds."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "blobs"
    folder.mkdir()
    for i in range(90):
        pixels = rng.integers(0, 60, (16, 16), dtype=np.uint8)
        pixels[5 * (i % 3) : 5 * (i % 3) + 5] += 180
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three steps; read it, never write to it."""
    from viceversa.training.train import train

    folder = tmp_path_factory.mktemp("tiny")
    draw_world(folder / "red2blue", {"trainA": 5, "trainB": 4, "testA": 2, "testB": 2})
    return train(folder / "red2blue", out=folder / "run", steps=3, save_every=2, quiet=True, **TINY_OPTIONS).run


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Features that tests compute stay out of the user's cache."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
