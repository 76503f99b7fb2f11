"""The embedded extractor scores corrupted images worse: the ladder of docs/extractor.md in short."""

import itertools
import runpy
from hashlib import sha256
from importlib.resources import files as resources
from pathlib import Path

import numpy as np
import pytest

from viceversa import images
from viceversa.evaluation.extractors import load_extractor, model_card
from viceversa.evaluation.scores import score
from viceversa.networks.extractor import DIMENSIONS, SIDE
from viceversa.worlds.make import STRIDE
from viceversa.worlds.scenes import WORLDS

LADDER = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "ladder.py"))
LEVELS = {"blur, px": (1, 2, 3), "noise": (0.1, 0.2, 0.4), "tint": (0.1, 0.2, 0.3), "contrast lost": (0.2, 0.4, 0.6)}
NET = load_extractor()


@pytest.fixture(scope="module")
def halves() -> tuple[np.ndarray, np.ndarray]:
    """Sixty scenes that the extractor has not seen, and sixty others."""
    drawn = [WORLDS["orchard"].draw(5 * STRIDE + i, SIDE, "B")[0] for i in range(120)]
    pictures = images.from_uint8(np.stack(drawn).transpose(0, 3, 1, 2))
    return pictures[::2], pictures[1::2]


@pytest.mark.long
@pytest.mark.parametrize("name", LEVELS)
def test_stronger_corruption_scores_worse(halves, name):
    reference, other = halves
    spoil = LADDER["LADDERS"][name][0]
    rungs = [score(NET(x), NET(reference)) for x in (other, *(spoil(other, level) for level in LEVELS[name]))]
    for better, worse in itertools.pairwise(rungs):
        assert better.frechet < worse.frechet and better.kid < worse.kid
        assert better.coverage >= worse.coverage and better.density >= worse.density


@pytest.mark.long
def test_dropped_kinds_lower_recall_and_coverage(halves):
    reference, other = halves
    rungs = [score(NET(LADDER["drop_clusters"](other, level)), NET(reference)) for level in (0, 4, 8)]
    assert rungs[0].recall > rungs[1].recall > rungs[2].recall
    assert rungs[0].coverage > rungs[1].coverage > rungs[2].coverage


def test_features_depend_on_one_image_each():
    """Grey is colour with equal channels, sizes are brought to 64 px, and no picture knows of its neighbours."""
    rng = np.random.default_rng(0)
    small, large = (rng.uniform(-1, 1, (3, n, n + 8)).astype(np.float32) for n in (40, 150))
    both = NET([small, large])
    assert both.shape == (2, DIMENSIONS) and np.isfinite(both).all()
    np.testing.assert_allclose(both[0], NET([small])[0], atol=1e-5)
    grey = rng.uniform(-1, 1, (1, 64, 64)).astype(np.float32)
    np.testing.assert_allclose(NET([grey]), NET([grey.repeat(3, 0)]), atol=1e-6)
    assert NET([]).shape == (0, DIMENSIONS)


def test_embedded_extractor_matches_its_model_card():
    data = resources("viceversa.evaluation").joinpath("worlds-1.safetensors").read_bytes()
    assert model_card()["sha256"] == NET.sha256 == sha256(data).hexdigest()
    assert model_card()["parameters"] == sum(p.numel() for p in NET.net.parameters())
    assert model_card()["knows"]["class named rightly"] > 0.9
