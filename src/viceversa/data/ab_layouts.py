"""Layouts of one folder that holds both domains, with folders for training and testing."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, did_you_mean
from ..images import printable_path
from ..names import folded
from .directories import find_folder, sub_folders

PARTS = ("train", "val", "test")
SIDES = ("A", "B")


@dataclass(frozen=True)
class AbLayout:
    """Where the images of a part (train, test, val, truth) of a domain lie, in any letter case."""

    pattern: str
    any_names: bool = False  # in place of A and B any two names, such as horses and zebras

    def path(self, part: str, side: str) -> str:
        """The folder's path below the data folder."""
        return self.pattern.format(part=part, side=side)

    def sides(self, root: Path) -> tuple[str, str] | None:
        """What the folders below `root` call A and B; none where the layout is another one."""
        if self.any_names:
            train = find_folder(root, self.path("train", "").strip("/"))
            inside = sub_folders(train) if train else []
            return (inside[0], inside[1]) if len(inside) == 2 else None
        if not all(find_folder(root, self.path("train", side)) for side in SIDES):
            return None
        if not self.pattern.startswith("{side}/"):
            return SIDES
        a, b = (find_folder(root, side) for side in SIDES)
        return (a.name, b.name) if a and b else None


LAYOUTS = (  # the first that fits is taken
    AbLayout("{part}{side}"),  # trainA testA: the CycleGAN authors' code; also TrainA, traina
    AbLayout("{part}_{side}"),  # train_A test_A
    AbLayout("{part}-{side}"),  # train-A test-A
    AbLayout("{part}/{side}", any_names=True),  # train/A test/A, train/horses test/horses
    AbLayout("{side}/{part}"),  # A/train A/test: the authors' pix2pix code before it joins the halves
)
FLAT_LAYOUTS = tuple(layout for layout in LAYOUTS if "/" not in layout.pattern)


@dataclass(frozen=True)
class AbFolders:
    """Both domains of a data folder in one of the layouts."""

    root: Path
    layout: AbLayout
    sides: tuple[str, str] = SIDES  # what the folders call A and B

    @property
    def names(self) -> tuple[str, str] | None:
        """Names of the domains, where these are folders of their own."""
        own = self.sides != SIDES or self.layout.pattern.startswith("{side}/")
        return self.sides if own else None

    def folder(self, part: str, side: str) -> Path | None:
        """The folder of a part of domain A or B, where there is one."""
        return find_folder(self.root, self.path(part, side))

    def path(self, part: str, side: str) -> str:
        """How that folder is called in this layout."""
        return self.layout.path(part, self.sides[SIDES.index(side)])

    def note(self) -> str:
        """Where the images are, unless the folders are called trainA and trainB."""
        kinds = (("training", "train"), ("test", "test"), ("validation", "val"), ("truth", "truth"))
        found = {kind: [self.folder(part, side) for side in SIDES] for kind, part in kinds}
        if found["test"] != [None, None]:
            del found["validation"]  # not used then
        if self.layout is LAYOUTS[0] and [path and path.name for path in found["training"]] == ["trainA", "trainB"]:
            return ""
        places = (
            f"{kind} pictures are those of "
            + " and ".join(printable_path(path.relative_to(self.root).as_posix()) for path in paths if path)
            for kind, paths in found.items()
            if any(paths)
        )
        return ", ".join(places)


def find_ab_folders(root: Path) -> AbFolders | None:
    """The domains below `root` in one of LAYOUTS; DataError where one domain is there and the other is not."""
    for layout in LAYOUTS:
        if sides := layout.sides(root):
            return AbFolders(root, layout, sides)

    for layout in FLAT_LAYOUTS:
        there = [side for side in SIDES if find_folder(root, layout.path("train", side))]
        if len(there) == 1:
            present, missing = (layout.path("train", side) for side in (there[0], "A" if there == ["B"] else "B"))
            near = did_you_mean(missing, [name for name in sub_folders(root) if folded(name) != folded(present)])
            raise DataError(f"{printable_path(root)} has no folder {missing}; add it.{near}")
    return None


def holds_domains(root: Path) -> str:
    """The name of the folder that holds the training images of A, where it lies directly below `root`; else empty."""
    paths = (layout.path("train", "A") for layout in FLAT_LAYOUTS)
    return next((folder.name for path in paths if (folder := find_folder(root, path))), "")
