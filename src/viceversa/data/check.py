"""Read every picture of two domains once and say what is there and what is wrong."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import images
from .folders import Domains, find_domains

NEAR = 4 / 255  # mean difference in [0, 1] of two thumbnails that count as the same picture
BEARABLE = 0.01  # share of unreadable pictures above which a data set is not fit for use


@dataclass(frozen=True, kw_only=True)
class DomainReport:
    """What one domain holds; sizes are (min, median, max) in pixels, aspect is width / height."""

    name: str
    train: int
    test: int
    readable: int
    width: tuple[float, float, float] = (0, 0, 0)
    height: tuple[float, float, float] = (0, 0, 0)
    aspect: tuple[float, float, float] = (0, 0, 0)
    kinds: dict[str, int] = field(default_factory=dict)  # "RGB uint8 PNG": how many

    def line(self) -> str:
        """Counts, kinds and sizes in words."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items()) or "none readable"
        spans = (("width", self.width), ("height", self.height), ("aspect", self.aspect))
        sizes = ", ".join(f"{name} {low:g} to {high:g} (median {mid:g})" for name, (low, mid, high) in spans)
        return f"{self.name}: {self.train} training and {self.test} test pictures, {kinds}; {sizes}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings of `check`, as paths."""

    domains: tuple[DomainReport, DomainReport]
    broken: tuple[tuple[str, str], ...] = ()  # path, reason
    leaks: tuple[tuple[str, ...], ...] = ()  # same pixels in both domains, or in training and test
    near_leaks: tuple[tuple[str, str], ...] = ()  # same to the eye (another size or compression), to be looked at
    duplicates: tuple[tuple[str, ...], ...] = ()  # same pixels twice in one part of one domain
    near_constant: tuple[str, ...] = ()  # no contrast: instance normalisation divides by nothing
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """False when a domain is empty, or more than 1 % of the pictures are broken or leak."""
        total = sum(d.train + d.test for d in self.domains)
        return all(d.readable for d in self.domains) and max(len(self.broken), len(self.leaks)) <= max(
            1, BEARABLE * total
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"ok": self.ok, **asdict(self)}

    def lines(self, most: int = 5) -> list[str]:
        """For people, worst first; at most `most` examples of each finding."""
        lines = [f"{d.name}: not one readable picture" for d in self.domains if not d.readable]
        for title, found in self._findings():
            if found:
                lines += [f"{title}: {len(found)}", *(f"  {item}" for item in found[:most])]
                lines += [f"  … and {len(found) - most} more"] * (len(found) > most)
        verdict = "fit for training" if self.ok else "not fit for training as it is"
        return [*lines, *(d.line() for d in self.domains), *self.notes, verdict]

    def _findings(self) -> list[tuple[str, list[str]]]:
        return [
            ("broken", [f"{path}: {reason}" for path, reason in self.broken]),
            ("same pixels in both domains or in training and test", [" = ".join(group) for group in self.leaks]),
            ("no contrast", list(self.near_constant)),
            ("nearly the same in both domains or in training and test", [" ~ ".join(p) for p in self.near_leaks]),
            ("same pixels twice", [" = ".join(group) for group in self.duplicates]),
        ]


@dataclass(frozen=True)
class _Seen:
    """What is kept of a picture."""

    path: str
    domain: int
    part: str
    size: tuple[int, int]
    kind: str
    pixels: bytes  # hash of all pixels
    look: int  # 64 bits: which of two neighbours is brighter
    thumbnail: npt.NDArray[np.uint8]  # (8, 8, 3)
    flat: bool


def check(
    data: str | os.PathLike[str] | Domains,
    other: str | os.PathLike[str] | None = None,
    *,
    names: tuple[str, str] | None = None,
    near_constant: float = 2 / 255,
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Read all pictures of `find_domains(data, other, names)` once, keeping 200 bytes of each.

    A picture whose pixels in [-1, 1] have a standard deviation below `near_constant` has no contrast.
    """
    domains = data if isinstance(data, Domains) else find_domains(data, other, names)
    files = list(_files(domains))
    seen: list[_Seen] = []
    broken: list[tuple[str, str]] = []
    for done, (path, domain, part) in enumerate(files, 1):
        try:
            seen.append(_look(images.read(path), images.printable(path), domain, part, near_constant))
        except images.ImageError as error:
            broken.append((images.printable(path), error.reason))
        if on_progress:
            on_progress(done, len(files))
    same = [group for group in _by(seen, lambda s: s.pixels) if len(group) > 1]
    return Report(
        domains=(_summary(domains, 0, seen), _summary(domains, 1, seen)),
        broken=tuple(broken),
        leaks=tuple(tuple(s.path for s in group) for group in same if _places(group) > 1),
        near_leaks=tuple(_near(seen)),
        duplicates=tuple(
            tuple(s.path for s in place)
            for group in same
            for place in _by(group, lambda s: (s.domain, s.part))
            if len(place) > 1
        ),
        near_constant=tuple(s.path for s in seen if s.flat),
        notes=domains.notes,
    )


def _files(domains: Domains) -> Iterator[tuple[Path, int, str]]:
    for domain, train, test in ((0, domains.train_a, domains.test_a), (1, domains.train_b, domains.test_b)):
        yield from ((path, domain, "train") for path in train)
        yield from ((path, domain, "test") for path in test)


def _look(picture: images.Picture, path: str, domain: int, part: str, near_constant: float) -> _Seen:
    pixels = picture.pixels
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    for plane in (pixels, picture.alpha):
        digest.update(b"" if plane is None else np.ascontiguousarray(plane).tobytes())
    grey = images.resize(images.to_channels(pixels, 1), (8, 9))[0]
    bits = np.packbits(grey[:, 1:] > grey[:, :-1])
    thumbnail = images.to_uint8(images.resize(images.to_channels(pixels, 3), (8, 8)))
    model = {1: "grey", 3: "RGB"}[len(pixels)] + ("" if picture.alpha is None else " with alpha")
    return _Seen(
        path=path,
        domain=domain,
        part=part,
        size=(pixels.shape[2], pixels.shape[1]),
        kind=f"{model} {picture.depth} {picture.format}",
        pixels=digest.digest(),
        look=int.from_bytes(bits.tobytes(), "big"),
        thumbnail=thumbnail,
        flat=float(pixels.std(axis=(1, 2), dtype=np.float64).max()) < near_constant,
    )


def _by(seen: list[_Seen], key: Callable[[_Seen], Any]) -> list[list[_Seen]]:
    groups: defaultdict[Any, list[_Seen]] = defaultdict(list)
    for one in seen:
        groups[key(one)].append(one)
    return list(groups.values())


def _places(group: list[_Seen]) -> int:
    return len({(s.domain, s.part) for s in group})


def _near(seen: list[_Seen]) -> Iterator[tuple[str, str]]:
    """Pairs from different places with the same 64 bits and nearly the same thumbnail, but not the same pixels.

    Pictures without contrast all have the same bits and are left out.
    """
    unlike = [group[0] for group in _by(seen, lambda s: (s.pixels, s.domain, s.part)) if not group[0].flat]
    for group in _by(unlike, lambda s: s.look):
        if _places(group) < 2:
            continue
        for a, b in combinations(group, 2):
            if a.pixels == b.pixels or (a.domain, a.part) == (b.domain, b.part):
                continue
            if np.abs(a.thumbnail.astype(np.int16) - b.thumbnail).mean() < NEAR * 255:
                yield a.path, b.path


def _summary(domains: Domains, index: int, seen: list[_Seen]) -> DomainReport:
    train, test = ((domains.train_a, domains.test_a), (domains.train_b, domains.test_b))[index]
    mine = [s for s in seen if s.domain == index]
    sizes = [s.size for s in mine]
    return DomainReport(
        name=(domains.name_a, domains.name_b)[index],
        train=len(train),
        test=len(test),
        readable=len(mine),
        width=_span([w for w, _ in sizes]),
        height=_span([h for _, h in sizes]),
        aspect=_span([round(w / h, 3) for w, h in sizes]),
        kinds=dict(Counter(s.kind for s in mine).most_common()),
    )


def _span(values: list[Any]) -> tuple[float, float, float]:
    return (min(values), median(values), max(values)) if values else (0, 0, 0)
