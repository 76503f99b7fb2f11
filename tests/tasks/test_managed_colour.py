"""Two cameras with different colour profiles are one domain: in training, samples, evaluation and translation."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import viceversa
from support import icc
from viceversa.data.check import check
from viceversa.evaluation.run import EvaluatedRun
from viceversa.images import Values
from viceversa.runs.folder import RunFolder
from viceversa.translation.translator import load

pytestmark = pytest.mark.long  # trainings


def scene(seed: int) -> np.ndarray:
    """Soft colours inside sRGB: (192, 240, 3) in [0, 1]."""
    coarse = np.random.default_rng(seed).random((4, 5, 3)) * 0.6 + 0.25
    planes = [Image.fromarray(coarse[..., c].astype(np.float32)).resize((240, 192), 2) for c in range(3)]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def p3_values(srgb: np.ndarray) -> np.ndarray:
    """The numbers of the same colours in Display P3, by the closed form."""
    to_xyz = icc.primary_matrix(icc.SRGB, icc.D65)
    from_xyz = np.linalg.inv(icc.primary_matrix(icc.DISPLAY_P3, icc.D65))
    return icc.srgb_value(icc.srgb_light(srgb) @ (from_xyz @ to_xyz).T)


@pytest.fixture(scope="module")
def cameras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same scenes by a camera that writes sRGB and by one that writes Display P3."""
    folder = tmp_path_factory.mktemp("cameras")
    for domain, profile in (("A", None), ("B", icc.display_p3())):
        for part, seeds in (("train", range(8)), ("test", range(8, 11))):
            (folder / f"{part}{domain}").mkdir(parents=True)
            for seed in seeds:
                values = scene(seed) if profile is None else p3_values(scene(seed))
                image = Image.fromarray(np.rint(values * 255).astype(np.uint8))
                image.save(folder / f"{part}{domain}" / f"{seed}.png", icc_profile=profile)
    return folder


@pytest.fixture(scope="module")
def managed(cameras: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose profiles are applied."""
    return trained(cameras, tmp_path_factory.mktemp("managed") / "run")


@pytest.fixture(scope="module")
def raw(cameras: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that takes the numbers as they are."""
    return trained(cameras, tmp_path_factory.mktemp("raw") / "run", colour="raw")


def trained(data: Path, out: Path, **changes: str) -> RunFolder:
    """A tiny run of two steps."""
    sets = [
        "train.samples=1",
        "train.probes=1",
        "train.threads=1",
        *(f"data.{key}={value}" for key, value in changes.items()),
    ]
    viceversa.train(data, preset="quickstart", size=32, steps=2, out=out, device="cpu", quiet=True, set=sets)
    return RunFolder(out)


def seen(run: RunFolder) -> dict[str, list[np.ndarray]]:
    """What the networks are given of the training images of each domain, in levels of 8 bits."""
    evaluated = EvaluatedRun.of(run)
    return {
        side: [
            evaluated.preparation(side).stored(path).astype(int) for path in evaluated.files[f"train_{side.lower()}"]
        ]
        for side in "AB"
    }


def test_networks_see_one_camera(managed: RunFolder, raw: RunFolder) -> None:
    levels = {
        name: np.abs(np.array(images["A"]) - np.array(images["B"]))
        for name, images in (("managed", seen(managed)), ("raw", seen(raw)))
    }
    assert levels["managed"].max() <= 1
    assert levels["raw"].max() > 15 and levels["raw"].mean() > 3
    assert managed.data()["values"]["A"]["managed"] and not raw.data()["values"]["B"]["managed"]


def test_translation_comes_back_in_the_profile_of_its_file(cameras: Path, managed: RunFolder, tmp_path: Path) -> None:
    results = {}
    for side, to in (("A", "B"), ("B", "B")):  # both cameras' files in the one direction
        out = tmp_path / f"out{side}"
        viceversa.translate(managed.path, cameras / f"test{side}", to=to, out=out, device="cpu", quiet=True)
        results[side] = Image.open(next(out.rglob("8.png")))
    assert results["B"].info["icc_profile"] == icc.display_p3()
    assert "icc_profile" not in results["A"].info
    srgb, p3 = (np.asarray(results[side]) / 255 for side in "AB")
    assert np.abs(p3_values(srgb) - p3).max() * 255 < 2.5  # one colour in two profiles
    assert np.abs(srgb - p3).max() * 255 > 10


def test_evaluation_and_python_see_the_same(cameras: Path, managed: RunFolder, tmp_path: Path) -> None:
    translator = load(managed.path, device="cpu")
    assert translator.source_values("A") == Values(managed=True)

    path = cameras / "testB" / "8.png"
    by_path, by_image = (np.asarray(translator(image, to="A")) for image in (path, Image.open(path)))
    by_bytes = translator(path.read_bytes(), to="A")
    assert np.array_equal(by_path, by_image)
    (tmp_path / "x.png").write_bytes(by_bytes)
    assert np.array_equal(by_path, np.asarray(Image.open(tmp_path / "x.png")))
    p3, srgb = (EvaluatedRun.of(managed).preparation(s)(cameras / f"test{s}" / "8.png") for s in "BA")
    assert np.abs(p3 - srgb).max() * 127.5 < 1.01


def test_runs_of_earlier_versions_take_numbers_as_they_are(cameras: Path, raw: RunFolder, tmp_path: Path) -> None:
    """Their config.yaml has no data.colour, their data.json no values."""
    expected = viceversa.translate(raw.path, cameras / "testB", to="A", out=tmp_path / "1", device="cpu", quiet=True)

    old_run = RunFolder(tmp_path / "old")
    shutil.copytree(raw.path, old_run.path)
    config = old_run.path / "config.yaml"
    new = ("  colour:", "  range_a:", "  range_b:", "  nodata:", "  pages:", "  show:")
    config.write_text("".join(line for line in config.read_text().splitlines(True) if not line.startswith(new)))
    data = json.loads((old_run.path / "data.json").read_text())
    del data["values"]
    (old_run.path / "data.json").write_text(json.dumps(data))

    assert load(old_run.path, device="cpu").source_values("A") is None
    old = viceversa.translate(old_run.path, cameras / "testB", to="A", out=tmp_path / "2", device="cpu", quiet=True)
    for a, b in zip(expected.written, old.written, strict=True):
        assert a.read_bytes() == b.read_bytes()

    resumed = viceversa.train(
        cameras, preset="quickstart", size=32, steps=2, out=old_run.path, device="cpu", quiet=True,
        set=["train.samples=1", "train.probes=1", "train.threads=1"],
    )  # fmt: skip
    assert resumed.finished
    assert np.abs(np.array(seen(old_run)["A"]) - np.array(seen(old_run)["B"])).max() > 15


def test_data_check_compares_colours_and_not_numbers(tmp_path: Path) -> None:
    for name, profile in (("a", None), ("b", icc.display_p3())):
        (tmp_path / name).mkdir()
        for i in range(10):
            values = scene(i) if profile is None else p3_values(scene(i))
            image = Image.fromarray(np.rint(values * 255).astype(np.uint8))
            image.save(tmp_path / name / f"{i}.png", icc_profile=profile)
    report = check(tmp_path / "a", tmp_path / "b")
    found = {(Path(a).name, Path(b).name) for a, b in report.near_leaks}
    assert len(found) >= 8  # rounding may flip one of the 64 bits by which images are compared
    assert all(a == b for a, b in found)
