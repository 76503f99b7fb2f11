"""Fixed images are those that training would load: fitted as the run fits, in file order, broken ones left out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from viceversa.data.preparation import Preparation
from viceversa.errors import DataError
from viceversa.tasks.samples import evenly_spaced, fixed_images


def gradient(path: Path, width: int, height: int) -> Path:
    """An image that is black on the left and white on the right."""
    row = np.linspace(0, 255, width).astype(np.uint8)
    Image.fromarray(np.repeat(row[None], height, axis=0)).save(path)
    return path


def test_cover_crops_and_squash_keeps_the_whole_image(tmp_path: Path) -> None:
    wide = gradient(tmp_path / "wide.png", 128, 32)
    cover, squash = (
        fixed_images([wide], Preparation(size=32, channels=1, fit=fit))[0, 0] for fit in ("cover", "squash")
    )
    assert cover.shape == squash.shape == (32, 32)
    assert squash[:, 0].max() < -0.9 and squash[:, -1].min() > 0.9
    assert cover[:, 0].min() > -0.4 and cover[:, -1].max() < 0.4


def test_broken_images_are_left_out_or_replaced_by_grey(tmp_path: Path) -> None:
    good = [gradient(tmp_path / f"{i}.png", 20, 20) for i in range(2)]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    paths = [good[0], broken, good[1]]
    grey, colour = (Preparation(size=16, channels=channels) for channels in (1, 3))
    assert len(fixed_images(paths, grey)) == 2

    replaced = fixed_images(paths, colour, stand_in=True)
    assert len(replaced) == 3 and (replaced[1] == 0).all() and (replaced[2] != 0).any()
    for stand_in in (False, True):
        with pytest.raises(
            DataError, match=r"none of the 1 pictures in .* can be read; the first: cannot read .*broken\.png: it is"
        ):
            fixed_images([broken], grey, stand_in=stand_in)


def test_evenly_spaced_files_come_from_the_whole_list() -> None:
    paths = [Path(f"{i}.png") for i in range(100)]
    assert [path.stem for path in evenly_spaced(paths, 4)] == ["0", "25", "50", "75"]
    assert evenly_spaced(paths[:3], 10) == paths[:3]
