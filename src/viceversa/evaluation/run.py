"""A run to be evaluated: its test images, and the features of what it generates."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from .. import images
from ..data.folders import Paths
from ..data.preparation import Preparation
from ..errors import DataError, ModelFileError
from ..images import Values
from ..methods import make
from ..methods.protocol import SIDES, Direction, Side
from ..runs import checkpoint
from ..runs.checkpoint import Checkpoint
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..tasks import task_of
from ..tasks.dataset import fixed_split
from ..tasks.generation import latent_of
from ..tasks.task import preparation
from .extractors import FeatureNet, Features
from .translations import DirectionInputs

BATCH = 64  # images generated from noise at a time


@dataclass(frozen=True)
class EvaluatedRun:
    """A run with the image files that it is evaluated on."""

    folder: RunFolder
    config: RunConfig
    names: tuple[str, ...]
    files: dict[str, Paths]  # by the keys of data.json
    values: dict[Side, Values] = field(default_factory=dict)  # of each domain; none in runs of earlier versions

    @staticmethod
    def of(folder: RunFolder) -> "EvaluatedRun":
        """A run with the files of its data.json, whether they still exist or not."""
        saved = folder.data()
        files = {key: tuple(Path(p) for p in paths) for key, paths in saved["files"].items()}
        values = {side: Values(**saved["values"][side]) for side in SIDES if side in saved.get("values", {})}
        return EvaluatedRun(folder, folder.config(), tuple(saved["names"]), files, values)

    def preparation(self, side: Side = "A") -> Preparation:
        """How images of a domain become what the networks are given: fitted as in training."""
        return preparation(self.config, self.values, side)

    def directions(self) -> list[DirectionInputs]:
        """The inputs of each direction that the method translates."""
        return [self._inputs(direction) for direction in self.config.method.directions]

    def _inputs(self, direction: Direction) -> DirectionInputs:
        source, target = direction.domains(self.names)
        test, truths = self.split("test", direction.source), self.split("truth", direction.source)
        real, other_real = self.real(direction.target)
        return DirectionInputs(
            direction=direction,
            source=source,
            target=target,
            paths=test or self.split("train", direction.source),
            truths=truths if test and len(truths) == len(test) else (),
            real=real,
            other_real=other_real,
            training=not test,
            prepare_source=self.preparation(direction.source),
            prepare_target=self.preparation(direction.target),
        )

    def split(self, part: str, side: Side | None = None) -> Paths:
        """Files of "train", "test" or "truth", of a domain where there are two."""
        return fixed_split(self.files, part, side)

    def real(self, side: Side | None = None) -> tuple[Paths, Paths]:
        """Real images to compare with, and others for the floor: test and training, or two halves of the training."""
        test, train = self.split("test", side), self.split("train", side)
        return (test, train) if test else (train[::2], train[1::2])


def evaluated_run(run: Path | str, data: Path | str | None = None, data_b: Path | str | None = None) -> EvaluatedRun:
    """A run and the images of its data.json, or the test images of another dataset with the same layout.

    ModelFileError for what is no run or makes no images, DataError for images that are gone.
    """
    own = EvaluatedRun.of(RunFolder(run).require())
    config, task = own.config, task_of(own.config.method)
    if not task.evaluated:
        raise ModelFileError(
            f"{own.folder.path} is a run of preset {config.preset}, which makes no pictures to evaluate"
        )

    if data is not None:
        place = replace(config.data, source=str(data), other=str(data_b) if data_b else None, names=None)
        files = task.listing(replace(config, data=place)).files
        trained = {key: paths for key, paths in own.files.items() if key.startswith("train") and any_exists(paths)}
        return replace(own, files={**files, **trained})

    for paths in own.files.values():
        if paths and not any_exists(paths):
            raise DataError(
                f"the pictures of {own.folder.path} are no longer in {paths[0].parent}; name them with --data"
            )
    return own


def any_exists(paths: Paths) -> bool:
    """True if at least one of the files exists."""
    return any(Path(images.file_of(p)[0]).exists() for p in paths)


def generated_features(
    run: EvaluatedRun, kept: Checkpoint, count: int, extractor: FeatureNet, seed: int = 0
) -> Features:
    """Features of `count` images that a checkpoint generates from noise; averaged weights where it has them."""
    method = make(run.config.method, size=run.config.data.size)
    checkpoint.load(kept.path, method, allow_missing=bool(run.folder.treatments()))
    z = torch.randn(count, latent_of(run.config.method), generator=torch.Generator().manual_seed(seed))
    return np.concatenate([extractor(method.preview(part)["fake"].numpy()) for part in torch.split(z, BATCH)])
