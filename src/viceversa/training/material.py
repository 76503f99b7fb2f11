"""What a method trains on, whatever its kind: two domains, pairs, classes, or pictures of one kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import distributed
from ..data.augment import Augment
from ..data.folders import Domains, Paths, find_domains
from ..data.labels import Palette, palette_for, shows_labels
from ..data.layouts import find_classes, find_pairs, find_pictures, swapped
from ..data.loader import Labelled, Paired, PairedNumbers, Single, Source, Unpaired
from ..data.transforms import label_reader, reader
from ..errors import DataError, UsageError
from ..methods import Method
from ..methods.classifier import Classifier, ClassifierConfig
from ..methods.cyclegan import CycleGAN, CycleGANConfig
from ..methods.gan import GAN
from ..methods.pix2pix import Pix2Pix, Pix2PixConfig
from ..methods.segmenter import Segmenter, SegmenterConfig
from ..methods.wgan import WGAN, WGANConfig
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..worlds.scenes import LABEL_PICTURES
from .pixel_examination import PixelExamination
from .resolve import parse_names
from .samples import CycleSheet, Examination, NoiseSheet, PairSheet


@dataclass(frozen=True, kw_only=True)
class Material:
    """Names of domains or classes, and lists of files: those of data.json."""

    names: tuple[str, ...]
    files: dict[str, Paths]  # "train_a": ..., or "train": ...
    labels: dict[str, tuple[int, ...]]  # "train" and "test": class of each file, for a classifier
    notes: tuple[str, ...]
    palette: Palette | None = None  # of the label pictures that a segmenter learns from
    domain: str = ""  # what its pictures show

    def told(self) -> str:
        """Names and counts in words."""
        if "train_a" in self.files:
            a, b = self.names
            return f"{a} ({len(self.files['train_a'])}) and {b} ({len(self.files['train_b'])})"
        if self.labels or self.palette:
            return f"pictures ({len(self.files['train'])}), {len(self.names)} classes"
        return f"{self.names[0]} ({len(self.files['train'])})"


def subject(config: RunConfig, names: Sequence[str]) -> str:
    """What a run is about in a few words: both domains, one way or two, or its pictures."""
    if isinstance(config.method, CycleGANConfig | Pix2PixConfig):
        return (" <-> " if isinstance(config.method, CycleGANConfig) else " -> ").join(names)
    return names[0] if len(names) == 1 else f"{Path(config.data.source).name}, {len(names)} classes"


def find(config: RunConfig) -> Material:
    """The files that a configuration names; DataError and UsageError for what is missing."""
    d, method = config.data, config.method
    if isinstance(method, CycleGANConfig | Pix2PixConfig):
        look = find_domains if isinstance(method, CycleGANConfig) else find_pairs
        found = look(d.source, d.other, parse_names(d.names))
        return of_domains(swapped(found) if d.swap else found)
    if isinstance(method, SegmenterConfig):
        return of_labels(find_pairs(d.source, d.other, parse_names(d.names)), d.swap)
    if d.other is not None:
        raise UsageError(f"preset {config.preset} takes one folder of pictures, not two; leave out {d.other}")
    if d.names or d.swap:
        raise UsageError(
            f"preset {config.preset} has no two domains; leave out {'--names' if d.names else 'data.swap'}"
        )
    if isinstance(method, ClassifierConfig):
        c = find_classes(d.source)
        labels = {"train": c.train_labels, "test": c.test_labels}
        return Material(names=c.names, files={"train": c.train, "test": c.test}, labels=labels, notes=c.notes)
    p = find_pictures(d.source)
    return Material(names=(p.name,), files={"train": p.train, "test": p.test}, labels={}, notes=p.notes)


def of_domains(d: Domains) -> Material:
    """Two domains as material."""
    files = {
        "train_a": d.train_a, "train_b": d.train_b, "test_a": d.test_a, "test_b": d.test_b,
        "truth_a": d.truth_a, "truth_b": d.truth_b,
    }  # fmt: skip
    return Material(names=(d.name_a, d.name_b), files=files, labels={}, notes=d.notes)


def of_labels(d: Domains, swap: bool) -> Material:
    """Pairs as pictures and label pictures, with the palette of the latter."""
    d = swapped(d) if label_side(d, swap) == "a" else d
    palette = palette_for(d.train_b[0].parent, d.train_b)
    if len(palette.names) < 2:
        raise DataError(
            f"the label pictures in {d.train_b[0].parent} hold one colour, so there is nothing to tell apart"
        )
    files = {"train": d.train_a, "train_labels": d.train_b, "test": d.test_a, "test_labels": d.truth_a}
    notes = (*d.notes, f"{d.name_a} are the pictures, {d.name_b} their labels")
    return Material(names=palette.names, files=files, labels={}, notes=notes, palette=palette, domain=d.name_a)


def label_side(d: Domains, swap: bool) -> str:
    """ "a" or "b": the domain named labels; A when swapped; else the one that shows few colours."""
    named = [side for side, name in (("a", d.name_a), ("b", d.name_b)) if name.casefold() == LABEL_PICTURES]
    if named:
        return named[0]
    if swap:
        return "a"
    found = [side for side, pictures in (("a", d.train_a), ("b", d.train_b)) if shows_labels(pictures[:8])]
    if len(found) != 1:
        both = "both" if found else "neither"
        raise DataError(
            f"{both} of {d.name_a} and {d.name_b} look{'s' * (not found)} like label pictures of few colours; say "
            "which are: --names pictures,labels or --names labels,pictures"
        )
    return found[0]


def source(config: RunConfig, found: Material) -> Source:
    """The batches that its method learns from."""
    c, d, files = config.method, config.data, found.files
    common: dict[str, Any] = dict(batch=config.train.batch, seed=config.train.seed)
    common |= dict(room=d.cache_mb * 10**6, scratch=d.scratch_mb * 10**6)
    augment = Augment(d.size, d.flip, d.zoom)
    if isinstance(c, CycleGANConfig | Pix2PixConfig):
        read = reader(d.load_size, d.fit, c.channels_a), reader(d.load_size, d.fit, c.channels_b)
        kind = Unpaired if isinstance(c, CycleGANConfig) else Paired
        return kind(files["train_a"], files["train_b"], read, augment, **common)
    if isinstance(c, WGANConfig) and config.train.batch % (c.critic_turns * distributed.world()):
        shares = c.critic_turns * distributed.world()
        raise UsageError(f"train.batch is {config.train.batch}; the critic's turns need a multiple of {shares}")
    one = reader(d.load_size, d.fit, c.channels)
    if isinstance(c, SegmenterConfig):
        assert found.palette is not None
        read = one, label_reader(d.load_size, d.fit, found.palette)
        return PairedNumbers(files["train"], files["train_labels"], read, augment, **common)
    if isinstance(c, ClassifierConfig):
        return Labelled(files["train"], found.labels["train"], one, augment, **common)
    return Single(files["train"], one, augment, **common)


def sampler(config: RunConfig, found: Material, run: RunFolder, device: str, method: Method) -> Callable[[int], None]:
    """What to look at after so many steps: fixed pictures, fixed noise, or the test set."""
    match method:
        case CycleGAN():
            return CycleSheet(found.files, config, run, device, method)
        case Pix2Pix():
            return PairSheet(found.files, config, run, device, method)
        case GAN() | WGAN():
            return NoiseSheet(config, run, device, method)
        case Segmenter():
            assert found.palette is not None
            return PixelExamination(found.files, found.palette, config, run, device, method)
        case Classifier():
            return Examination(found.files["test"], found.labels["test"], config, run, device, method)
