"""Fixed windows of images of any size, for evaluation, samples and health checks: FILE#left,top,width,height."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from .. import images
from ..errors import DataError
from ..images import ImageError, Window, WindowedImage, printable_path
from ..images.address import address_of
from .content import Content, Crops, Place, TooSmallError, content_of, crops_per_epoch, without_scale
from .folders import Paths

MOST_WINDOWS = 64  # of the test images of a domain, unless there are more images
TRAINING_WINDOWS = 128  # of the training images of a domain: references of health checks, tests where there are none
WHOLE_KEPT = 2  # decoded images of formats without windows that are kept for their next window
SCALES_DIFFER = 1.25  # times between the finest and the coarsest image of a domain, from which it is said


def window_of(path: Path, crops: Crops) -> tuple[Path, float, Window]:
    """The file of a path, full pixels per pixel of the run, and the window at its scale: the named or the central one.

    ImageError where the file cannot be read, DataError where it has not the scale, or no crop fits into it.
    """
    named = address_of(path).window
    if named is None:
        content = content_of(path, crops)
        place = content.central_place() if content.allowed else Place(content.size[0] / 2, content.size[1] / 2)
        return path, content.downsample, content.crop_at(place, crops.size)

    file = path.with_name(path.name[: path.name.rindex("#")])
    with open_at_scale(file) as image:
        try:
            downsample = images.downsample_for(image.about, crops.mpp)
        except ValueError:
            raise DataError(without_scale(file, crops.mpp or 0)) from None
        height, width = images.ScaledImage(image, downsample).size
    sides = [max(1, round(side / downsample)) for side in named]
    h, w = min(sides[2], height), min(sides[3], width)
    top, left = (round(side / downsample) for side in named[:2])
    return file, downsample, Window(min(top, height - h), min(left, width - w), h, w)


@contextmanager
def open_at_scale(path: Path) -> Iterator[WindowedImage]:
    """An open image; those of formats without windows are kept for a while."""
    if images.about(path) is not None:
        with images.open_windows(path) as image:
            yield image
        return
    try:
        status = os.stat(images.file_of(path)[0])
    except OSError as error:
        raise ImageError(path, error.strerror or str(error)) from None
    yield _decoded(path, status.st_mtime_ns, status.st_size)


@lru_cache(WHOLE_KEPT)
def _decoded(path: Path, changed: int, nbytes: int) -> WindowedImage:
    """An image in memory, while its file stays the same."""
    return images.open_windows(path)


@dataclass
class NativeListing:
    """The lists of a run at native scale, and what is said about them."""

    files: dict[str, Paths]
    notes: list[str] = field(default_factory=list)


def native_listing(
    listed: Mapping[str, Paths],
    crops: Crops,
    windows: int,
    aligned: Sequence[tuple[str, str]],
    names: Mapping[str, str],
) -> NativeListing:
    """Training files that have crops, with their fixed windows, and the fixed windows of the test images.

    `aligned` are pairs of lists whose files belong together one by one, `names` the name of the domain of each training
    list. DataError where a domain has no crop.
    """
    known = Contents(crops)
    result = NativeListing(dict(listed))
    for second in [other for _, other in aligned]:
        known.partners.add(second)
    for key in [key for key in listed if key.startswith("train")]:
        partner = next((b for a, b in aligned if a == key), None)
        if key in known.partners:
            continue
        for own in (key, partner) if partner else (key,):
            result.notes += left_out(listed[own], known, crops, names.get(own, own))
        keep_usable(result.files, key, partner, known)
        for own in (key, partner) if partner else (key,):
            add_training_windows(result, own, key, known, crops)

    for key in [key for key in listed if key.startswith("test")]:
        partner = next((b for a, b in aligned if a == key), None)
        keep_usable(result.files, key, partner, known)
        expand(result.files, key, partner, known, crops, windows)
    result.notes += [*scale_notes(result.files, known, crops, names), *epoch_note(result.files, known, crops)]
    return result


class Contents:
    """The content of each image; a reason in words where it has no crop, none where it cannot be read."""

    def __init__(self, crops: Crops) -> None:
        self.crops = crops
        self.partners: set[str] = set()  # keys of lists that are handled with another one

    def of(self, path: Path) -> Content | str | None:
        try:
            content = content_of(path, self.crops)
        except TooSmallError as error:
            return str(error)
        except ImageError:
            return None
        return content if content.allowed else f"{printable_path(path)} shows nothing but background"

    def is_usable(self, path: Path) -> bool:
        """False for images without a crop; broken ones stay in the lists, and training names them."""
        return not isinstance(self.of(path), str)

    def usable(self, paths: Sequence[Path]) -> list[Content]:
        """The content of those images that have some."""
        return [content for path in paths if isinstance(content := self.of(path), Content)]


def left_out(paths: Paths, known: Contents, crops: Crops, name: str) -> list[str]:
    """What is said of images without a crop; DataError where no image has one."""
    reasons = [reason for path in paths if isinstance(reason := known.of(path), str)]
    if not reasons:
        return []
    advice = f"crops have {crops.size} px (--size), at most {crops.blank:.0%} of them background (data.blank)"
    if len(reasons) == len(paths):
        raise DataError(f"no picture of {name} has a crop: {reasons[0]}; {advice}")
    return [f"{name}: {len(reasons)} of {len(paths)} pictures are left out; the first: {reasons[0]}; {advice}"]


def keep_usable(lists: dict[str, Paths], key: str, partner: str | None, known: Contents) -> None:
    """Leave out images without a crop, and what belongs to them."""
    others = lists.get(partner or "", ())
    if not others:
        lists[key] = tuple(path for path in lists[key] if known.is_usable(path))
        return
    both = [pair for pair in zip(lists[key], others, strict=True) if all(map(known.is_usable, pair))]
    lists[key], lists[partner or ""] = tuple(a for a, _ in both), tuple(b for _, b in both)


def add_training_windows(result: NativeListing, key: str, like: str, known: Contents, crops: Crops) -> None:
    """Add the list of fixed windows of training images, at the places of the list `like`."""
    windows_key = key.replace("train", "train_windows", 1)
    paths, models = result.files[key], result.files[like]
    per_image = max(1, -(-TRAINING_WINDOWS // max(1, len(paths))))
    windows: list[Path] = []
    for path, model in zip(paths, models, strict=True) if key != like else ((p, p) for p in paths):
        windows += fixed_windows(model, [path], known, crops, per_image)[0]
    result.files[windows_key] = tuple(windows)


def expand(lists: dict[str, Paths], key: str, partner: str | None, known: Contents, crops: Crops, windows: int) -> None:
    """Replace test images, and what belongs to them, by their fixed windows."""
    paths, others = lists[key], lists.get(partner or "", ())
    per_image = max(1, min(windows, MOST_WINDOWS // max(1, len(paths))))
    own: list[Path] = []
    theirs: list[Path] = []
    for i, path in enumerate(paths):
        found = fixed_windows(path, [path, *others[i : i + 1]], known, crops, per_image)
        own += found[0]
        theirs += found[1] if others else []
    lists[key] = tuple(own)
    if others:
        lists[partner or ""] = tuple(theirs)


def fixed_windows(model: Path, paths: Sequence[Path], known: Contents, crops: Crops, count: int) -> list[list[Path]]:
    """Windows of each of the paths, which lie on each other, at places with content of `model`.

    Images that cannot be read keep their path: whoever reads them names them. DataError for different sizes.
    """
    content = known.of(model)
    contents = [known.of(path) for path in paths]
    if not isinstance(content, Content) or not all(isinstance(other, Content) for other in contents):
        return [[path] for path in paths]
    places = [content.crop_at(place, crops.size) for place in content.fixed_places(count)]
    result = []
    for other in contents:
        assert isinstance(other, Content)
        require_one_size(content, other)
        result.append([other.address(window) for window in dict.fromkeys(places)])
    return result


def require_one_size(a: Content, b: Content) -> None:
    """DataError where two images that belong together have different sizes at the scale of the run."""
    if a.size != b.size:
        first, second = (f"{printable_path(c.path)} ({c.size[1]} x {c.size[0]})" for c in (a, b))
        raise DataError(
            f"{first} and {second} belong together and have different sizes at the scale of the run; crops at native "
            "scale need images that lie on each other: bring them to one size, or leave data.fit=native out"
        )


def scale_notes(lists: Mapping[str, Paths], known: Contents, crops: Crops, names: Mapping[str, str]) -> list[str]:
    """What is said where the images of a domain have different scales, or are enlarged."""
    notes = []
    for key, name in names.items():
        mpps = sorted(content.mpp for content in known.usable(lists.get(key, ())) if content.mpp)
        if not mpps:
            continue
        if crops.mpp is None and mpps[-1] > SCALES_DIFFER * mpps[0]:
            notes.append(
                f"{name}: the scales of its pictures differ, {mpps[0]:.3g} to {mpps[-1]:.3g} µm per pixel; "
                "bring them to one with --set data.mpp=…"
            )
        if crops.mpp is not None and crops.mpp * SCALES_DIFFER < mpps[-1]:
            notes.append(f"{name}: pictures of up to {mpps[-1]:.3g} µm per pixel are enlarged to {crops.mpp:g}")
    return notes


def epoch_note(lists: Mapping[str, Paths], known: Contents, crops: Crops) -> list[str]:
    """How long an epoch is: "1 epoch = 12,480 crops of 256 px at 0.5 µm/px from 16 slides"."""
    domains = [known.usable(lists[key]) for key in ("train", "train_a", "train_b") if key in lists]
    if not domains or not any(domains):
        return []
    count = max(crops_per_epoch(domain) for domain in domains)
    scale = "" if crops.mpp is None else f" at {crops.mpp:g} µm/px"
    are_slides = all(content.is_slide for domain in domains for content in domain)
    kind = "slides" if are_slides else "pictures"
    numbers = " and ".join(str(len(domain)) for domain in domains)
    return [f"1 epoch = {count:,} crops of {crops.size} px{scale} from {numbers} {kind}"]
