"""Features of files: the same in any batch, and cached by content."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from viceversa.evaluation import features
from viceversa.evaluation.extractors import load_extractor
from viceversa.evaluation.features import Preparation, cached_features, features_key, features_of_files

NET = load_extractor()
PREPARE = Preparation(size=16)


def test_features_do_not_depend_on_batches_and_order(pictures, monkeypatch):
    paths = sorted((pictures / "trainA").iterdir())
    whole = features_of_files(paths, PREPARE, NET, [])
    monkeypatch.setattr(features, "cache_folder", lambda: Path("/nonexistent"))
    monkeypatch.setattr(features.files, "write_bytes", lambda path, data: None)
    turned = features_of_files(paths[::-1], PREPARE, NET, [])[::-1]
    single = np.concatenate([NET([PREPARE(path)]) for path in paths])
    np.testing.assert_allclose(turned, whole, atol=1e-5)
    np.testing.assert_allclose(single, whole, atol=1e-5)


def test_features_are_cached_by_file_content(pictures, tmp_path):
    paths = sorted(Path(shutil.copytree(pictures / "testB", tmp_path / "set")).iterdir())
    first = features_of_files(paths, PREPARE, NET, [])
    place = features.cache_folder() / f"{features_key(paths, PREPARE, NET)}.safetensors"
    marked = cached_features(place, NET.dimensions)
    assert marked is not None and (marked == first).all()
    place.write_bytes(b"damaged")
    assert (features_of_files(paths, PREPARE, NET, []) == first).all()
    Image.new("RGB", (24, 24), "white").save(paths[0])  # the same name, another picture
    changed = features_of_files(paths, PREPARE, NET, [])
    assert not np.allclose(changed[0], first[0]) and (changed[1:] == first[1:]).all()
    assert features_key(paths, Preparation(size=20), NET) != features_key(paths, PREPARE, NET)
    assert features_key(paths, PREPARE, replace(NET, sha256="0")) != features_key(paths, PREPARE, NET)
