"""FCN score: does a translation show, pixel by pixel, what its input shows? (Isola et al. 2017, sec. 3.1.2)

A segmentation network, trained by viceversa on real images of the target domain, labels every pixel of a translation;
its labels are compared with the label map of the input. Label images are read by their nearest colour.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..data.labels import ClassMap, Palette, classes_of, label_map, palette_for
from ..errors import UsageError
from ..metrics.segmentation import Matrix, confusion, scores
from ..translation.label_predictor import LabelPredictor, load_segmenter
from ..worlds.scenes import LABEL_PICTURES
from .extractors import Images
from .features import batches, readable
from .translations import DirectionInputs


@dataclass(frozen=True)
class Segmenters:
    """Segmentation networks by the domain whose images they were trained on."""

    of: dict[str, LabelPredictor]
    origin: dict[str, str]  # run and step of each

    @staticmethod
    def load(runs: Sequence[Path | str], domains: Sequence[str], size: int) -> "Segmenters":
        """Those of runs of preset fcn; UsageError for one that fits no domain or another size."""
        of, origin = {}, {}
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
            origin[network.domain] = f"{Path(run).name}, step {network.step}"
        return Segmenters(of, origin)


@dataclass
class LabelScore:
    """Compares label maps predicted on translations and on inputs with those of the scenes; see `observe`."""

    inputs: DirectionInputs
    palette: Palette
    network: LabelPredictor | None  # none where the target is label images
    origin: str  # of the predicted labels
    on_outputs: list[Matrix] = field(default_factory=list)
    on_inputs: list[Matrix] = field(default_factory=list)

    def observe(self, paths: list[Path], x: Images, y: Images) -> None:
        """Add a batch of inputs x and translations y: an observer of `score_direction`."""
        truths = self.inputs.truth_of
        for path, source, output in zip(paths, x, y, strict=True):
            true = self.true_labels(path, source, truths.get(path))
            if true is None:
                continue
            colour = np.broadcast_to(source, output.shape) if len(source) == 1 else source
            self.on_outputs.append(self.confusion(true, output))
            self.on_inputs.append(self.confusion(true, colour))

    def true_labels(self, path: Path, source: Images, truth: Path | None) -> ClassMap | None:
        """The label map of a scene: as drawn, or the input or its true translation where that is a label image."""
        drawn = label_map(path)
        if drawn is not None:
            return fitted_labels(drawn, source.shape[1:])
        if self.inputs.source == LABEL_PICTURES:
            return classes_of(source, self.palette)
        if self.inputs.target == LABEL_PICTURES and truth is not None:
            return classes_of(self.inputs.prepare_target(truth), self.palette)
        return None

    def confusion(self, true: ClassMap, pixels: Images) -> Matrix:
        """Confusion matrix of the labels predicted on an image of the target domain."""
        if self.network is None:
            predicted = classes_of(pixels, self.palette, every=True)
        else:
            predicted = self.network.predict(torch.from_numpy(np.ascontiguousarray(pixels))[None])[0]
        return confusion(true, predicted, len(self.palette.names))

    def on_real(self) -> Matrix | None:
        """The ceiling: the same on real images of the target domain, with their own label maps."""
        if self.network is None:
            return None

        sources = {truth: path for path, truth in self.inputs.truth_of.items()}
        total: list[Matrix] = []
        for part in batches(readable(self.inputs.real, self.inputs.prepare_target, [])):
            for path, pixels in part:
                drawn = label_map(path)
                if drawn is not None:
                    true = fitted_labels(drawn, pixels.shape[1:])
                elif self.inputs.source == LABEL_PICTURES and path in sources:
                    true = classes_of(self.inputs.prepare_source(sources[path]), self.palette)
                else:
                    continue
                total.append(self.confusion(true, pixels))
        return np.sum(total, axis=0) if total else None

    def result(self) -> dict[str, Any] | None:
        """The scores, or none where no scene has a label map."""
        if not self.on_outputs:
            return None
        real = self.on_real()
        return {
            "by": self.origin,
            "pictures": len(self.on_outputs),
            "classes": len(self.palette.names),
            "translation": asdict(scores(np.sum(self.on_outputs, axis=0))),
            "input": asdict(scores(np.sum(self.on_inputs, axis=0))),
            "real": None if real is None else asdict(scores(real)),
        }


def label_score(inputs: DirectionInputs, segmenters: Segmenters) -> LabelScore | None:
    """The label score of a direction: by the target's segmenter, or by the palette where the target is label images."""
    if network := segmenters.of.get(inputs.target):
        return LabelScore(inputs, network.palette, network, segmenters.origin[inputs.target])
    if inputs.target == LABEL_PICTURES and inputs.real:
        palette = palette_for(inputs.real[0].parent, inputs.real)
        return LabelScore(inputs, palette, None, "nearest colour of the palette")
    return None


def fitted_labels(labels: ClassMap, size: tuple[int, ...]) -> ClassMap:
    """The centre of a label map at (h, w): its shorter side fills, each pixel is the nearest one."""
    h, w = size
    scale = min(labels.shape[0] / h, labels.shape[1] / w)
    rows = (labels.shape[0] - h * scale) / 2 + (np.arange(h) + 0.5) * scale
    columns = (labels.shape[1] - w * scale) / 2 + (np.arange(w) + 0.5) * scale
    return labels[np.ix_(rows.astype(int), columns.astype(int))]
