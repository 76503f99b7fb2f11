"""A run under judgement: its test pictures, and what its networks make."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from .. import images
from ..data.folders import Paths
from ..errors import DataError, ModelFileError
from ..methods import make
from ..methods.protocol import Direction, Side
from ..runs import checkpoint
from ..runs.checkpoint import Checkpoint
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..tasks import split_key, task_of
from ..tasks.generation import latent_of
from .extractors import FeatureNet, Features
from .features import Preparation
from .translations import DirectionInputs

AT_ONCE = 64  # pictures from noise at a time


@dataclass(frozen=True)
class EvaluatedRun:
    """A run with the pictures that it is judged by."""

    folder: RunFolder
    config: RunConfig
    names: tuple[str, ...]
    files: dict[str, Paths]  # as in data.json

    @property
    def translates(self) -> bool:
        return self.config.method.translates

    def preparation(self, side: Side = "A") -> Preparation:
        """How images of a side become what the networks are given: fitted as in training."""
        d = self.config.data
        return Preparation(size=d.size, fit=d.fit, channels=self.config.method.channels_of(side))

    def tasks(self) -> list[DirectionInputs]:
        """One for each direction that the method translates."""
        return [self._task(direction) for direction in self.config.method.directions]

    def _task(self, direction: Direction) -> DirectionInputs:
        source, target = direction.domains(self.names)
        test, truths = self.split("test", direction.source), self.split("truth", direction.source)
        real, known = self.real(direction.target)
        return DirectionInputs(
            direction=direction,
            source=source,
            target=target,
            paths=test or self.split("train", direction.source),
            truths=truths if test and len(truths) == len(test) else (),
            real=real,
            known=known,
            training=not test,
        )

    def split(self, part: str, side: Side | None = None) -> Paths:
        """Files of "train", "test" or "truth", of a domain where there are two."""
        return self.files.get(split_key(part, side), ())

    def real(self, side: Side | None = None) -> tuple[Paths, Paths]:
        """Real images to compare with, and others for the floor: test and training, or two halves of the training."""
        test, train = self.split("test", side), self.split("train", side)
        return (test, train) if test else (train[::2], train[1::2])


def subject(run: Path | str, data: Path | str | None = None, other: Path | str | None = None) -> EvaluatedRun:
    """A run and the images of its data.json, or the test images of another dataset that is laid out for it.

    ModelFileError for what is no run or makes no images, DataError for images that are gone.
    """
    folder = RunFolder(run).require()
    config, saved = folder.config(), folder.data()
    task = task_of(config.method)
    if not task.evaluated:
        raise ModelFileError(f"{folder.path} is a run of preset {config.preset}, which makes no pictures to evaluate")

    names = tuple(saved["names"])
    own = {key: tuple(Path(p) for p in paths) for key, paths in saved["files"].items()}
    if data is not None:
        place = replace(config.data, source=str(data), other=str(other) if other else None, names=None)
        elsewhere = task.find(replace(config, data=place)).files
        trained = {key: paths for key, paths in own.items() if key.startswith("train") and there(paths)}
        return EvaluatedRun(folder, config, names, {**elsewhere, **trained})

    for paths in own.values():
        if paths and not there(paths):
            raise DataError(f"the pictures of {folder.path} are no longer in {paths[0].parent}; name them with --data")
    return EvaluatedRun(folder, config, names, own)


def there(paths: Paths) -> bool:
    """Whether any of the files still exists."""
    return any(Path(images.file_of(p)[0]).exists() for p in paths)


def generated(subject: EvaluatedRun, kept: Checkpoint, count: int, extractor: FeatureNet, seed: int = 0) -> Features:
    """Features of `count` images that a checkpoint generates from noise; averaged weights where it has them."""
    config = subject.config
    method = make(config.method, size=config.data.size)
    checkpoint.load(kept.path, method, grown=bool(subject.folder.treatments()))
    z = torch.randn(count, latent_of(config.method), generator=torch.Generator().manual_seed(seed))
    return np.concatenate([extractor(method.preview(part)["fake"].numpy()) for part in torch.split(z, AT_ONCE)])
