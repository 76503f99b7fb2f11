"""Write a study folder: translate or collect pictures, bring them to one form, assign them to parts of a session."""

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
from .folder import Kind, Pool, Study, StudyFolder, StudyPicture, require_count
from .sources import Read, Source, find_sources

Pixels = NDArray[np.uint8]
KINDS: tuple[Kind, ...] = ("real-or-fake", "preference")
QUESTIONS = {"real-or-fake": "Which picture is real?", "preference": "Which picture do you like better?"}
MAX_QUESTION = 200  # characters
MAX_POOL = 400  # pictures of one kind; of more, so many are taken at random
TILES = 8  # along a side of a destroyed picture
REAL = ""  # stands for the real pictures (or the inputs) among the names of the algorithms

Counts = tuple[int, int, int]  # scored trials, practice, sentinels
Pictures = dict[str, dict[str, Pixels]]  # algorithm or REAL -> scene -> pixels
Parts = dict[str, dict[str, list[str]]]  # pool of the study -> algorithm or REAL -> scenes


@dataclass
class Draft:
    """A study that is being written into a temporary `folder`, which no server can find yet."""

    folder: StudyFolder
    size: int
    detail: int

    def add(self, pixels: Pixels, scene: str) -> StudyPicture:
        """Write a picture as PNG of `size` px, with no more detail than all others, under a random name."""
        x: NDArray[np.float32] = images.from_uint8(pixels)
        for side in (min(self.detail, x.shape[1]), self.size):
            if side != x.shape[1]:
                x = images.resize(x, (side, side))
        buffer = io.BytesIO()
        images.to_pil(x).save(buffer, "PNG")

        picture = StudyPicture(secrets.token_hex(12), scene)
        files.write_new(self.folder.pictures / f"{picture.token}.png", buffer.getvalue())
        return picture


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
    on_progress: Callable[[str], None] = lambda line: None,
) -> Study:
    """Write a study of one or more algorithms: run folders (their test pictures are translated `to` a domain) or
    folders of pictures that any tool made.

    `real` holds real pictures of the target domain (for runs: their own test pictures); in a preference study the
    pictures that were translated, found by name. UsageError for contradictory options, DataError for pictures that
    are missing or too few.
    """
    valid_kind = _check_options(kind, question, trials, practice, sentinels, size, seed)
    folder = StudyFolder(Path(study).resolve())
    if folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
        raise UsageError(f"{study} exists already and may hold answers; choose another folder for the study")

    algorithms, reference = find_sources(sources, names, to, real, valid_kind, device)
    rng = np.random.default_rng(seed)
    notes: list[str] = []
    counts = (trials, practice, sentinels)
    scenes = _choose_scenes(algorithms, reference, valid_kind, counts, rng, notes)
    pictures = _read(algorithms, reference, scenes, size, notes, on_progress)
    parts = _assign_parts(pictures, valid_kind, counts)

    detail = int(min(np.median([p.shape[1] for p in group.values()]) for group in pictures.values()))
    if detail < size:
        notes.append(f"pictures are shown with {detail} px of detail, the least of all kinds, enlarged to {size} px")

    draft = Draft(StudyFolder(folder.path.with_name(f"{folder.path.name}.tmp")), size, detail)
    if draft.folder.path.exists():
        files.remove_folder(draft.folder.path)
    files.make_folder(draft.folder.pictures)
    files.require_space(draft.folder.path, sum(map(len, pictures.values())) * size * size * 3)

    result = Study(
        kind=valid_kind,
        question=question or QUESTIONS[valid_kind],
        trials=trials,
        practice=practice,
        sentinels=sentinels,
        size=size,
        detail=min(detail, size),
        seed=seed,
        names=tuple(s.name for s in algorithms),
        sources=tuple(s.origin for s in algorithms),
        notes=tuple(notes),
        **_write_pictures(draft, pictures, parts, valid_kind, rng),
    )
    draft.folder.write(result)
    files.sync(draft.folder.pictures)
    files.publish_folder(draft.folder.path, folder.path)
    return result


def _check_options(
    kind: str, question: str | None, trials: int, practice: int, sentinels: int, size: int, seed: int
) -> Kind:
    """The kind of study; UsageError for an option out of its range."""
    valid_kind: Kind | None = next((k for k in KINDS if k == kind), None)
    if valid_kind is None:
        raise UsageError(f"--kind '{kind}': choose {' or '.join(KINDS)}.{did_you_mean(kind, KINDS)}")
    require_count("trials", trials, 2, 1000)
    require_count("practice", practice, 0, 100)
    require_count("sentinels", sentinels, 0, 100)
    require_count("size", size, 16, 1024)
    require_count("seed", seed, 0, 2**63 - 1)
    if question is not None and not 0 < len(question.strip()) <= MAX_QUESTION:
        raise UsageError(f"--question has {len(question.strip())} characters; write 1 to {MAX_QUESTION}")
    return valid_kind


def _choose_scenes(
    algorithms: Sequence[Source],
    reference: Source | None,
    kind: Kind,
    counts: Counts,
    rng: np.random.Generator,
    notes: list[str],
) -> dict[str, list[str]]:
    """The scenes to read by algorithm, in the order in which they are assigned; REAL for the real ones or inputs.

    All algorithms get the same scenes in the same order where they have enough in common.
    """
    common = set.intersection(*(set(s.scenes) for s in algorithms))
    if kind == "preference":
        if reference:
            common &= set(reference.scenes)
        _require_enough(len(common), counts, "pictures that all of them have under the same name")
        order = _shuffle(common, rng)
        scenes = {s.name: order for s in algorithms}
        return scenes | {REAL: order} if reference else scenes

    assert reference is not None
    for source in (*algorithms, reference):
        _require_enough(len(source.scenes), counts, f"pictures in {source.origin}")

    if len(common) >= sum(counts):
        order = _shuffle(common, rng)
        scenes = {s.name: order for s in algorithms}
    else:
        notes.append(
            "the algorithms translated different pictures, so that part of their difference may be the pictures'"
        )
        scenes = {s.name: _shuffle(s.scenes, rng) for s in algorithms}
    return scenes | {REAL: _shuffle(reference.scenes, rng)}


def _shuffle(scenes: Mapping[str, object] | set[str], rng: np.random.Generator) -> list[str]:
    ordered = sorted(scenes)
    return [ordered[i] for i in rng.permutation(len(ordered))]


def _require_enough(available: int, counts: Counts, what: str) -> None:
    """Raise DataError unless there is a picture for every trial, since none comes twice in a session."""
    needed = sum(counts)
    if available >= needed:
        return
    practice, sentinels = (n * available // needed for n in counts[1:])
    trials = available - practice - sentinels
    fits = f"; --trials {trials} --practice {practice} --sentinels {sentinels} would do" if trials > 1 else ""
    raise DataError(
        f"{needed} {what} are needed, one for every trial of a session, and there are {available}; give more{fits}"
    )


def _read(
    algorithms: Sequence[Source],
    reference: Source | None,
    scenes: Mapping[str, list[str]],
    size: int,
    notes: list[str],
    on_progress: Callable[[str], None],
) -> Pictures:
    """Up to MAX_POOL squares (3, s, s) with s <= size of every kind; unreadable files are left out and noted."""
    sources = {source.name: source for source in algorithms}
    if reference is not None:
        sources[REAL] = reference

    pictures: Pictures = {}
    for name, source in sources.items():
        readable = _readable(source.read(), scenes[name], size, notes)
        pictures[name] = {}
        for scene, pixels in islice(readable, MAX_POOL):
            pictures[name][scene] = pixels
            on_progress(f"{source.origin}: picture {len(pictures[name])} of {min(MAX_POOL, len(scenes[name]))}")
    return pictures


def _readable(read: Read, scenes: Sequence[str], size: int, notes: list[str]) -> Iterator[tuple[str, Pixels]]:
    for scene in scenes:
        try:
            yield scene, crop_square(read(scene), size)
        except DataError as e:
            notes.append(f"left out: {e}")


def crop_square(pixels: NDArray[np.float32], size: int) -> Pixels:
    """The middle square of (3, H, W) in [-1, 1], reduced to at most `size` px: (3, s, s) uint8."""
    _, h, w = pixels.shape
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    square = pixels[:, top : top + side, left : left + side]
    if side > size:
        square = images.resize(square, (size, size))
    return images.to_uint8(square)


def destroy(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A picture (3, s, s) made unrecognisable: its tiles shuffled, its contrast reduced, noise added."""
    _, side, _ = pixels.shape
    edge = -(-side // TILES)
    padded = np.pad(pixels, ((0, 0), (0, edge * TILES - side), (0, edge * TILES - side)), mode="edge")
    tiles = padded.reshape(3, TILES, edge, TILES, edge).transpose(1, 3, 0, 2, 4).reshape(TILES**2, 3, edge, edge)
    shuffled = tiles[rng.permutation(TILES**2)].reshape(TILES, TILES, 3, edge, edge).transpose(2, 0, 3, 1, 4)
    noisy = shuffled.reshape(padded.shape)[:, :side, :side] * 0.4 + 76 + rng.normal(0, 60, pixels.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _assign_parts(pictures: Pictures, kind: Kind, counts: Counts) -> Parts:
    """The scenes of each pool, the same for everyone; no scene is in two pools."""
    _, practice, sentinels = counts
    generated = [set(scenes) for name, scenes in pictures.items() if name != REAL or kind == "preference"]
    common = set.intersection(*generated)

    parts: Parts = {"practice_pool": {}, "sentinel_pool": {}, "scored_pool": {}}
    for name, scenes in pictures.items():
        is_shared = kind == "preference" or (name != REAL and len(common) >= sum(counts))
        order = [scene for scene in scenes if not is_shared or scene in common]
        _require_enough(len(order), counts, "readable pictures of each kind")
        parts["practice_pool"][name] = order[:practice]
        parts["sentinel_pool"][name] = order[practice : practice + sentinels]
        parts["scored_pool"][name] = order[practice + sentinels :]

    if kind == "real-or-fake":
        for part in parts.values():
            _separate_single_pair(part, parts["scored_pool"][REAL])
    return parts


def _separate_single_pair(part: dict[str, list[str]], spare: list[str]) -> None:
    """Give a part of one pair a real picture of another scene: `protocol.separate_scenes` cannot rearrange it."""
    real = part[REAL]
    if len(real) != 1:
        return
    generated = {scenes[0] for name, scenes in part.items() if name != REAL}
    other = next((i for i, scene in enumerate(spare) if scene not in generated), None)
    if real[0] in generated and other is not None:
        real[0], spare[other] = spare[other], real[0]


def _write_pictures(
    draft: Draft, pictures: Pictures, parts: Parts, kind: Kind, rng: np.random.Generator
) -> dict[str, Pool]:
    """Write the file of every picture that is shown; the pools of the study. Destroyed ones are for sentinels only."""
    pools = {}
    for part, scenes in parts.items():
        real = tuple(draft.add(pictures[REAL][s], s) for s in scenes.get(REAL, []))
        algorithms = {name: chosen for name, chosen in scenes.items() if name != REAL}

        generated: dict[str, tuple[StudyPicture, ...]] = {}
        destroyed: dict[str, tuple[StudyPicture, ...]] = {}
        if part != "sentinel_pool" or kind == "preference":
            for name, chosen in algorithms.items():
                generated[name] = tuple(draft.add(pictures[name][s], s) for s in chosen)
        if part == "sentinel_pool":
            for name, chosen in algorithms.items():
                destroyed[name] = tuple(draft.add(destroy(pictures[name][s], rng), s) for s in chosen)
        pools[part] = Pool(real=real, generated=generated, destroyed=destroyed)
    return pools
