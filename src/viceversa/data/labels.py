"""Label images: the colour of each class, and from colours to class numbers."""

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
from ..worlds.make import ALL_WORLDS
from .folders import scan

IGNORE = 255  # class number of a pixel without a class: not trained on, not scored
MAX_COLOURS = 64  # in label images whose palette is not known
SAMPLED = 500  # label images that are read to find their colours
KNOWN_TOLERANCE = 40.0  # of known palettes: JPEG noise in flat areas stays in its class, blurred edges have none

Array = NDArray[Any]
ClassMap = NDArray[np.uint8]


@dataclass(frozen=True)
class Palette:
    """The name of each class and its colour, hexadecimal; a pixel far from all colours is void."""

    names: tuple[str, ...]
    colours: tuple[str, ...]
    void: tuple[str, ...] = ()  # colours that mean no class
    tolerance: float = 0.0  # distance in RGB (0 to 441) beyond which a colour, blended perhaps, belongs to no class

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "names": list(self.names),
            "colours": list(self.colours),
            "void": list(self.void),
            "tolerance": self.tolerance,
        }

    @staticmethod
    def from_dict(saved: dict[str, Any]) -> "Palette":
        """The palette of `to_dict`; KeyError, TypeError or ValueError for anything else."""
        names, colours, void = (tuple(saved[key]) for key in ("names", "colours", "void"))
        rgb((*colours, *void))  # raises ValueError for what is not a colour
        return Palette(names, colours, void, float(saved["tolerance"]))

    def picture(self, classes: Array) -> NDArray[np.float32]:
        """Class numbers (H, W) in their colours, (3, H, W) in [-1, 1]; void is black."""
        table = np.zeros((256, 3), np.uint8)
        table[: len(self.colours)] = rgb(self.colours)
        return images.from_uint8(np.ascontiguousarray(table[classes].transpose(2, 0, 1)))


# The 19 classes that train and score (Cordts et al. 2016, trainId of labels.py in cityscapesScripts) and, as void, the
# colours of the others; a pole group has the colour of a pole, a number plate that of a car.
CITYSCAPES_CLASSES = {
    "road": "804080",
    "sidewalk": "f423e8",
    "building": "464646",
    "wall": "66669c",
    "fence": "be9999",
    "pole": "999999",
    "traffic light": "faaa1e",
    "traffic sign": "dcdc00",
    "vegetation": "6b8e23",
    "terrain": "98fb98",
    "sky": "4682b4",
    "person": "dc143c",
    "rider": "ff0000",
    "car": "00008e",
    "truck": "000046",
    "bus": "003c64",
    "train": "005064",
    "motorcycle": "0000e6",
    "bicycle": "770b20",
}
CITYSCAPES = Palette(
    names=tuple(CITYSCAPES_CLASSES),
    colours=tuple(CITYSCAPES_CLASSES.values()),
    void=("000000", "6f4a00", "510051", "faaaa0", "e6968c", "b4a5b4", "966464", "96785a", "00005a", "00006e"),
    tolerance=KNOWN_TOLERANCE,
)


def classes_of(picture: Array, palette: Palette, *, every: bool = False) -> ClassMap:
    """The class number (H, W) of each pixel of (C, H, W) in [-1, 1] or uint8: that of the nearest colour.

    IGNORE where that is a void colour, or farther than the tolerance. With `every` each pixel gets a class: the output
    of a translator must be scored as a whole, since pixels left out would improve its score.
    """
    pixels = picture if picture.dtype == np.uint8 else images.to_uint8(picture)
    pixels = np.broadcast_to(pixels, (3, *pixels.shape[1:])).transpose(1, 2, 0)
    if every:
        return nearest(pixels, rgb(palette.colours))[0]
    classes, squared_distance = nearest(pixels, rgb((*palette.colours, *palette.void)))
    classes[(classes >= len(palette.names)) | (squared_distance > palette.tolerance**2)] = IGNORE
    return classes


def palette_for(folder: str | os.PathLike[str], pictures: Sequence[Path] | None = None) -> Palette:
    """The palette of the label images in `folder`: of the world drawn there, of Cityscapes, or the colours they hold.

    `pictures` are the images to read, else all below the folder. DataError where they hold more than 64 colours.
    """
    return drawn_palette(Path(folder)) or palette_from_pictures(pictures or scan(folder).files)


def drawn_palette(folder: Path) -> Palette | None:
    """The palette of the drawn world whose `world.json` is in the folder or in its parent."""
    for home in (folder, folder.parent):
        try:
            world = ALL_WORLDS[json.loads((home / "world.json").read_text(encoding="utf-8"))["world"]]
        except (OSError, ValueError, LookupError, TypeError):
            continue
        return Palette(world.labels, world.palette, tolerance=KNOWN_TOLERANCE)
    return None


def palette_from_pictures(pictures: Sequence[Path]) -> Palette:
    """Cityscapes where most pixels have its colours, else every colour of the images, sorted; others are void."""
    codes: set[int] = set()
    interval = -(-len(pictures) // SAMPLED) or 1
    for path in pictures[::interval]:
        here, counts = np.unique(_colour_codes(path), return_counts=True)
        if is_cityscapes(here, counts):
            return CITYSCAPES
        codes |= set(here.tolist())
        if len(codes) > MAX_COLOURS:
            raise DataError(
                f"{images.printable_path(path)} brings the label pictures to more than {MAX_COLOURS} colours, "
                "where each class should have one: save them as PNG, without smoothing or shading"
            )
    if not codes:
        raise DataError("there is no label picture to read colours from")
    colours = tuple(f"{code:06x}" for code in sorted(codes))
    return Palette(tuple(f"#{colour}" for colour in colours), colours)


def is_cityscapes(codes: Array, counts: Array) -> bool:
    """True if three of four pixels are within 16 of a colour of Cityscapes, and five of its classes occur."""
    pixels = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], -1).astype(np.uint8)
    classes, squared_distance = nearest(pixels, rgb((*CITYSCAPES.colours, *CITYSCAPES.void)))
    is_near = squared_distance <= 16**2
    if counts[is_near].sum() < 0.75 * counts.sum():
        return False
    present = [n for n in np.unique(classes[is_near]) if n < len(CITYSCAPES.names)]
    shares = [counts[is_near & (classes == n)].sum() / counts.sum() for n in present]
    return len([share for share in shares if share > 0.001]) >= 5


def are_labels(pictures: Iterable[Path]) -> bool:
    """True if images hold few colours, or those of Cityscapes."""
    try:
        return bool(palette_from_pictures(list(pictures)))
    except DataError:
        return False


def _colour_codes(path: Path) -> Array:
    """Each pixel as one number, 0xrrggbb."""
    r, g, b = images.to_uint8(images.to_channels(images.read(path).pixels, 3)).astype(np.int32)
    codes: Array = r << 16 | g << 8 | b
    return codes


def label_map(picture: str | os.PathLike[str]) -> ClassMap | None:
    """The class numbers (H, W) that `data make` wrote for a test image: labelsA/0007.png of testA/0007.png."""
    path = Path(picture)
    side = path.parent.name.removeprefix("test")
    file = path.parent.with_name(f"labels{side}") / f"{path.stem}.png"
    if side not in ("A", "B") or not file.is_file():
        return None
    classes: ClassMap = images.to_uint8(images.read(file).pixels)[0]
    return classes
