"""The pipeline: the same bytes, order, errors and interruptions as a translation without threads."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from torch import Tensor, nn

from support.faults import Disk
from support.slow import pictures, translator
from support.translators import swapping_translator
from viceversa import images
from viceversa.errors import DataError
from viceversa.translation import pipeline
from viceversa.translation.pipeline import MemoryBudget, Summary, translate_files
from viceversa.translation.plan import plan
from viceversa.translation.translator import Translator


def translate_sequentially(source: Path, out: Path) -> Summary:
    """Read, translate and write one file after the other."""
    summary = Summary()
    for path, target in plan([source], out, []).items():
        try:
            images.write(target, translator().picture(images.read(path), "b"))
        except images.ImageError as e:
            summary.skipped[path] = str(e)
        else:
            summary.written.append(target)
    return summary


def test_same_bytes_summary_and_order_as_without_threads(tmp_path: Path) -> None:
    source = pictures(tmp_path / "in", 12)
    for name in ("003.png", "011.png"):
        (source / name).write_bytes((source / name).read_bytes()[:60])
    (source / "005.png").write_text("hello")
    progress: list[tuple[int, int, str]] = []
    summary = translate_files(
        translator(), [source], "b", tmp_path / "out", lambda done, of, path: progress.append((done, of, path.name))
    )
    expected = translate_sequentially(source, tmp_path / "expected")
    assert progress == [(i, 12, f"{i:03}.png") for i in range(12)]
    assert [p.name for p in summary.written] == [p.name for p in expected.written]
    assert summary.skipped == expected.skipped
    assert [p.name for p in summary.skipped] == ["003.png", "005.png", "011.png"]
    for path in expected.written:
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    assert len([*(tmp_path / "out").iterdir()]) == 9


def fill_disk(disk: Disk) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("at", [3, 20, 34])
def test_full_disk_ends_the_translation(memory_path: Path, at: int) -> None:
    """Call number `at` that changes the disk fails: earlier files are complete, no later file or draft exists."""
    source, out = pictures(memory_path / "in", 8), memory_path / "out"
    disk = Disk(at, fill_disk)
    with disk.mounted(), pytest.raises(OSError, match="No space left"):
        translate_files(translator(), [source], "b", out)
    names = sorted(p.name for p in out.iterdir())
    assert names == [f"{i:03}.png" for i in range(len(names))] and len(names) < 8
    for name in names:
        assert images.read(out / name).pixels.shape[0] == 3


def test_out_of_memory_skips_one_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, real = pictures(tmp_path / "in", 4), Translator.picture

    def picture(self, picture, to):
        if picture.pixels.shape[1] == 21:
            raise RuntimeError("not enough memory: you tried to allocate 9 bytes")
        return real(self, picture, to)

    monkeypatch.setattr(Translator, "picture", picture)
    summary = translate_files(translator(), [source], "b", tmp_path / "out")
    assert [p.name for p in summary.written] == ["000.png", "002.png", "003.png"]
    assert "--scale trained" in summary.skipped[source / "001.png"]


def test_images_that_do_not_fit_in_one_batch_are_translated_singly(tmp_path: Path) -> None:
    class OutOfMemory(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) > 1 or x.shape[-1] > 40:
                raise RuntimeError("out of memory")
            return x

    for i, side in enumerate((32, 64, 32, 32)):
        Image.new("RGB", (side, side), (10 * i, 0, 0)).save(tmp_path / f"{i}.png")
    limited = Translator({"A": nn.Identity(), "B": OutOfMemory()}, ("a", "b"), (3, 3), 64, 1)
    limited.batch_size = 3
    summary = translate_files(limited, [tmp_path], "b", tmp_path / "out")
    assert [p.name for p in summary.written] == ["0.png", "2.png", "3.png"]
    assert [p.name for p in summary.skipped] == ["1.png"]
    reason = summary.skipped[tmp_path / "1.png"]
    assert "too large for the memory" in reason and "--scale trained or a side such as --scale 512" in reason
    assert [np.asarray(Image.open(p))[0, 0, 0] for p in summary.written] == [0, 20, 30]


def test_bug_is_raised_after_earlier_images_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, real = pictures(tmp_path / "in", 6), Translator.picture

    def picture(self, picture, to):
        if picture.pixels.shape[1] == 22:
            raise RuntimeError("shapes do not fit")
        return real(self, picture, to)

    monkeypatch.setattr(Translator, "picture", picture)
    with pytest.raises(RuntimeError, match="do not fit"):
        translate_files(translator(), [source], "b", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["000.png", "001.png"]


def test_few_images_are_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, read, paths = pictures(tmp_path / "in", 12), images.read, []

    def recorded(path: Path, **options: bool) -> images.Picture:
        paths.append(path)
        return read(path)

    monkeypatch.setattr(images, "read", recorded)
    ahead: list[int] = []
    translate_files(translator(), [source], "b", tmp_path / "out", lambda done, *_: ahead.append(len(paths) - done))
    assert max(ahead) <= pipeline.BATCHES_AHEAD + 1


def test_memory_budget_follows_the_image_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "BUDGET_BYTES", 1000)
    budget = MemoryBudget()
    assert budget.images(16) == pipeline.BATCHES_AHEAD and budget.images(1) == 1  # before the first image
    for image_bytes, count in ((100, 10), (10, 16), (5000, 1), (0, 16)):
        budget.image_bytes = image_bytes
        assert budget.images(16) == count


def test_dropped_profile_is_noted(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("L", (20, 20), 99).save(tmp_path / "grey.png", icc_profile=profile)
    summary = translate_files(swapping_translator(), [tmp_path / "grey.png"], "oranges", tmp_path / "out")
    assert any("profile dropped" in note for note in summary.notes)


def test_nothing_translated_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(DataError, match="nothing was translated"):
        translate_files(swapping_translator(), [tmp_path / "text.png"], "oranges", tmp_path / "out")


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from viceversa import cli
from support.slow import translator
import viceversa.translation.translator as module
module.load = lambda *_, **__: translator()
cli.main(["translate", "run", sys.argv[2], "--to", "b", "--out", sys.argv[3]])
"""


@pytest.mark.long
def test_ctrl_c_leaves_complete_files_and_exits_130(tmp_path: Path) -> None:
    source, out = pictures(tmp_path / "in", 600), tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(Path(__file__).parents[1]), str(source), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not (out.exists() and len([*out.glob("*.png")]) > 3):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in errors and "Traceback" not in errors
    names = sorted(p.name for p in out.iterdir())
    assert 3 < len(names) < 600 and names == [f"{i:03}.png" for i in range(len(names))]
    for name in names:
        assert images.read(out / name).pixels.shape[0] == 3
