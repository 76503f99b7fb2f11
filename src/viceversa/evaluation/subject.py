"""A run under judgement: its test pictures, and what its networks make."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from .. import images
from ..data.folders import Paths
from ..errors import DataError, ModelFileError
from ..methods import make
from ..methods.cyclegan import CycleGANConfig
from ..methods.gan import GAN, GANConfig
from ..methods.pix2pix import Pix2PixConfig
from ..methods.wgan import WGAN, WGANConfig
from ..runs import checkpoint
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..training import material
from ..translation.translator import Translator
from .extractors import FeatureNet, Features
from .features import Preparation
from .translations import Task

AT_ONCE = 64  # pictures from noise at a time


@dataclass(frozen=True)
class Subject:
    """A run with the pictures that it is judged by."""

    folder: RunFolder
    config: RunConfig
    names: tuple[str, ...]
    files: dict[str, Paths]  # as in data.json

    @property
    def translates(self) -> bool:
        return isinstance(self.config.method, CycleGANConfig | Pix2PixConfig)

    def preparation(self, side: str = "A") -> Preparation:
        """How pictures of a side become what the networks see."""
        c, d = self.config.method, self.config.data
        if isinstance(c, CycleGANConfig | Pix2PixConfig):
            return Preparation(size=d.size, fit=d.fit, channels=c.channels_a if side == "A" else c.channels_b)
        return Preparation(size=d.size, fit=d.fit, channels=c.channels)

    def tasks(self, translator: Translator) -> list[Task]:
        """Both ways, or the one that was learned."""
        return [self._task(side) for side, other in (("A", "B"), ("B", "A")) if other in translator.generators]

    def _task(self, side: str) -> Task:
        here, there = ("a", "b") if side == "A" else ("b", "a")
        source, target = self.names if side == "A" else self.names[::-1]
        test, truths = self.files.get(f"test_{here}", ()), self.files.get(f"truth_{here}", ())
        real, known = self.real(f"_{there}")
        return Task(
            side=side,
            source=source,
            target=target,
            paths=test or self.files.get(f"train_{here}", ()),
            truths=truths if test and len(truths) == len(test) else (),
            real=real,
            known=known,
            training=not test,
        )

    def real(self, suffix: str = "") -> tuple[Paths, Paths]:
        """Real pictures to compare with, and others for the floor: test and training, or two halves of the training."""
        test, train = self.files.get(f"test{suffix}", ()), self.files.get(f"train{suffix}", ())
        return (test, train) if test else (train[::2], train[1::2])


def subject(run: Path | str, data: Path | str | None = None, other: Path | str | None = None) -> Subject:
    """A run and the pictures of its data.json, or the test pictures of another data set that is laid out for it.

    ModelFileError for what is no run or makes no pictures, DataError for pictures that are gone.
    """
    folder = RunFolder(run).require()
    config, found = folder.config(), folder.data()
    if not isinstance(config.method, CycleGANConfig | Pix2PixConfig | GANConfig | WGANConfig):
        raise ModelFileError(f"{folder.path} is a run of preset {config.preset}, which makes no pictures to evaluate")
    own = {key: tuple(Path(p) for p in paths) for key, paths in found["files"].items()}
    if data is not None:
        place = replace(config.data, source=str(data), other=str(other) if other else None, names=None)
        elsewhere = material.find(replace(config, data=place)).files
        trained = {key: paths for key, paths in own.items() if key.startswith("train") and there(paths)}
        return Subject(folder, config, tuple(found["names"]), {**elsewhere, **trained})
    for paths in own.values():
        if paths and not there(paths):
            raise DataError(f"the pictures of {folder.path} are no longer in {paths[0].parent}; name them with --data")
    return Subject(folder, config, tuple(found["names"]), own)


def there(paths: Paths) -> bool:
    """Whether any of the files still exists."""
    return any(Path(images.file_of(p)[0]).exists() for p in paths)


def generated(subject: Subject, path: Path, count: int, extractor: FeatureNet, seed: int = 0) -> Features:
    """Features of `count` pictures that a GAN's checkpoint makes from noise; averaged weights where it has them."""
    method = make(subject.config.method, size=subject.config.data.size, classes=0)
    assert isinstance(method, GAN | WGAN)
    checkpoint.load(path, method, grown=bool(subject.folder.treatments()))
    z = torch.randn(count, method.latent, generator=torch.Generator().manual_seed(seed))
    return np.concatenate([extractor(method.preview(part)["fake"].numpy()) for part in torch.split(z, AT_ONCE)])
