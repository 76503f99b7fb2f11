"""What a run trains and tests on: names and lists of files, as data.json keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..data.folders import Domains, Paths
from ..data.labels import Palette
from ..images import Values
from ..methods.protocol import Side


@dataclass(frozen=True, kw_only=True)
class DatasetListing:
    """Names of domains or classes, and lists of files: those of data.json."""

    names: tuple[str, ...]
    files: dict[str, Paths]  # "train_a": ..., or "train": ...; see `split`
    notes: tuple[str, ...] = ()  # what the user should know of it
    labels: dict[str, tuple[int, ...]] | None = None  # "train" and "test": class of each file, for a classifier
    palette: Palette | None = None  # classes and colours of the label images that a segmenter learns from
    domain: str = ""  # name of the images that belong to the label images
    values: Mapping[Side, Values] = field(default_factory=dict)  # of each domain, or of "A" where there is one set

    def split(self, part: str, side: Side | None = None) -> Paths:
        """Files of "train", "test" or "truth", of a domain where there are two."""
        return self.files.get(split_key(part, side), ())

    def fixed(self, part: str, side: Side | None = None) -> Paths:
        """`split`, of training images larger than a crop their fixed windows."""
        return fixed_split(self.files, part, side)


def fixed_split(files: Mapping[str, Paths], part: str, side: Side | None = None) -> Paths:
    """Files of "train", "test" or "truth" that networks can be shown as they are: of large images fixed windows."""
    windows = files.get(split_key("train_windows", side), ()) if part == "train" else ()
    return windows or files.get(split_key(part, side), ())


def split_key(part: str, side: Side | None = None) -> str:
    """Key of a list of files in data.json: "train", or "train_a" for a domain."""
    return part if side is None else f"{part}_{side.lower()}"


def of_domains(d: Domains) -> DatasetListing:
    """The listing of two domains."""
    files = {
        "train_a": d.train_a,
        "train_b": d.train_b,
        "test_a": d.test_a,
        "test_b": d.test_b,
        "truth_a": d.truth_a,
        "truth_b": d.truth_b,
    }
    return DatasetListing(names=(d.name_a, d.name_b), files=files, notes=d.notes)
