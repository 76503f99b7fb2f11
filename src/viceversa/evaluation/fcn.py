"""The FCN score: does a translation show, pixel by pixel, what its input showed? (Isola et al. 2017, sec. 3.1.2)

A segmentation network, trained by viceversa on real pictures of the target domain, names every pixel of a translation;
what it finds is compared with the label map of the input's scene. Label pictures are read by their nearest colour.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..data.labels import Numbers, Palette, classes_of, label_map, palette_for
from ..errors import UsageError
from ..metrics.segmentation import Matrix, confusion, scores
from ..translation.label_predictor import LabelPredictor, load_segmenter
from ..worlds.scenes import LABEL_PICTURES
from .extractors import Pictures
from .features import Preparation, Reading, batches
from .translations import DirectionInputs


@dataclass(frozen=True)
class Segmenters:
    """Segmentation networks by the domain whose pictures they were trained on."""

    of: dict[str, LabelPredictor]
    told: dict[str, str]  # which run, which step

    @staticmethod
    def load(runs: Sequence[Path | str], domains: Sequence[str], size: int) -> "Segmenters":
        """Those of runs of preset fcn; UsageError for one that fits no domain or another size."""
        of, told = {}, {}
        for run in runs:
            network = load_segmenter(run)
            if network.domain not in domains:
                raise UsageError(
                    f"--segmenter {run} knows pictures of {network.domain}, not of {' or '.join(domains)}; train one "
                    "on these, with their domain's name"
                )
            if network.size != size:
                raise UsageError(
                    f"--segmenter {run} was trained at {network.size} px, the run at {size}; train one at --size {size}"
                )
            of[network.domain] = network
            told[network.domain] = f"{Path(run).name}, step {network.step}"
        return Segmenters(of, told)


@dataclass
class LabelScore:
    """Watches `judge`: the label maps found on translations and on inputs, against those of the scenes."""

    task: DirectionInputs
    prepare: tuple[Preparation, Preparation]
    palette: Palette
    network: LabelPredictor | None  # none where the target is label pictures
    told: str
    made: list[Matrix] = field(default_factory=list)
    given: list[Matrix] = field(default_factory=list)

    def __call__(self, paths: list[Path], x: Pictures, y: Pictures) -> None:
        truths = dict(zip(self.task.paths, self.task.truths, strict=False))
        for path, given, made in zip(paths, x, y, strict=True):
            true = self.scene(path, given, truths.get(path))
            if true is None:
                continue
            plain = np.broadcast_to(given, made.shape) if len(given) == 1 else given
            self.made.append(self.compared(true, made))
            self.given.append(self.compared(true, plain))

    def scene(self, path: Path, shown: Pictures, true: Path | None) -> Numbers | None:
        """The label map of a scene: as drawn, or the picture itself, or its true translation, if that is labels."""
        drawn = label_map(path)
        if drawn is not None:
            return fitted(drawn, shown.shape[1:])
        if self.task.source == LABEL_PICTURES:
            return classes_of(shown, self.palette)
        if self.task.target == LABEL_PICTURES and true is not None:
            return classes_of(self.prepare[1](true), self.palette)
        return None

    def compared(self, true: Numbers, picture: Pictures) -> Matrix:
        """Confusion of what is found on a picture of the target domain."""
        if self.network is None:
            found = classes_of(picture, self.palette, every=True)
        else:
            found = self.network.predict(torch.from_numpy(np.ascontiguousarray(picture))[None])[0]
        return confusion(true, found, len(self.palette.names))

    def real(self) -> Matrix | None:
        """The ceiling: the same on real pictures of the target domain, with their own label maps."""
        if self.network is None:
            return None
        pairs = dict(zip(self.task.truths, self.task.paths, strict=False))
        total: list[Matrix] = []
        for part in batches(Reading(self.prepare[1], [])(self.task.real)):
            for path, picture in part:
                drawn = label_map(path)
                if drawn is not None:
                    true = fitted(drawn, picture.shape[1:])
                elif self.task.source == LABEL_PICTURES and path in pairs:
                    true = classes_of(self.prepare[0](pairs[path]), self.palette)
                else:
                    continue
                total.append(self.compared(true, picture))
        return np.sum(total, axis=0) if total else None

    def found(self) -> dict[str, Any] | None:
        """The scores, or none where no scene has a label map."""
        if not self.made:
            return None
        real = self.real()
        return {
            "by": self.told,
            "pictures": len(self.made),
            "classes": len(self.palette.names),
            "translation": asdict(scores(np.sum(self.made, axis=0))),
            "input": asdict(scores(np.sum(self.given, axis=0))),
            "real": None if real is None else asdict(scores(real)),
        }


def label_score(
    task: DirectionInputs, prepare: tuple[Preparation, Preparation], segmenters: Segmenters
) -> LabelScore | None:
    """What can watch this direction: the target's segmenter, or the palette where the target is label pictures."""
    if network := segmenters.of.get(task.target):
        return LabelScore(task, prepare, network.palette, network, segmenters.told[task.target])
    if task.target == LABEL_PICTURES and task.real:
        palette = palette_for(task.real[0].parent, task.real)
        return LabelScore(task, prepare, palette, None, "nearest colour of the palette")
    return None


def fitted(labels: Numbers, size: tuple[int, ...]) -> Numbers:
    """The centre of a label map at (h, w): its shorter relation fills, each pixel the nearest one."""
    h, w = size
    scale = min(labels.shape[0] / h, labels.shape[1] / w)
    rows = (labels.shape[0] - h * scale) / 2 + (np.arange(h) + 0.5) * scale
    columns = (labels.shape[1] - w * scale) / 2 + (np.arange(w) + 0.5) * scale
    return labels[np.ix_(rows.astype(int), columns.astype(int))]
