"""Drawn datasets of large images: slides and orthophotos in tiled, pyramidal files."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import slides, terrain
from .colours import rgb
from .drawing import Drawing, Pixels
from .lattice import Lattice
from .pyramids import Storage, write_pyramid
from .scenes import LABEL_PICTURES
from .slides import files as slide_files
from .terrain import files as terrain_files

DEFLATE = {"compression": "zlib", "compressionargs": {"level": 4}, "predictor": True}
LABEL_STORAGE = Storage(compression={"photometric": "minisblack", **DEFLATE}, factor=None)
LABEL_PICTURE_STORAGE = Storage(compression={"photometric": "rgb", **DEFLATE}, factor=2, levels={"subfiletype": 1})


@dataclass(frozen=True, kw_only=True)
class LargeWorld:
    """A drawn dataset of large images. `draw` takes the scene, the domain and whether it is drawn as truth."""

    name: str
    domains: tuple[str, str]
    units: tuple[str | None, str | None]
    labels: tuple[str, ...]
    palette: tuple[str, ...]  # the colour of each label, hexadecimal
    size: int  # defaults of `make`
    count: int
    test: int
    describe: Callable[[int, int], Any]  # the scene of a seed and a side in pixels
    draw: Callable[[Any, str, bool], Drawing]
    draw_labels: Callable[[Any], Drawing]
    storage: Callable[[Any, bool], Storage]  # of a scene, as truth or not
    suffix: str  # of its files

    def unit(self, domain: str) -> str | None:
        """The unit of the numbers of a domain; pictures have none."""
        return dict(zip(self.domains, self.units, strict=True)).get(domain)

    def drawing(self, scene: Any, domain: str, *, truth: bool = False) -> Drawing:
        """The image of a domain; "labels" is the label map in the colours of the palette. Truth is without noise."""
        return self.label_picture(scene) if domain == LABEL_PICTURES else self.draw(scene, domain, truth)

    def label_picture(self, scene: Any) -> Drawing:
        """The label map in the colours of the palette, RGB."""
        labels, colours = self.draw_labels(scene), rgb(self.palette)

        def draw(block: Lattice) -> Pixels | None:
            drawn = labels.draw(block)
            return None if drawn is None else colours[drawn[..., 0]]

        blank = tuple(colours[labels.blank[0]].tolist())
        return replace(labels, blank=blank, draw=draw)

    def write(self, path: Path, scene: Any, domain: str, *, truth: bool = False) -> None:
        """Write the image of a domain."""
        storage = LABEL_PICTURE_STORAGE if domain == LABEL_PICTURES else self.storage(scene, truth)
        write_pyramid(path, self.drawing(scene, domain, truth=truth), storage)

    def write_labels(self, path: Path, scene: Any) -> None:
        """Write the label map, a number per pixel."""
        write_pyramid(path, self.draw_labels(scene), LABEL_STORAGE)

    def write_numbered(
        self, root: Path, folder: str, index: int, seed: int, size: int, domains: tuple[str, str]
    ) -> None:
        """Write one image of a dataset, its own domain first in `domains`; of a test image first truth and labels."""
        own, other = domains
        path = root / folder / f"{index:04d}{self.suffix_of(own)}"
        if path.is_file():
            return

        scene, side = self.describe(seed, size), folder[-1]
        if folder.startswith("test"):
            truth = root / f"truth{side}" / f"{index:04d}{self.suffix_of(other)}"
            labels = root / f"labels{side}" / f"{index:04d}.tif"
            if not truth.is_file():
                self.write(truth, scene, other, truth=True)
            if not labels.is_file():
                self.write_labels(labels, scene)
        self.write(path, scene, own)

    def suffix_of(self, domain: str) -> str:
        """The suffix of the files of a domain."""
        return ".tif" if domain == LABEL_PICTURES else self.suffix


LARGE_WORLDS: dict[str, LargeWorld] = {
    "slides": LargeWorld(
        name="slides",
        domains=("he", "pas"),
        units=(None, None),
        labels=slides.LABELS,
        palette=slides.PALETTE,
        size=4096,
        count=8,
        test=2,
        describe=slides.describe,
        draw=slides.draw,
        draw_labels=slides.draw_labels,
        storage=slide_files.storage,
        suffix=".svs",
    ),
    "terrain": LargeWorld(
        name="terrain",
        domains=("summer", "winter"),
        units=("reflectance x 10000", "reflectance x 10000"),
        labels=terrain.LABELS,
        palette=terrain.PALETTE,
        size=2048,
        count=8,
        test=2,
        describe=terrain.describe,
        draw=terrain.draw,
        draw_labels=terrain.draw_labels,
        storage=terrain_files.storage,
        suffix=".tif",
    ),
}
