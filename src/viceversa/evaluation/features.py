"""Features of sets of pictures: from files in batches, kept by the content of the files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from .. import files, images
from ..data.folders import Paths
from ..data.transforms import fitted, on_white
from ..errors import DataError
from ..metrics.features import evenly_spaced_indices
from .extractors import FeatureNet, Features, Pictures

BATCH = 32  # pictures at a time
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How a file becomes a picture: at its own size, or as a run of `size` pixels would see its centre, in 8 bits."""

    size: int | None = None
    fit: str = "cover"
    channels: int = 3

    def __call__(self, path: Path) -> Pictures:
        """(channels, H, W) in [-1, 1]."""
        picture = images.read(path)
        if self.size is None:
            return images.to_channels(on_white(picture), self.channels)
        pixels = images.from_uint8(images.to_uint8(fitted(picture, self.size, self.fit, self.channels)))
        _, h, w = pixels.shape
        top, left = (h - self.size) // 2, (w - self.size) // 2
        return np.ascontiguousarray(pixels[:, top : top + self.size, left : left + self.size])


@dataclass
class Reading:
    """Pictures from files one after the other; what cannot be read is named in `broken` and left out."""

    prepare: Preparation
    broken: list[str] = field(default_factory=list)

    def __call__(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Pictures]]:
        for path in paths:
            try:
                yield path, self.prepare(path)
            except DataError as e:
                self.broken.append(str(e))


def batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Lists of up to `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def evenly(paths: Sequence[Path], most: int) -> Paths:
    """At most `most` files, taken at even steps."""
    return tuple(paths[i] for i in evenly_spaced_indices(len(paths), most))


def of_files(
    paths: Sequence[Path],
    prepare: Preparation,
    extractor: FeatureNet,
    broken: list[str],
    show: Callable[[str], None] = lambda line: None,
) -> Features:
    """(N, d) of files, read once: the next time, or for the next run on the same pictures, they come from the cache."""
    kept = cache_folder() / f"{key(paths, prepare, extractor)}.safetensors"
    found = recall(kept, extractor.dimensions)
    if found is not None and len(found) == len(paths):
        return found
    read = Reading(prepare, broken)
    parts = [np.zeros((0, extractor.dimensions), np.float32)]
    for part in batches(read(paths)):
        parts.append(extractor([pixels for _, pixels in part]))
        show(f"features of {paths[0].parent.name}: {sum(map(len, parts))} of {len(paths)}")
    features: Features = np.concatenate(parts)
    if not read.broken:
        files.write_bytes(kept, save_tensors({"features": torch.from_numpy(features)}))
    return features


def key(paths: Sequence[Path], prepare: Preparation, extractor: FeatureNet) -> str:
    """A name for these features: the content of every file, how it is prepared, and the network."""
    told = sha256(f"{prepare} {extractor.sha256} {extractor.rule} {extractor.side}".encode())
    for path in paths:
        try:
            told.update(sha256(Path(images.file_of(path)[0]).read_bytes()).digest())
        except OSError as e:
            told.update(str(e).encode())
        told.update(images.file_of(path)[1].encode())
    return told.hexdigest()


def recall(path: Path, dimensions: int) -> NDArray[np.float32] | None:
    """Features that were kept, or none; a damaged file is as good as none."""
    try:
        found = load_tensors(path.read_bytes())["features"].numpy()
    except (OSError, SafetensorError, LookupError):
        return None
    return found if found.ndim == 2 and found.shape[1] == dimensions and np.isfinite(found).all() else None


def cache_folder() -> Path:
    """Where features are kept."""
    return files.cache_home() / "features"
