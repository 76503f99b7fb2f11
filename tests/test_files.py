"""Writing: a reader sees the old content or the new, at whatever call the process dies or the disk refuses."""

import errno
import json
import os
import socket
from pathlib import Path

import pytest

from support.faults import Disk, in_child
from viceversa import files
from viceversa.errors import ResourceError

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EMFILE)


def calls_of(path: Path) -> int:
    with Disk().mounted() as disk:
        files.write_bytes(path, b"old" * 100)
    return len(disk.calls)


def raising(number: int):
    def act(disk):
        raise OSError(number, os.strerror(number), "disk")

    return act


@pytest.mark.parametrize("death", [lambda disk: os._exit(9), Disk.power_cut], ids=["killed", "power cut"])
def test_a_death_at_any_call_leaves_the_old_content_or_the_new(tmp_path, death):
    path = tmp_path / "value.json"
    points = calls_of(path)
    assert points >= 6  # open, write, fsync, replace, open folder, fsync folder
    for i in range(points):
        files.write_bytes(path, b"old" * 100)

        def write(announce, at=i):
            with Disk(at, death).mounted():
                files.write_bytes(path, b"new" * 200)

        code, _ = in_child(write)
        assert code == 9
        assert path.read_bytes() in (b"old" * 100, b"new" * 200), i
    files.remove_drafts(tmp_path)
    assert os.listdir(tmp_path) == ["value.json"]


def test_what_was_announced_survives_a_power_cut_in_new_folders(tmp_path):
    path = tmp_path / "a" / "b" / "value.txt"

    def write(announce):
        disk = Disk()
        with disk.mounted():
            files.write_text(path, "kept")
        announce("written")
        disk.power_cut()

    assert in_child(write) == (9, ["written"])
    assert path.read_text() == "kept"


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
def test_an_error_at_any_call_is_raised_and_leaves_no_draft(tmp_path, number):
    path = tmp_path / "value.json"
    for i in range(calls_of(path)):
        files.write_bytes(path, b"old")
        with pytest.raises(OSError) as error, Disk(i, raising(number)).mounted():
            files.write_bytes(path, b"new")
        assert error.value.errno == number
        assert path.read_bytes() in (b"old", b"new")
        assert os.listdir(tmp_path) == ["value.json"]


def test_values_come_back(tmp_path):
    files.write_json(tmp_path / "new" / "a.json", {"ü": [1, 2.5, None]})
    assert json.loads((tmp_path / "new" / "a.json").read_text()) == {"ü": [1, 2.5, None]}
    files.write_text(tmp_path / ("n" * 250), "a very long name")
    assert (tmp_path / ("n" * 250)).read_text() == "a very long name"
    for line in ("one", "two"):
        files.append_line(tmp_path / "lines", line)
    assert (tmp_path / "lines").read_text() == "one\ntwo\n"


def test_a_torn_line_is_an_error(tmp_path, monkeypatch):
    class Half:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, data):
            return len(data) // 2

    monkeypatch.setattr(files, "open", lambda *_, **__: Half(), raising=False)
    with pytest.raises(OSError, match="No space left"):
        files.append_line(tmp_path / "lines", "a line")


def test_a_folder_is_removed_beside_leftovers_of_a_killed_removal(tmp_path):
    for name in ("step-5", "step-5.tmp"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    files.remove_folder(tmp_path / "step-5")
    assert os.listdir(tmp_path) == ["step-5.tmp"]
    files.remove_folder(tmp_path / "step-5.tmp")
    assert os.listdir(tmp_path) == []


def test_too_little_space_says_what_is_missing(tmp_path):
    with pytest.raises(ResourceError, match=r"disk full: .* MB free and 1\d+ MB are needed"):
        files.require_space(tmp_path, 10**17)
    files.require_space(tmp_path, 1)


@pytest.mark.long
def test_a_lock_has_one_owner_among_eight(tmp_path):
    for _ in range(20):
        gate, release = os.pipe()
        results, report = os.pipe()
        children = []
        for _ in range(8):
            child = os.fork()
            if child == 0:
                os.close(release)
                try:
                    with files.Lock(tmp_path):
                        os.write(report, b"won  ")
                        os.read(gate, 1)  # until the parent closes it
                except ResourceError as e:
                    os.write(report, b"lost " if "in use by" in str(e) else b"odd  ")
                os._exit(0)
            children.append(child)
        os.close(gate)
        os.close(report)
        outcomes = b""
        while len(outcomes) < 40:
            outcomes += os.read(results, 40 - len(outcomes))
        os.close(release)
        os.close(results)
        for child in children:
            os.waitpid(child, 0)
        assert sorted(outcomes.split()) == [b"lost"] * 7 + [b"won"]


def test_a_lock_names_its_owner_and_dies_with_it(tmp_path):
    with (
        files.Lock(tmp_path),
        pytest.raises(ResourceError, match=rf"in use by pid {os.getpid()} on {socket.gethostname()} since"),
        files.Lock(tmp_path),
    ):
        pass

    def take(announce):
        files.Lock(tmp_path).__enter__()
        os.kill(os.getpid(), 9)

    assert in_child(take)[0] == -9
    with files.Lock(tmp_path):
        pass
