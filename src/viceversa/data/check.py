"""Read every image of two domains once and report their contents and their problems."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import images
from ..errors import DataError
from ..images import Values
from .folders import Domains, find_domains
from .large import check_large, is_large, read_in_part
from .measure import measure_values
from .pages import ALIGNED, expand_pages

SIDE = 96  # pixels: larger JPEGs are read at the reduced scale that is enough for this side, see `images.read`
NEAR = 4 / 255  # mean difference in [0, 1] below which two thumbnails show the same image
MAX_PROBLEMS = 0.01  # share of broken or leaked images above which a dataset is not fit for training
MAX_FLAT = 0.25  # share of images without contrast above which it is not


@dataclass(frozen=True, kw_only=True)
class DomainReport:
    """The contents of one domain; sizes are (min, median, max) in pixels, aspect is width / height."""

    name: str
    train: int
    test: int
    readable: int
    width: tuple[float, float, float] = (0, 0, 0)
    height: tuple[float, float, float] = (0, 0, 0)
    aspect: tuple[float, float, float] = (0, 0, 0)
    kinds: dict[str, int] = field(default_factory=dict)  # "RGB uint8 PNG": count
    first_error: str | None = None  # why the first of the broken images cannot be read
    values: dict[str, Any] | None = None  # number type, channels and range; none for photographs of 8 bits
    values_line: str = ""  # the same in words, with what the values reach
    values_error: str | None = None  # why a domain has no common range

    def line(self) -> str:
        """Counts, kinds and sizes in one line of text."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items()) or "none readable"
        spans = (("width", self.width), ("height", self.height), ("aspect", self.aspect))
        sizes = ", ".join(f"{name} {low:g} to {high:g} (median {mid:g})" for name, (low, mid, high) in spans)
        values = f"; {self.values_line}" if self.values_line else ""
        return f"{self.name}: {self.train} training and {self.test} test pictures, {kinds}; {sizes}{values}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The problems that `check` found, as paths."""

    domains: tuple[DomainReport, DomainReport]
    broken: tuple[tuple[str, str], ...] = ()  # path, reason
    leaks: tuple[tuple[str, ...], ...] = ()  # same pixels in both domains, or in training and test
    near_leaks: tuple[
        tuple[str, str], ...
    ] = ()  # another size or compression of the same image; to be checked by a person
    duplicates: tuple[tuple[str, ...], ...] = ()  # same pixels twice in one part of one domain
    near_constant: tuple[str, ...] = ()  # no contrast: instance normalisation divides by nothing
    clipped: tuple[tuple[str, str], ...] = ()  # path, and what of it lies outside of the range of its domain
    missing: tuple[tuple[str, float], ...] = ()  # path, and share of its pixels that have no value
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)  # least and largest of other than 8 bits
    large: tuple[tuple[str, str], ...] = ()  # slides and large files: path, and its size, levels, pixel size
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """False when a domain is empty or has no common range, more than 1 % of the pictures are broken or leak, or
        more than a quarter have no contrast."""
        if not all(d.readable and d.values_error is None for d in self.domains):
            return False
        total = sum(d.train + d.test for d in self.domains)
        if len(self.near_constant) > max(1, MAX_FLAT * total):
            return False
        return max(len(self.broken), len(self.leaks)) <= max(1, MAX_PROBLEMS * total)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"ok": self.ok, **asdict(self)}

    def lines(self, most: int = 5) -> list[str]:
        """For people, worst first; at most `most` examples of each problem."""
        lines = [self._unreadable(d) for d in self.domains if not d.readable]
        lines += [f"values: {d.values_error}" for d in self.domains if d.values_error]
        for title, items in self._problems():
            if items:
                lines += [f"{title}: {len(items)}", *(f"  {item}" for item in items[:most])]
            if len(items) > most:
                lines.append(f"  … and {len(items) - most} more")
        verdict = "fit for training" if self.ok else "not fit for training as it is"
        return [*lines, *(d.line() for d in self.domains), *self.notes, verdict]

    def _unreadable(self, domain: DomainReport) -> str:
        count = domain.train + domain.test
        return f"{domain.name}: none of the {count} pictures can be read; the first: {domain.first_error}"

    def _problems(self) -> list[tuple[str, list[str]]]:
        return [
            ("broken", [f"{path}: {reason}" for path, reason in self.broken]),
            ("same pixels in both domains or in training and test", [" = ".join(group) for group in self.leaks]),
            ("no contrast", list(self.near_constant)),
            ("nearly the same in both domains or in training and test", [" ~ ".join(p) for p in self.near_leaks]),
            ("values outside of the range of the domain", [f"{path}: {note}" for path, note in self.clipped]),
            ("missing pixels", [f"{path}: {share:.1%}" for path, share in self.missing]),
            ("same pixels twice", [" = ".join(group) for group in self.duplicates]),
            ("slides and large files, of which a window was read", [f"{path}: {what}" for path, what in self.large]),
        ]


@dataclass(frozen=True)
class _Summary:
    """What `check` keeps of an image."""

    file: Path
    domain: int
    part: str
    size: tuple[int, int]
    kind: str
    digest: bytes  # of all pixels, at full scale where another image may have the same
    reduction: int  # the scale at which the file was read is 1 / reduction
    gradient_bits: int  # 64 bits (difference hash): whether a pixel of 8 x 9 is brighter than its left neighbour
    thumbnail: npt.NDArray[np.uint8]  # (3, 8, 8)
    has_no_contrast: bool
    notes: tuple[str, ...]  # about values outside of the range
    missing: float  # share of pixels
    span: tuple[float, float] | None  # least and largest value of a file of other than 8 bits

    @property
    def path(self) -> str:
        """The file's name as one line of text."""
        return images.printable_path(self.file)


def check(
    data: str | os.PathLike[str] | Domains,
    other: str | os.PathLike[str] | None = None,
    *,
    names: tuple[str, str] | None = None,
    ranges: tuple[str, str] = ("auto", "auto"),
    nodata: float | None = None,
    pages: str = "auto",
    near_constant: float = 2 / 255,
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Read all images of `find_domains(data, other, names)` once, keeping 200 bytes of each.

    An image whose pixels in [-1, 1] have a standard deviation below `near_constant` has no contrast. Large JPEGs are
    read at a reduced scale, and again in full where another image may have the same pixels. Slides and files above 50
    megapixels are read at their coarsest level or in part, see `large`. `ranges`, `nodata` and `pages` are
    those of the configuration.
    """
    domains = data if isinstance(data, Domains) else find_domains(data, other, names)
    domains = with_pages(domains, pages)
    values = [measured(domains, side, ranges[side], nodata) for side in (0, 1)]
    files = list(_files(domains))
    summaries: list[_Summary] = []
    broken: list[tuple[str, str]] = []
    errors: tuple[list[str], list[str]] = ([], [])  # of each domain
    large: list[tuple[str, str]] = []
    for done, (path, domain, part) in enumerate(files, 1):
        try:
            if is_large(path):
                large.append((images.printable_path(path), check_large(path)))
                picture = read_in_part(path, SIDE, values[domain][0])
            else:
                picture = images.read(path, side=SIDE, values=values[domain][0], managed=True)
            summaries.append(_summarise(picture, path, domain, part, near_constant))
        except images.ImageError as error:
            broken.append((images.printable_path(path), error.reason))
            errors[domain].append(str(error))
        if on_progress:
            on_progress(done, len(files))

    summaries = _with_full_digests(summaries)
    same_pixels = [group for group in _group_by(summaries, lambda s: s.digest) if len(group) > 1]
    same_part = [part for group in same_pixels for part in _group_by(group, lambda s: (s.domain, s.part))]
    return Report(
        domains=(
            _domain_report(domains, 0, summaries, errors[0], *values[0]),
            _domain_report(domains, 1, summaries, errors[1], *values[1]),
        ),
        broken=tuple(broken),
        leaks=tuple(tuple(s.path for s in group) for group in same_pixels if _count_parts(group) > 1),
        near_leaks=tuple(_near_leaks(summaries)),
        duplicates=tuple(tuple(s.path for s in part) for part in same_part if len(part) > 1),
        near_constant=tuple(s.path for s in summaries if s.has_no_contrast),
        clipped=tuple((s.path, note) for s in summaries for note in s.notes),
        missing=tuple((s.path, s.missing) for s in summaries if s.missing),
        ranges={s.path: s.span for s in summaries if s.span is not None},
        large=tuple(large),
        notes=domains.notes,
    )


def with_pages(domains: Domains, pages: str) -> Domains:
    """The domains with every page of stacks and volumes as an image of its own."""
    keys = ("train_a", "train_b", "test_a", "test_b", "truth_a", "truth_b")
    expanded = expand_pages({key: getattr(domains, key) for key in keys}, pages, ALIGNED)
    notes = (*domains.notes, *expanded.notes)
    changes: dict[str, Any] = {**expanded.files, "notes": notes}
    return replace(domains, **changes)


def measured(domains: Domains, side: int, given: str, nodata: float | None) -> tuple[Values | None, str | None]:
    """The values of a domain, or why it has none in common."""
    name, key = (domains.name_a, domains.name_b)[side], f"data.range_{'ab'[side]}"
    try:
        return measure_values((domains.train_a, domains.train_b)[side], name, given=given, nodata=nodata, key=key), None
    except DataError as error:
        return None, str(error)


def _files(domains: Domains) -> Iterator[tuple[Path, int, str]]:
    for domain, train, test in ((0, domains.train_a, domains.test_a), (1, domains.train_b, domains.test_b)):
        yield from ((path, domain, "train") for path in train)
        yield from ((path, domain, "test") for path in test)


def _summarise(picture: images.Picture, file: Path, domain: int, part: str, near_constant: float) -> _Summary:
    pixels = picture.pixels
    grey = images.resize(images.to_channels(pixels, 1), (8, 9), picture.box)[0]
    bits = np.packbits(grey[:, 1:] > grey[:, :-1])
    thumbnail = images.to_uint8(images.resize(images.to_channels(images.to_display(pixels), 3), (8, 8), picture.box))
    model = {1: "grey", 3: "RGB"}.get(len(pixels), f"{len(pixels)} channels") + (
        "" if picture.alpha is None else " with alpha"
    )
    return _Summary(
        file=file,
        domain=domain,
        part=part,
        size=(picture.size[1], picture.size[0]),
        kind=f"{model} {picture.depth} {picture.format}",
        digest=_digest(picture),
        reduction=picture.reduction,
        gradient_bits=int.from_bytes(bits.tobytes(), "big"),
        thumbnail=thumbnail,
        has_no_contrast=float(pixels.std(axis=(1, 2), dtype=np.float64).max()) < near_constant,
        notes=images.clipping_note(picture.clipped, pixels.size, (picture.low, picture.high)),
        missing=0.0 if picture.missing is None else float(picture.missing.mean()),
        span=None if picture.depth == "uint8" else _stored_span(picture),
    )


def _stored_span(picture: images.Picture) -> tuple[float, float]:
    """Least and largest value of a file, as far as they lie in the range of its domain."""
    half = (picture.high - picture.low) / 2
    low, high = (float(f"{picture.low + (v + 1) * half:.6g}") for v in (picture.pixels.min(), picture.pixels.max()))
    return low, high


def _digest(picture: images.Picture) -> bytes:
    """A hash of size, pixels and alpha."""
    digest = hashlib.blake2b(repr((len(picture.pixels), picture.size)).encode(), digest_size=16)
    for plane in (picture.pixels, picture.alpha):
        digest.update(b"" if plane is None else np.ascontiguousarray(plane).tobytes())
    return digest.digest()


def _with_full_digests(summaries: list[_Summary]) -> list[_Summary]:
    """The digests of all pixels for images read at a reduced scale that agree with another in size and 64 bits."""
    full: dict[Path, bytes] = {}
    for group in _group_by(summaries, lambda s: (s.size, s.gradient_bits)):
        if len(group) > 1:
            full |= {s.file: _digest(images.read(s.file, managed=True)) for s in group if s.reduction > 1 and _fits(s)}
    return [replace(s, digest=full.get(s.file, s.digest)) for s in summaries]


def _fits(summary: _Summary) -> bool:
    """Whether a file may be decoded as a whole; larger ones are compared by what was read of them."""
    return summary.size[0] * summary.size[1] <= images.LARGE


def _group_by(summaries: list[_Summary], key: Callable[[_Summary], Any]) -> list[list[_Summary]]:
    groups: defaultdict[Any, list[_Summary]] = defaultdict(list)
    for summary in summaries:
        groups[key(summary)].append(summary)
    return list(groups.values())


def _count_parts(group: list[_Summary]) -> int:
    """The number of different parts (training or test of a domain) that images come from."""
    return len({(s.domain, s.part) for s in group})


def _near_leaks(summaries: list[_Summary]) -> Iterator[tuple[str, str]]:
    """Pairs from different parts with the same 64 bits and nearly the same thumbnail, but not the same pixels.

    Images without contrast all have the same bits and are left out.
    """
    groups = _group_by(summaries, lambda s: (s.digest, s.domain, s.part))
    distinct = [group[0] for group in groups if not group[0].has_no_contrast]
    for group in _group_by(distinct, lambda s: s.gradient_bits):
        if _count_parts(group) < 2:
            continue
        for a, b in combinations(group, 2):
            if a.digest == b.digest or (a.domain, a.part) == (b.domain, b.part):
                continue
            if np.abs(a.thumbnail.astype(np.int16) - b.thumbnail).mean() < NEAR * 255:
                yield a.path, b.path


def _domain_report(
    domains: Domains,
    index: int,
    summaries: list[_Summary],
    errors: list[str],
    values: Values | None,
    values_error: str | None,
) -> DomainReport:
    train, test = ((domains.train_a, domains.test_a), (domains.train_b, domains.test_b))[index]
    own = [s for s in summaries if s.domain == index]
    sizes = [s.size for s in own]
    return DomainReport(
        name=(domains.name_a, domains.name_b)[index],
        train=len(train),
        test=len(test),
        readable=len(own),
        width=_span([w for w, _ in sizes]),
        height=_span([h for _, h in sizes]),
        aspect=_span([round(w / h, 3) for w, h in sizes]),
        kinds=dict(Counter(s.kind for s in own).most_common()),
        first_error=next(iter(errors), None),
        values=None if values is None or values.is_plain else values.to_dict(),
        values_line="" if values is None or values.is_plain else _values_line(values, own),
        values_error=values_error,
    )


def _values_line(values: Values, own: list[_Summary]) -> str:
    """The range of a domain, what its values reach, and how many bits that is."""
    spans = [s.span for s in own if s.span is not None]
    if not spans:
        return values.describe()
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    reached = f"files reach {low:g} to {high:g}"
    kind = np.dtype(values.number_type)
    if kind.kind in "ui":
        bits = int(np.ceil(np.log2(max(1.0, high - min(low, 0.0)) + 1)))
        reached += f": {bits} of {8 * kind.itemsize} bits"
    return f"{values.describe()} ({reached})"


def _span(values: list[Any]) -> tuple[float, float, float]:
    return (min(values), median(values), max(values)) if values else (0, 0, 0)
