"""Label pictures: which colour means which class, and from colours to class numbers."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..errors import DataError
from ..worlds.colours import nearest, rgb
from ..worlds.scenes import WORLDS
from .folders import scan

IGNORE = 255  # the class number of a pixel that belongs to no class: neither learnt nor counted
MOST = 64  # classes that found colours can be
LOOKED = 500  # label pictures that are read to find the colours in use

Array = NDArray[Any]
Numbers = NDArray[np.uint8]


@dataclass(frozen=True)
class Palette:
    """The name of each class and its colour, hexadecimal; what is far from all colours is void."""

    names: tuple[str, ...]
    colours: tuple[str, ...]
    void: tuple[str, ...] = ()  # colours that mean no class
    tolerance: float = 0.0  # distance in RGB (0 to 441) beyond which a colour is none of these: one that was blended

    def saved(self) -> dict[str, Any]:
        """As JSON keeps it."""
        lists = {"names": list(self.names), "colours": list(self.colours), "void": list(self.void)}
        return lists | {"tolerance": self.tolerance}

    @staticmethod
    def of(saved: dict[str, Any]) -> "Palette":
        """The palette that `saved` tells of; KeyError, TypeError or ValueError for anything else."""
        names, colours, void = (tuple(saved[key]) for key in ("names", "colours", "void"))
        rgb((*colours, *void))  # raises for what is no colour
        return Palette(names, colours, void, float(saved["tolerance"]))

    def picture(self, numbers: Array) -> NDArray[np.float32]:
        """Class numbers (H, W) in their colours, (3, H, W) in [-1, 1]; void is black."""
        table = np.zeros((256, 3), np.uint8)
        table[: len(self.colours)] = rgb(self.colours)
        return images.from_uint8(np.ascontiguousarray(table[numbers].transpose(2, 0, 1)))


NAMED = 40.0  # tolerance of palettes that are known by name: flat areas of a JPEG stay, blurred edges are left out

# The 19 classes that train and score (Cordts et al. 2016, trainId of labels.py in cityscapesScripts) and, as void, the
# colours of the others; a pole group has the colour of a pole, a number plate that of a car.
CITYSCAPES = Palette(
    ("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "terrain",
     "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"),
    ("804080", "f423e8", "464646", "66669c", "be9999", "999999", "faaa1e", "dcdc00", "6b8e23", "98fb98",
     "4682b4", "dc143c", "ff0000", "00008e", "000046", "003c64", "005064", "0000e6", "770b20"),
    void=("000000", "6f4a00", "510051", "faaaa0", "e6968c", "b4a5b4", "966464", "96785a", "00005a", "00006e"),
    tolerance=NAMED,
)  # fmt: skip


def classes_of(picture: Array, palette: Palette, *, every: bool = False) -> Numbers:
    """The class number (H, W) of each pixel of (C, H, W) in [-1, 1] or uint8: that of the nearest colour.

    IGNORE where that is a void colour, or farther than the tolerance. With `every` each pixel gets a class, as what a
    translator made must: a pixel left out of its score would flatter it.
    """
    pixels = picture if picture.dtype == np.uint8 else images.to_uint8(picture)
    pixels = np.broadcast_to(pixels, (3, *pixels.shape[1:])).transpose(1, 2, 0)
    if every:
        return nearest(pixels, rgb(palette.colours))[0]
    numbers, far = nearest(pixels, rgb((*palette.colours, *palette.void)))
    numbers[(numbers >= len(palette.names)) | (far > palette.tolerance**2)] = IGNORE
    return numbers


def palette_for(folder: str | os.PathLike[str], pictures: Sequence[Path] | None = None) -> Palette:
    """The palette of the label pictures in `folder`: of the world drawn there, of Cityscapes, or the colours they hold.

    `pictures` are those to look at, else all below the folder. DataError where they hold more than 64 colours.
    """
    return world_palette(Path(folder)) or palette_of(pictures or scan(folder).files)


def world_palette(folder: Path) -> Palette | None:
    """That of the world whose `world.json` lies in the folder or beside it."""
    for home in (folder, folder.parent):
        try:
            world = WORLDS[json.loads((home / "world.json").read_text(encoding="utf-8"))["world"]]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        return Palette(world.labels, world.palette, tolerance=NAMED)
    return None


def palette_of(pictures: Sequence[Path]) -> Palette:
    """Cityscapes where most pixels have its colours, else every colour found, in order; what is not found is void."""
    found: set[int] = set()
    for path in pictures[:: -(-len(pictures) // LOOKED) or 1]:
        codes, counts = np.unique(_codes(path), return_counts=True)
        if is_cityscapes(codes, counts):
            return CITYSCAPES
        found |= set(codes.tolist())
        if len(found) > MOST:
            raise DataError(
                f"{images.printable(path)} brings the label pictures to more than {MOST} colours, where each class "
                "should have one: save them as PNG, without smoothing or shading"
            )
    if not found:
        raise DataError("there is no label picture to read colours from")
    colours = tuple(f"{code:06x}" for code in sorted(found))
    return Palette(tuple(f"#{colour}" for colour in colours), colours)


def is_cityscapes(codes: Array, counts: Array) -> bool:
    """Whether three of four pixels are within 16 of a colour of Cityscapes, and five classes take part."""
    pixels = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], -1).astype(np.uint8)
    chosen, far = nearest(pixels, rgb((*CITYSCAPES.colours, *CITYSCAPES.void)))
    near = far <= 16**2
    classes = [n for n in np.unique(chosen[near]) if n < len(CITYSCAPES.names)]
    shares = [counts[near & (chosen == n)].sum() / counts.sum() for n in classes]
    return bool(counts[near].sum() >= 0.75 * counts.sum() and sum(share > 0.001 for share in shares) >= 5)


def shows_labels(pictures: Iterable[Path]) -> bool:
    """Whether pictures hold few colours, or those of Cityscapes."""
    try:
        return bool(palette_of(list(pictures)))
    except DataError:
        return False


def _codes(path: Path) -> Array:
    """Each pixel as one number, 0xrrggbb."""
    r, g, b = images.to_uint8(images.to_channels(images.read(path).pixels, 3)).astype(np.int32)
    codes: Array = r << 16 | g << 8 | b
    return codes


def label_map(picture: str | os.PathLike[str]) -> Numbers | None:
    """The label map (H, W) that `viceversa data make` wrote for a test picture: labelsA/0007.png of testA/0007.png."""
    path = Path(picture)
    side = path.parent.name.removeprefix("test")
    beside = path.parent.with_name(f"labels{side}") / f"{path.stem}.png"
    if side not in ("A", "B") or not beside.is_file():
        return None
    numbers: Numbers = images.to_uint8(images.read(beside).pixels)[0]
    return numbers
