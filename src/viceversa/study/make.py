"""Write a study folder: translate or collect pictures, make them alike in all but what they show, and deal them out."""

import io
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import files, images
from ..errors import DataError, UsageError, did_you_mean
from .folder import Kind, Pool, Shown, Study, StudyFolder, require_count
from .sources import Read, Source, find_sources

Pixels = NDArray[np.uint8]
Tell = Callable[[str], None]
KINDS: tuple[Kind, ...] = ("real-or-fake", "preference")
QUESTIONS = {"real-or-fake": "Which picture is real?", "preference": "Which picture do you like better?"}
LONGEST_QUESTION = 200  # characters
LARGEST_POOL = 400  # pictures of one kind; from more, so many are taken at random
TILES = 8  # along a side of a destroyed picture
Counts = tuple[int, int, int]  # trials that count, practice, sentinels
REAL = ""  # names the real pictures (or the inputs) among the algorithms


@dataclass
class Draft:
    """A study in the making: its picture files lie in `folder` and are found by no server yet."""

    folder: StudyFolder
    size: int
    detail: int

    def add(self, pixels: Pixels, scene: str) -> Shown:
        """Write a picture as `size` px PNG with no more detail than all others, under a name that says nothing."""
        x: NDArray[np.float32] = images.from_uint8(pixels)
        for side in (min(self.detail, x.shape[1]), self.size):
            x = x if side == x.shape[1] else images.resize(x, (side, side))
        buffer = io.BytesIO()
        images.to_pil(x).save(buffer, "PNG")
        shown = Shown(secrets.token_hex(12), scene)
        files.write_new(self.folder.pictures / f"{shown.token}.png", buffer.getvalue())
        return shown


def make(
    study: Path | str,
    *sources: Path | str,
    to: str | None = None,
    real: Path | str | None = None,
    kind: str = "real-or-fake",
    trials: int = 40,
    practice: int = 10,
    sentinels: int = 4,
    size: int = 256,
    seed: int = 0,
    names: Sequence[str] | None = None,
    question: str | None = None,
    device: str = "auto",
    on_progress: Tell = lambda line: None,
) -> Study:
    """Write a study of one or more algorithms: run folders (their test pictures are translated `to` a domain) or
    folders of pictures that any tool made.

    `real` holds real pictures of the target domain (for runs: their own test pictures); in a preference study the
    pictures that were translated, found by name. UsageError for what contradicts itself, DataError for pictures that
    are missing or too few.
    """
    asked = _checked(kind, question, trials, practice, sentinels, size, seed)
    folder = StudyFolder(Path(study).resolve())
    if folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
        raise UsageError(f"{study} exists already and may hold answers; choose another folder for the study")
    found, others = find_sources(sources, names, to, real, asked, device)
    rng = np.random.default_rng(seed)
    notes: list[str] = []
    counts = (trials, practice, sentinels)
    chosen = _choose(found, others, asked, counts, rng, notes)
    pixels = _read(found, others, chosen, size, notes, on_progress)
    lists = _lists(pixels, asked, counts)
    detail = int(min(np.median([p.shape[1] for p in group.values()]) for group in pixels.values()))
    if detail < size:
        notes.append(f"pictures are shown with {detail} px of detail, the least of all kinds, enlarged to {size} px")
    draft = Draft(StudyFolder(folder.path.with_name(f"{folder.path.name}.tmp")), size, detail)
    if draft.folder.path.exists():
        files.remove_folder(draft.folder.path)
    files.make_folder(draft.folder.pictures)
    files.require_space(draft.folder.path, sum(map(len, pixels.values())) * size * size * 3)
    pools = _write(draft, pixels, lists, asked, rng)
    made = Study(
        kind=asked, question=question or QUESTIONS[asked], trials=trials, practice=practice, sentinels=sentinels,
        size=size, detail=min(detail, size), seed=seed, names=tuple(s.name for s in found),
        sources=tuple(s.told for s in found), notes=tuple(notes), **pools,
    )  # fmt: skip
    draft.folder.write(made)
    files.sync(draft.folder.pictures)
    files.publish_folder(draft.folder.path, folder.path)
    return made


def _checked(kind: str, question: str | None, trials: int, practice: int, sentinels: int, size: int, seed: int) -> Kind:
    found: Kind | None = next((k for k in KINDS if k == kind), None)
    if found is None:
        raise UsageError(f"--kind '{kind}': choose {' or '.join(KINDS)}.{did_you_mean(kind, KINDS)}")
    require_count("trials", trials, 2, 1000)
    require_count("practice", practice, 0, 100)
    require_count("sentinels", sentinels, 0, 100)
    require_count("size", size, 16, 1024)
    require_count("seed", seed, 0, 2**63 - 1)
    if question is not None and not 0 < len(question.strip()) <= LONGEST_QUESTION:
        raise UsageError(f"--question has {len(question.strip())} characters; write 1 to {LONGEST_QUESTION}")
    return found


def _choose(
    found: Sequence[Source],
    others: Source | None,
    kind: Kind,
    counts: Counts,
    rng: np.random.Generator,
    notes: list[str],
) -> dict[str, list[str]]:
    """The scenes to read by algorithm, in the order in which they are dealt out; REAL for the real ones or inputs.

    All algorithms get the same scenes in the same order where they have enough in common.
    """
    common = set.intersection(*(set(s.scenes) for s in found))
    if kind == "preference":
        common &= set(others.scenes) if others else common
        _require(len(common), counts, "pictures that all of them have under the same name")
        order = _shuffled(common, rng)
        return {s.name: order for s in found} | ({REAL: order} if others else {})
    for source in (*found, others):
        if source is not None:
            _require(len(source.scenes), counts, f"pictures in {source.told}")
    order = _shuffled(common, rng) if len(common) >= sum(counts) else []
    if not order:
        notes.append(
            "the algorithms translated different pictures, so that part of their difference may be the pictures'"
        )
    assert others is not None
    return {s.name: order or _shuffled(s.scenes, rng) for s in found} | {REAL: _shuffled(others.scenes, rng)}


def _shuffled(scenes: Mapping[str, object] | set[str], rng: np.random.Generator) -> list[str]:
    listed = sorted(scenes)
    return [listed[i] for i in rng.permutation(len(listed))]


def _require(have: int, counts: Counts, what: str) -> None:
    """No picture comes twice in a session, so there must be one for every trial."""
    needed = sum(counts)
    if have < needed:
        practice, sentinels = (n * have // needed for n in counts[1:])
        trials = have - practice - sentinels
        fits = f"; --trials {trials} --practice {practice} --sentinels {sentinels} would do" if trials > 1 else ""
        raise DataError(
            f"{needed} {what} are needed, one for every trial of a session, and there are {have}; give more{fits}"
        )


def _read(
    found: Sequence[Source],
    others: Source | None,
    chosen: Mapping[str, list[str]],
    size: int,
    notes: list[str],
    tell: Tell,
) -> dict[str, dict[str, Pixels]]:
    """Up to LARGEST_POOL squares (3, s, s) with s <= size of every kind; what cannot be read is left out and noted."""
    result: dict[str, dict[str, Pixels]] = {}
    for source in (*found, others):
        if source is not None:
            name = REAL if source is others else source.name
            readable = _readable(source.read(), chosen[name], size, notes)
            result[name] = {}
            for scene, pixels in islice(readable, LARGEST_POOL):
                result[name][scene] = pixels
                tell(f"{source.told}: picture {len(result[name])} of {min(LARGEST_POOL, len(chosen[name]))}")
    return result


def _readable(read: Read, scenes: Sequence[str], size: int, notes: list[str]) -> Iterator[tuple[str, Pixels]]:
    for scene in scenes:
        try:
            yield scene, squared(read(scene), size)
        except DataError as e:
            notes.append(f"left out: {e}")


def squared(pixels: NDArray[np.float32], size: int) -> Pixels:
    """The middle square of (3, H, W) in [-1, 1], reduced to at most `size` px. (3, s, s) uint8."""
    _, h, w = pixels.shape
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    square = pixels[:, top : top + side, left : left + side]
    return images.to_uint8(square if side <= size else images.resize(square, (size, size)))


def spoiled(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A picture destroyed beyond doubt: tiles exchanged, colours drowned in noise."""
    _, side, _ = pixels.shape
    edge = -(-side // TILES)
    padded = np.pad(pixels, ((0, 0), (0, edge * TILES - side), (0, edge * TILES - side)), mode="edge")
    tiles = padded.reshape(3, TILES, edge, TILES, edge).transpose(1, 3, 0, 2, 4).reshape(TILES**2, 3, edge, edge)
    mixed = tiles[rng.permutation(TILES**2)].reshape(TILES, TILES, 3, edge, edge).transpose(2, 0, 3, 1, 4)
    noisy = mixed.reshape(padded.shape)[:, :side, :side] * 0.4 + 76 + rng.normal(0, 60, pixels.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


Lists = dict[str, dict[str, list[str]]]  # part of a session -> kind of picture -> scenes


def _lists(pixels: Mapping[str, Mapping[str, Pixels]], kind: Kind, counts: Counts) -> Lists:
    """Which scenes are for practice, for sentinels, and for what counts; the same for everyone, none in two parts."""
    _, practice, sentinels = counts
    made = [set(scenes) for name, scenes in pixels.items() if name != REAL or kind == "preference"]
    together = set.intersection(*made)
    parts: Lists = {"practised": {}, "watched": {}, "scored": {}}
    for name, scenes in pixels.items():
        shared = kind == "preference" or (name != REAL and len(together) >= sum(counts))
        order = [scene for scene in scenes if not shared or scene in together]
        _require(len(order), counts, "readable pictures of each kind")
        parts["practised"][name] = order[:practice]
        parts["watched"][name] = order[practice : practice + sentinels]
        parts["scored"][name] = order[practice + sentinels :]
    if kind == "real-or-fake":
        for part in parts.values():
            _no_lone_pair(part, parts["scored"][REAL])
    return parts


def _no_lone_pair(part: dict[str, list[str]], spare: list[str]) -> None:
    """A part of one pair cannot be rearranged by `protocol.apart`; give it a real picture of another scene."""
    real = part[REAL]
    if len(real) == 1:
        mine = {scenes[0] for name, scenes in part.items() if name != REAL}
        other = next((i for i, scene in enumerate(spare) if scene not in mine), None)
        if real[0] in mine and other is not None:
            real[0], spare[other] = spare[other], real[0]


def _write(
    draft: Draft, pixels: Mapping[str, Mapping[str, Pixels]], lists: Lists, kind: Kind, rng: np.random.Generator
) -> dict[str, Pool]:
    """Every picture that is shown as a file, and the pools that name them. Spoiled ones only for sentinels."""
    pools = {}
    for part, scenes in lists.items():
        real = tuple(draft.add(pixels[REAL][s], s) for s in scenes.get(REAL, []))
        algorithms = {name: listed for name, listed in scenes.items() if name != REAL}
        whole = part != "watched" or kind == "preference"
        pools[part] = Pool(
            real=real,
            made={n: tuple(draft.add(pixels[n][s], s) for s in listed) for n, listed in algorithms.items() if whole},
            spoiled={
                n: tuple(draft.add(spoiled(pixels[n][s], rng), s) for s in listed)
                for n, listed in algorithms.items()
                if part == "watched"
            },
        )
    return pools
