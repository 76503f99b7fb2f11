"""Nuclei kept, as a figure of `evaluate`."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from viceversa.data.preparation import Preparation
from viceversa.errors import UsageError
from viceversa.evaluation.evaluate import require_small
from viceversa.evaluation.nuclei import NucleiScore, network_mpp, nuclei_score
from viceversa.evaluation.translations import DirectionInputs
from viceversa.evaluation.words import sentences
from viceversa.images import Values, from_uint8
from viceversa.methods.cyclegan import CycleGANConfig

APERIO = "Aperio Image Library v12\r\n512x512 [0,0 512x512] (256x256) JPEG/RGB Q=90|AppMag = 20|MPP = 0.5"


def slide(path: Path) -> Path:
    pixels = np.full((512, 512, 3), 240, np.uint8)
    tifffile.imwrite(
        path, pixels, tile=(256, 256), photometric="rgb", compression="jpeg", description=APERIO, metadata=None
    )
    return path


def direction(path: Path, **target) -> DirectionInputs:
    prepare = Preparation(size=256)
    return DirectionInputs(
        direction=CycleGANConfig.directions[0],
        source="he",
        target="pas",
        paths=(path,),
        truths=(),
        prepare_source=prepare,
        prepare_target=Preparation(size=256, **target),
    )


def tissue(centres: list[tuple[int, int]]) -> np.ndarray:
    """(1, 3, 128, 128) in [-1, 1]: pink with dark blue discs, and glass at one side."""
    image = np.full((128, 128, 3), (225, 150, 200), np.uint8)
    image[:, 110:] = 245
    y, x = np.mgrid[0:128, 0:128]
    for cy, cx in centres:
        image[(y - cy) ** 2 + (x - cx) ** 2 < 30] = (80, 50, 150)
    return from_uint8(image.transpose(2, 0, 1))[None]


def test_lost_and_new_nuclei_are_counted():
    centres = [(y, x) for y in (20, 60, 100) for x in (20, 60, 100)]
    score = NucleiScore(0.5)
    assert score.result() is None
    score.observe([], tissue(centres), tissue(centres))
    assert score.result()["f1"] == 1 and score.result()["source"] == 9
    score.observe([], tissue(centres), tissue(centres[:6]))
    result = score.result()
    assert (result["both"], result["source"], result["result"]) == (15, 18, 15)
    assert result["f1"] == pytest.approx(2 * 15 / 33)
    assert sentences({"nuclei": result}) == [
        "Nuclei: F1 0.909; 83.3% of 18 in the inputs are kept, 0.0% of 15 in the translations are new."
    ]


def test_scale_is_that_of_the_networks(tmp_path):
    path = slide(tmp_path / "a.svs")
    assert network_mpp(path, Preparation(size=256)) == pytest.approx(1.0)  # 512 pixels of 0.5 µm become 256
    assert network_mpp(path, Preparation(size=256, fit="squash")) is None
    assert nuclei_score(direction(path)).mpp == pytest.approx(1.0)
    assert nuclei_score(direction(path, channels=1, values=Values(channels=1))) is None


def test_photographs_have_no_nuclei(pictures):
    assert nuclei_score(direction(sorted((pictures / "testA").iterdir())[0])) is None


def test_folders_with_slides_are_refused_in_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"a\.svs has 512 x 512 pixels.*tiles of one size") as error:
        require_small([slide(tmp_path / "a.svs")])
    assert "\n" not in str(error.value)
