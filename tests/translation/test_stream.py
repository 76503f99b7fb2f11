"""Large images translated by parts: the pixels of the whole translation, whatever interrupts them."""

import hashlib
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from support.generators import local_generator
from support.pyramids import natural
from viceversa import images
from viceversa.errors import UsageError
from viceversa.images import Window
from viceversa.networks.resnet import ResNetGenerator
from viceversa.translation import stream as module
from viceversa.translation.large import open_large
from viceversa.translation.pipeline import translate_files
from viceversa.translation.stream import StreamOptions, parse_tile, stream
from viceversa.translation.translator import Translator

OPTIONS = StreamOptions(block=256)
SLIDE = "Aperio Image Library v1\r\n{0}x{0}|AppMag = 20|MPP = 0.5"


def painter() -> Translator:
    return Translator({"B": local_generator("painter")}, ("a", "b"), (3, 3), 64, 7, scale="native")


def resnet() -> Translator:
    torch.manual_seed(0)
    return Translator({"B": ResNetGenerator(width=4, blocks=1)}, ("a", "b"), (3, 3), 64, 7, scale="native")


def write_tiff(path: Path, samples: np.ndarray, **options) -> Path:
    tifffile.imwrite(path, samples, tile=(128, 128), photometric="rgb", **options)
    return path


def write_slide(path: Path, side: int = 900) -> Path:
    """Tissue in the middle of white glass, stored as a slide scanner does."""
    samples = np.full((side, side, 3), 243, np.uint8)
    samples[300:600, 200:700] = natural(300, 500) // 2
    how = {"metadata": None, "compression": "jpeg", "compressionargs": {"level": 95}}
    return write_tiff(path, samples, description=SLIDE.format(side), **how)


def run(translator: Translator, source: Path, target: Path, options: StreamOptions = OPTIONS) -> list[str]:
    with open_large(source, None, 3) as image:
        return stream(translator, image, "B", target, options)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_tiff(tmp_path / "scene.tif", natural(700, 530))


def test_parts_are_those_of_the_whole_translation(source: Path, tmp_path: Path):
    run(painter(), source, tmp_path / "out.tif")
    whole = painter().picture(images.read(source), "b")
    written = images.read(tmp_path / "out.tif")
    assert np.array_equal(images.to_samples(written), images.to_samples(whole))


@pytest.mark.parametrize("block", [256, 512, 768])
def test_the_size_of_parts_changes_no_pixel(source: Path, tmp_path: Path, block: int):
    run(painter(), source, tmp_path / "a.tif")
    run(painter(), source, tmp_path / "b.tif", replace(OPTIONS, block=block))
    a, b = (images.to_samples(images.read(tmp_path / f"{name}.tif")).astype(int) for name in "ab")
    assert np.abs(a - b).max() <= 1 and (a != b).mean() < 1e-4


def test_georeference_and_missing_pixels_stay(tmp_path: Path):
    samples = natural(300, 300)
    samples[100:200, 100:150] = 0
    tags = [(33550, "d", 3, (10.0, 10.0, 0.0), True), (42113, "s", 0, "0", True)]
    source = write_tiff(tmp_path / "map.tif", samples, extratags=tags)
    run(painter(), source, tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        page = file.pages.first
        assert page.tags[33550].value == (10.0, 10.0, 0.0) and page.tags[42113].value == "0"
        assert (page.asarray()[100:200, 100:150] == 0).all()


def test_blank_glass_is_kept_on_slides(tmp_path: Path):
    source = write_slide(tmp_path / "slide.svs")
    run(painter(), source, tmp_path / "kept.tif")
    run(painter(), source, tmp_path / "all.tif", replace(OPTIONS, background="translate"))
    before, kept, everything = (
        images.to_samples(images.read(tmp_path / name)).astype(int) for name in ("slide.svs", "kept.tif", "all.tif")
    )
    assert np.array_equal(kept[:200], before[:200]) and not np.array_equal(everything[:200], before[:200])
    assert np.array_equal(kept[350:550, 300:600], everything[350:550, 300:600])  # far inside the tissue
    with images.open_windows(tmp_path / "kept.tif") as image:
        assert image.about.mpp == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize("statistics", ["picture", "tile"])
def test_statistics_of_the_picture_leave_no_seams(source: Path, tmp_path: Path, statistics):
    notes = run(resnet(), source, tmp_path / "out.tif", replace(OPTIONS, statistics=statistics))
    assert any(note.startswith("instance norm: statistics of") for note in notes)
    whole = images.to_samples(resnet().picture(images.read(source), "b")).astype(int)
    written = images.to_samples(images.read(tmp_path / "out.tif")).astype(int)
    is_equal = np.abs(written - whole).max() <= 2
    assert is_equal == (statistics == "picture")
    assert not (tmp_path / "out.tif.statistics").exists()


def test_what_is_finished_stays(source: Path, tmp_path: Path):
    target = tmp_path / "out.tif"
    run(painter(), source, target)
    before = target.stat().st_mtime_ns
    assert run(painter(), source, target) == ["it is there already, made from the same file by the same weights"]
    assert target.stat().st_mtime_ns == before
    run(painter(), source, target, replace(OPTIONS, compression="jpeg"))
    assert target.stat().st_mtime_ns != before


def test_an_interrupted_start_goes_on_with_its_threads_and_statistics(source: Path, tmp_path: Path):
    run(resnet(), source, tmp_path / "whole.tif")
    threads, blocks = torch.get_num_threads(), 0

    def interrupt(done: int, total: int) -> None:
        nonlocal blocks
        blocks += 1
        if blocks == 4:
            raise KeyboardInterrupt

    with open_large(source, None, 3) as image, pytest.raises(KeyboardInterrupt):
        stream(resnet(), image, "B", tmp_path / "out.tif", OPTIONS, interrupt)
    assert not (tmp_path / "out.tif").exists() and (tmp_path / "out.tif.statistics").exists()
    torch.set_num_threads(threads + 1)
    try:
        notes = run(resnet(), source, tmp_path / "out.tif")
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(threads)
    assert "instance norm: statistics of the earlier start" in notes
    assert sha256(tmp_path / "out.tif") == sha256(tmp_path / "whole.tif")
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.tif"]


@pytest.mark.long
def test_kills_change_no_byte(source: Path, tmp_path: Path):
    run(painter(), source, tmp_path / "whole.tif")
    rng, target, kills = random.Random(0), tmp_path / "out.tif", 0
    while not target.exists() and kills < 3:
        blocks = rng.randint(1, 3)
        with start_translation(source, target) as child:
            for _ in child.stdout:  # one for each block
                blocks -= 1
                if blocks == 0:
                    time.sleep(rng.uniform(0, 0.05))
                    child.kill()
                    kills += 1
    run(painter(), source, target)
    assert kills >= 2 and sha256(target) == sha256(tmp_path / "whole.tif")


def start_translation(source: Path, target: Path) -> subprocess.Popen:
    """The translation in a process of its own, which prints a line for each block."""
    code = """
import sys
from pathlib import Path
from support.generators import local_generator
from viceversa.translation.large import open_large
from viceversa.translation.stream import StreamOptions, stream
from viceversa.translation.translator import Translator
translator = Translator({"B": local_generator("painter")}, ("a", "b"), (3, 3), 64, 7, scale="native")
with open_large(Path(sys.argv[1]), None, 3) as image:
    stream(translator, image, "B", Path(sys.argv[2]), StreamOptions(block=256), lambda *done: print(done, flush=True))
"""
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
    command = [sys.executable, "-c", code, str(source), str(target)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths})


def test_a_damaged_slide_is_named_and_the_others_go_on(tmp_path: Path):
    good = write_slide(tmp_path / "good.svs")
    data = bytearray(good.read_bytes())
    with tifffile.TiffFile(good) as file:
        page = file.pages.first
        at, size = page.dataoffsets[27], page.databytecounts[27]
    data[at : at + size] = bytes(size)
    (tmp_path / "bad.svs").write_bytes(data)
    options = replace(OPTIONS, background="translate")  # without a thumbnail, which would meet the damage at once
    summary = translate_files(painter(), [tmp_path / "bad.svs", good], "b", tmp_path / "out", large=options)
    assert [path.name for path in summary.written] == ["good.tif"]
    assert list(summary.skipped) == [tmp_path / "bad.svs"]
    assert "bad.svs" in next(iter(summary.skipped.values()))
    assert (tmp_path / "out" / "bad.tif.journal").exists()  # what is done stays


def test_large_images_are_streamed_at_native_scale(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("viceversa.translation.large.LARGE_PIXELS", 100_000)
    pixels: list[int] = []

    def report(done: int, total: int, path: Path) -> None:
        pixels.append(done)

    summary = translate_files(painter(), [source], "b", tmp_path / "out", large=OPTIONS, on_pixels=report)
    assert summary.written == [tmp_path / "out" / "scene.tif"] and pixels[-1] == 700 * 530
    with images.open_windows(tmp_path / "out" / "scene.tif") as image:
        assert len(image.about.levels) == 2 and image.read(Window(0, 0, 5, 5)).samples.shape == (5, 5, 3)


@pytest.mark.parametrize("given", ["100", "0", "wide", "-256"])
def test_tiles_of_other_sizes_are_refused(given: str):
    with pytest.raises(UsageError, match="multiple of 256"):
        parse_tile(given)
    assert parse_tile("auto") is None and parse_tile("512") == 512


def test_the_threads_of_a_damaged_journal_do_not_count(tmp_path: Path):
    (tmp_path / "out.tif.journal").write_text('{"version": 1, "key": {"threads": 10000000}}\n')
    assert module.key_of(tmp_path / "out.tif.journal") == {}
