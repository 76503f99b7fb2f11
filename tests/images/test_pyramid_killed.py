"""Large images whose writer is killed, whose disk is full, whose journal is damaged: the same bytes at the end."""

import errno
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from support.pyramids import ended, forked, killed_after, natural, write_pyramid, writer_of
from viceversa.images import pyramid

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
OPTIONS = {"tile": 128, "block": (256, 256), "mpp": (0.5, 0.5)}
CALLS = ("pwrite", "ftruncate", "fsync", "replace", "unlink")
REAL = {name: getattr(os, name) for name in CALLS}


@pytest.fixture(scope="module")
def samples():
    return natural(600, 1100)


@pytest.fixture(scope="module")
def digest(samples, tmp_path_factory):
    """SHA-256 of the file that nothing interrupted."""
    path = tmp_path_factory.mktemp("whole") / "a.tif"
    write_pyramid(path, samples, **OPTIONS)
    return sha256(path)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Killer:
    """Kills its process at a call that changes the disk; a write is then half done."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def patched(self, name):
        def call(*arguments):
            self.count += 1
            if self.count == self.at:
                if name == "pwrite":
                    descriptor, data, offset = arguments
                    REAL["pwrite"](descriptor, data[: len(data) // 2], offset)
                os.kill(os.getpid(), signal.SIGKILL)
            return REAL[name](*arguments)

        return patch.object(os, name, call)

    def write(self, path, samples):
        patches = [self.patched(name) for name in CALLS]
        for each in patches:
            each.start()
        with patch.object(pyramid, "SYNC_SECONDS", 0.0 if self.at % 2 else 99.0):
            write_pyramid(path, samples, **OPTIONS)


@pytest.mark.long
def test_killed_at_each_call(tmp_path, samples, digest):
    at = 0
    code = -signal.SIGKILL
    while code == -signal.SIGKILL:
        at += 1
        path = tmp_path / f"{at}.tif"
        code = ended(forked(lambda path=path, at=at: Killer(at).write(path, samples)))
        assert code in (-signal.SIGKILL, 0)
        write_pyramid(path, samples, **OPTIONS)
        assert sha256(path) == digest, at
        assert [name for name in os.listdir(tmp_path) if name.startswith(f"{at}.")] == [path.name]
        path.unlink()
    assert at > 40


@pytest.mark.long
def test_killed_again_and_again(tmp_path):
    """Twenty kills at random moments of one file of 24 megapixels."""
    image = np.tile(natural(1024, 1024), (4, 6, 1))
    begin = time.monotonic()
    write_pyramid(tmp_path / "whole.tif", image)
    seconds = time.monotonic() - begin
    rng, kills, done = random.Random(0), 0, []
    path = tmp_path / "a.tif"
    while kills < 20:
        code = killed_after(rng.uniform(0.2, 1.2) * seconds / 10, lambda: write_pyramid(path, image))
        kills += code == -signal.SIGKILL
        if code == 0:
            assert sha256(path) == sha256(tmp_path / "whole.tif")
            path.unlink()
        else:
            with writer_of(path, image) as writer:
                done.append(writer.done)
    write_pyramid(path, image)
    assert sha256(path) == sha256(tmp_path / "whole.tif")
    assert len(set(done)) > 3  # it was killed at different places


@pytest.mark.parametrize("synced", [0, 3, 5])
def test_a_power_cut_costs_what_was_not_synced(tmp_path, samples, digest, synced):
    """The disk has all of the journal, and of the file what was synced."""
    path = tmp_path / "a.tif"
    part = Path(f"{path}.part")

    def work():
        with patch.object(pyramid, "SYNC_SECONDS", 99.0), writer_of(path, samples, **OPTIONS) as writer:
            for i, window in enumerate(writer.blocks[:8]):
                if i == synced:
                    writer._sync()
                writer.write(samples[window.slices])
            os.kill(os.getpid(), signal.SIGKILL)

    assert ended(forked(work)) == -signal.SIGKILL
    with writer_of(path, samples, **OPTIONS) as writer:
        assert writer.done == 8
        end = writer.journal.parts[synced - 1].end if synced else 0
    lines = Path(f"{path}.journal").read_bytes().split(b"\n")
    Path(f"{path}.journal").write_bytes(b"\n".join(lines[:-2]) + b"\n")  # closing synced it
    size = part.stat().st_size
    os.truncate(part, end)
    os.truncate(part, size)  # the length is there, the content is not
    with writer_of(path, samples, **OPTIONS) as writer:
        assert writer.done == synced
        assert writer.note.endswith(f"{8 - synced} of 8 parts are missing or damaged and written again")
    write_pyramid(path, samples, **OPTIONS)
    assert sha256(path) == digest


def begun(path: Path, samples, blocks: int) -> tuple[Path, Path]:
    """A file and a journal of the first blocks."""
    with writer_of(path, samples, **OPTIONS) as writer:
        for window in writer.blocks[:blocks]:
            writer.write(samples[window.slices])
    return Path(f"{path}.part"), Path(f"{path}.journal")


def test_a_file_shorter_than_its_journal(tmp_path, samples, digest):
    path = tmp_path / "a.tif"
    part, _ = begun(path, samples, 6)
    os.truncate(part, part.stat().st_size - 1)
    with writer_of(path, samples, **OPTIONS) as writer:
        assert writer.done == 5
    os.truncate(part, 20)
    with writer_of(path, samples, **OPTIONS) as writer:
        assert writer.done == 0
    write_pyramid(path, samples, **OPTIONS)
    begun(tmp_path / "b.tif", samples, 6)[0].unlink()
    write_pyramid(tmp_path / "b.tif", samples, **OPTIONS)
    assert sha256(path) == sha256(tmp_path / "b.tif") == digest


def test_a_last_block_that_is_damaged(tmp_path, samples, digest):
    path = tmp_path / "a.tif"
    part, _ = begun(path, samples, 6)
    data = bytearray(part.read_bytes())
    data[-9] ^= 1
    part.write_bytes(data + b"torn")
    with writer_of(path, samples, **OPTIONS) as writer:
        assert writer.done == 5 and "1 of 6 parts" in writer.note
    write_pyramid(path, samples, **OPTIONS)
    assert sha256(path) == digest


@pytest.mark.parametrize(
    "end", [b"garbage", b'{"end":1', b"\n\n{}\n", b"\0" * 4096, b"\xff\xfe\n", b"[" * 99_999 + b"\n"]
)
def test_a_journal_with_garbage_at_its_end(tmp_path, samples, digest, end):
    path = tmp_path / "a.tif"
    _, journal = begun(path, samples, 6)
    journal.write_bytes(journal.read_bytes() + end)
    with writer_of(path, samples, **OPTIONS) as writer:
        assert (writer.done, writer.note) == (6, "")
    write_pyramid(path, samples, **OPTIONS)
    assert sha256(path) == digest


@pytest.mark.parametrize(
    "body", [b"[" * 9_999, b'{"a"', b'{"end":5', b'{"end":[],"sizes":[1],"crc":1', b'{"end":1,"sizes":[{}],"crc":1',
             b'{"end":-5,"sizes":[1],"crc":1', b'{"end":9,"sizes":[],"crc":1', b'{"finished":true', b'{"synced":99'],
)  # fmt: skip
def test_hostile_lines_with_a_true_check(tmp_path, samples, digest, body):
    path = tmp_path / "a.tif"
    _, journal = begun(path, samples, 3)
    check = 0
    for line in journal.read_bytes().splitlines():
        check = zlib.crc32(line.rpartition(b',"check":')[0], check)
    journal.write_bytes(journal.read_bytes() + body + b',"check":%d}\n' % zlib.crc32(body, check))
    with writer_of(path, samples, **OPTIONS) as writer:
        assert writer.done == 3
    write_pyramid(path, samples, **OPTIONS)
    assert sha256(path) == digest


def test_a_writer_opened_twice(tmp_path, samples, digest):
    writer = writer_of(tmp_path / "a.tif", samples, **OPTIONS)
    for stop in (2, 99):
        with writer:
            for window in writer.blocks[writer.done : stop]:
                writer.write(samples[window.slices])
            if stop == 99:
                writer.finish()
    assert sha256(tmp_path / "a.tif") == digest


@pytest.mark.long
def test_damaged_journals_never_crash(tmp_path, samples, digest):
    path = tmp_path / "a.tif"
    part, journal = begun(path, samples, 6)
    whole, stored = journal.read_bytes(), part.read_bytes()
    lines = whole.splitlines(keepends=True)
    rng = random.Random(0)
    for i in range(160):
        damaged = bytearray(whole)
        match i % 4:
            case 0:
                damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
            case 1:
                damaged = damaged[: rng.randrange(len(damaged))]
            case 2:
                damaged = b"".join(rng.sample(lines, rng.randrange(len(lines) + 1)))
            case _:
                at = rng.randrange(len(damaged))
                damaged[at : at + rng.randrange(9)] = rng.randbytes(rng.randrange(9))
        journal.write_bytes(damaged)
        part.write_bytes(stored)
        with writer_of(path, samples, **OPTIONS) as writer:
            assert 0 <= writer.done <= 6
            if i % 16 > 3 or i > 99:
                continue
            for window in writer.blocks[writer.done :]:
                writer.write(samples[window.slices])
            writer.finish()
        assert sha256(path) == digest


@pytest.mark.parametrize("share", [0.00001, 0.2, 0.85, 0.9999], ids=["start", "blocks", "copies", "directories"])
def test_a_full_disk_leaves_what_is_there(tmp_path, samples, digest, share):
    """The limit of a process on the size of its files stands for the disk."""
    path = tmp_path / "a.tif"
    write_pyramid(tmp_path / "whole.tif", samples, **OPTIONS)
    limit = int(share * (tmp_path / "whole.tif").stat().st_size)

    def work():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            write_pyramid(path, samples, **OPTIONS)
        except OSError as error:
            assert error.errno == errno.EFBIG
            os._exit(5 if error.filename in (f"{path}.part", f"{path}.journal") and error.strerror else 6)

    assert ended(forked(work)) == 5
    assert not path.exists()
    if share > 0.1:
        with writer_of(path, samples, **OPTIONS) as writer:
            assert writer.done > 0 and writer.note == ""
    write_pyramid(path, samples, **OPTIONS)
    assert sha256(path) == digest


def test_the_same_writer_goes_on_when_there_is_space(tmp_path, samples, digest):
    real, broken = os.pwrite, {"full": False}

    def pwrite(descriptor, data, offset):
        if not broken["full"]:
            return real(descriptor, data, offset)
        real(descriptor, data[: len(data) // 3], offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "a.tif"
    with patch.object(os, "pwrite", pwrite), writer_of(path, samples, **OPTIONS) as writer:
        for window in writer.blocks:
            broken["full"] = True
            with pytest.raises(OSError, match="No space left on device") as caught:
                writer.write(samples[window.slices])
            assert caught.value.filename == f"{path}.part"
            broken["full"] = False
            writer.write(samples[window.slices])
        broken["full"] = True
        with pytest.raises(OSError, match="No space"):
            writer.finish()
        broken["full"] = False
        writer.finish()
    assert sha256(path) == digest


MEMORY = """
import sys
import numpy as np
from viceversa.images import PyramidWriter
side, path = int(sys.argv[1]), sys.argv[2]
block = np.indices((1024, 1024, 3)).sum(axis=0).astype(np.uint8)
with PyramidWriter(path, size=(side, side), channels=3, key={}) as writer:
    for window in writer.blocks:
        writer.write(block[:window.height, :window.width])
    writer.finish()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked")
def test_memory_does_not_depend_on_the_size(tmp_path):
    """Peak memory of processes that write 0.05 and 0.3 gigapixels."""
    peaks = []
    for side in (7071, 17320):
        words = [sys.executable, "-c", MEMORY, str(side), str(tmp_path / "a.tif")]
        peaks.append(int(subprocess.run(words, capture_output=True, check=True, text=True).stdout))
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 200_000  # kB
