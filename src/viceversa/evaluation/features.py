"""Features of sets of image files: read in batches, and cached by the content of the files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from .. import files, images
from ..data.folders import Paths
from ..data.preparation import Preparation
from ..errors import DataError
from ..metrics.features import evenly_spaced_indices
from .extractors import FeatureNet, Features, Images

BATCH = 32  # images at a time
READING = 3  # changes when the pixels of a file do: 3 since they are scaled by the values of their domain
Item = TypeVar("Item")


def readable(paths: Iterable[Path], prepare: Preparation, unreadable: list[str]) -> Iterator[tuple[Path, Images]]:
    """Every file that can be read with its image; errors of the others are added to `unreadable`."""
    for path in paths:
        try:
            yield path, prepare(path)
        except DataError as e:
            unreadable.append(str(e))


def batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Lists of up to `size` items."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def evenly_spaced(paths: Sequence[Path], count: int) -> Paths:
    """At most `count` files, taken at even steps."""
    return tuple(paths[i] for i in evenly_spaced_indices(len(paths), count))


def features_of_files(
    paths: Sequence[Path],
    prepare: Preparation,
    extractor: FeatureNet,
    unreadable: list[str],
    show: Callable[[str], None] = lambda line: None,
) -> Features:
    """Features (N, d) of the readable files, from the cache where another evaluation has computed them."""
    cache_file = cache_folder() / f"{features_key(paths, prepare, extractor)}.safetensors"
    cached = cached_features(cache_file, extractor.dimensions)
    if cached is not None and len(cached) == len(paths):
        return cached

    errors: list[str] = []
    parts = [np.zeros((0, extractor.dimensions), np.float32)]
    for part in batches(readable(paths, prepare, errors)):
        parts.append(extractor([pixels for _, pixels in part]))
        show(f"features of {paths[0].parent.name}: {sum(map(len, parts))} of {len(paths)}")

    features: Features = np.concatenate(parts)
    if not errors:
        with suppress(OSError):  # a cache that cannot be written only costs time
            files.write_bytes(cache_file, save_tensors({"features": torch.from_numpy(features)}))
    unreadable += errors
    return features


def features_key(paths: Sequence[Path], prepare: Preparation, extractor: FeatureNet) -> str:
    """Name of these features in the cache: a hash of every file's content, the preparation and the network."""
    crops = "" if prepare.crops is None else f" {prepare.crops}"
    digest = sha256(f"{READING} {prepare}{crops} {extractor.sha256} {extractor.rule} {extractor.side}".encode())
    contents: dict[str, bytes] = {}  # of each file, which may be named by many windows
    for path in paths:
        file, part = images.file_of(path)
        if file not in contents:
            try:
                contents[file] = bytes.fromhex(files.sha256(Path(file)))
            except OSError as e:
                contents[file] = str(e).encode()
        digest.update(contents[file])
        digest.update(part.encode())
    return digest.hexdigest()


def cached_features(path: Path, dimensions: int) -> Features | None:
    """Features from a file of the cache; none where it is missing or damaged."""
    try:
        features: Features = load_tensors(path.read_bytes())["features"].numpy()
    except (OSError, SafetensorError, LookupError):
        return None
    valid = features.ndim == 2 and features.shape[1] == dimensions and np.isfinite(features).all()
    return features if valid else None


def cache_folder() -> Path:
    """Folder of the cached features."""
    return files.cache_home() / "features"
