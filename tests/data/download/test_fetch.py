"""Downloads go on where they stopped and are never believed; archives bring nothing but files below their folder."""

import hashlib
import io
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import tarfile
import time
import zipfile

import numpy as np
import pytest

from support.server import serve
from viceversa.data.download import fetch, unpack
from viceversa.data.download.fetch import File, Missing, Unreachable, download
from viceversa.data.download.unpack import Refused
from viceversa.errors import DataError, ResourceError

DATA = np.random.default_rng(0).bytes(1_500_000)
FILE = File("set.zip", len(DATA), hashlib.sha256(DATA).hexdigest(), hashlib.md5(DATA).hexdigest())
UNKNOWN = File("set.zip")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve() as server:
        server.files["/set.zip"] = DATA
        yield server


def get(server, folder, file=FILE, **options):
    return download(f"{server.url}set.zip", file, folder, wait=0.01, timeout=5, **options)


def part(folder, count, version='"v1"', url=""):
    """What a stopped download leaves."""
    (folder / "set.zip.part").write_bytes(DATA[:count])
    (folder / "set.zip.part.json").write_text(json.dumps({"url": url, "version": version}))


def test_a_whole_file_with_progress(server, tmp_path):
    progress = []
    path = get(server, tmp_path / "new", on_progress=lambda size, total: progress.append((size, total)))
    assert path.read_bytes() == DATA
    assert os.listdir(tmp_path / "new") == ["set.zip"]  # no part and no info file
    assert progress[-1] == (len(DATA), len(DATA)) and progress == sorted(progress) and len(progress) > 3
    get(server, tmp_path / "new")
    assert len(server.requests) == 1  # an existing file is not downloaded again


def test_a_cut_connection_is_continued(server, tmp_path):
    server.cuts = [600_000, 300_000]
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.requests == [
        ("/set.zip", None, None),
        ("/set.zip", "bytes=600000-", '"v1"'),
        ("/set.zip", "bytes=900000-", '"v1"'),
    ]


def test_another_process_continues_the_part(server, tmp_path):
    part(tmp_path, 1_000_000, url=f"{server.url}set.zip")
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.requests == [("/set.zip", "bytes=1000000-", '"v1"')]


def test_a_complete_part_needs_no_server(tmp_path):
    part(tmp_path, len(DATA))
    assert download("http://127.0.0.1:9/set.zip", FILE, tmp_path).read_bytes() == DATA


def test_a_whole_part_of_unknown_size_is_recognised(server, tmp_path):
    part(tmp_path, len(DATA), url=f"{server.url}set.zip")
    assert get(server, tmp_path, UNKNOWN).read_bytes() == DATA
    assert server.requests == [("/set.zip", f"bytes={len(DATA)}-", '"v1"')]  # answered 416: nothing behind it


@pytest.mark.parametrize("file", [FILE, UNKNOWN], ids=["known", "unknown"])
def test_a_part_that_is_too_long_starts_again(server, tmp_path, file):
    part(tmp_path, len(DATA), url=f"{server.url}set.zip")
    with open(tmp_path / "set.zip.part", "ab") as more:
        more.write(b"more")
    assert get(server, tmp_path, file).read_bytes() == DATA


def test_a_server_without_ranges_starts_again(server, tmp_path):
    server.ranges, server.cuts = False, [600_000]
    assert get(server, tmp_path).read_bytes() == DATA
    assert [range_ for _, range_, _ in server.requests] == [None, "bytes=600000-"]


def test_a_file_that_changed_in_between_starts_again(server, tmp_path):
    part(tmp_path, 1_000_000, version='"v0"', url=f"{server.url}set.zip")
    (tmp_path / "set.zip.part").write_bytes(b"\0" * 1_000_000)  # bytes of the old version
    assert get(server, tmp_path, UNKNOWN).read_bytes() == DATA
    assert server.requests == [("/set.zip", "bytes=1000000-", '"v0"')]


@pytest.mark.parametrize("version", ["", 'W/"weak"'])
def test_bytes_of_an_unknown_version_are_not_mixed(server, tmp_path, version):
    server.version, server.cuts = version, [600_000]
    assert get(server, tmp_path).read_bytes() == DATA
    assert [range_ for _, range_, _ in server.requests] == [None, None]


def test_a_part_of_another_address_is_not_continued(server, tmp_path):
    part(tmp_path, 1_000_000, url="https://example.org/set.zip")
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.requests == [("/set.zip", None, None)]


@pytest.mark.parametrize("torn", ["", "[]", "{", '{"url": 3}'])
def test_a_damaged_info_file_is_ignored(server, tmp_path, torn):
    part(tmp_path, 1_000)
    (tmp_path / "set.zip.part.json").write_text(torn)
    assert get(server, tmp_path).read_bytes() == DATA


def test_a_file_of_unknown_length(server, tmp_path):
    server.length = False
    assert get(server, tmp_path).read_bytes() == DATA


@pytest.mark.parametrize(
    "file", [File("set.zip", sha256="0" * 64), File("set.zip", md5="0" * 32), File("set.zip", len(DATA) - 1)]
)
def test_a_file_that_differs_from_the_stated_one_is_removed(server, tmp_path, file):
    with pytest.raises(DataError, match=r"instead of (0000|1499999)") as caught:
        get(server, tmp_path, file)
    assert "\n" not in str(caught.value) and "--from" in str(caught.value)
    assert not (tmp_path / "set.zip").exists()


def test_an_endless_answer_ends(server, tmp_path):
    server.length = False
    with pytest.raises(DataError, match="instead of 100"):
        get(server, tmp_path, File("set.zip", 100))
    assert not list(tmp_path.glob("set.zip"))


def test_a_missing_file_is_reported_at_once(server, tmp_path):
    with pytest.raises(Missing, match=r"other\.zip is not to be had \(404 Not Found\).*--from"):
        download(f"{server.url}other.zip", FILE, tmp_path)
    with pytest.raises(Missing, match="does not exist"):
        download((tmp_path / "nowhere.zip").as_uri(), FILE, tmp_path)
    with pytest.raises(DataError, match="begins with https, http, file"):
        download("ftp://example.org/set.zip", FILE, tmp_path)
    assert len(server.requests) == 1


def test_a_busy_server_gets_the_request_again(server, tmp_path):
    server.answers = [503, 429]
    assert get(server, tmp_path).read_bytes() == DATA


def test_without_connection_the_message_names_the_bytes_kept(server, tmp_path):
    server.cuts = [600_000, 0, 0, 0, 0]
    with pytest.raises(Unreachable, match=r"0\.6 MB are kept; check the network.*run the same command again"):
        get(server, tmp_path)
    assert len(server.requests) == fetch.MAX_TRIES
    server.cuts = []
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.requests[-1][1] == "bytes=600000-"
    with pytest.raises(Unreachable, match="refused"):
        download("http://127.0.0.1:9/x.zip", File("x.zip"), tmp_path, wait=0.001)


def test_a_stalled_server_times_out(server, tmp_path):
    server.answer = lambda handler: time.sleep(0.3)
    with pytest.raises(Unreachable, match="timed out"):
        download(f"{server.url}set.zip", FILE, tmp_path, wait=0.001, timeout=0.05)


def test_a_file_url_is_copied(tmp_path):
    (tmp_path / "set.zip").write_bytes(DATA)
    assert download((tmp_path / "set.zip").as_uri(), FILE, tmp_path / "to").read_bytes() == DATA


def test_too_little_space_is_reported_before_the_download(server, tmp_path):
    server.files["/set.zip"] = b""
    server.answer = lambda handler: (
        handler.send_response(200),
        handler.send_header("Content-Length", str(10**15)),
        handler.end_headers(),
    )
    with pytest.raises(ResourceError, match="disk full"):
        get(server, tmp_path, UNKNOWN)


def test_a_disk_that_fills_is_reported_in_one_line(server, tmp_path):
    ignore = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limit[1]))
    try:
        with pytest.raises(ResourceError, match=r"cannot be written \(File too large\)"):
            get(server, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignore)
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.requests[-1][1] is not None  # continued after the bytes that fitted


@pytest.mark.long
def test_ctrl_c_keeps_the_part(server, tmp_path):
    arrived = []

    def slowly(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(DATA)))
        handler.send_header("ETag", '"v1"')
        handler.end_headers()
        handler.wfile.write(DATA[:1_000_000])
        handler.wfile.flush()
        arrived.append(True)
        time.sleep(1.5)

    answer, server.answer = server.answer, slowly
    code = (
        "import sys; from pathlib import Path; from viceversa.data.download.fetch import File, download;"
        "download(sys.argv[1], File('set.zip'), Path(sys.argv[2]))"
    )
    words = [sys.executable, "-c", code, f"{server.url}set.zip", str(tmp_path)]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    piece = tmp_path / "set.zip.part"
    while not (arrived and piece.exists() and piece.stat().st_size >= 700_000):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait() != 0
    server.answer = answer
    kept = piece.stat().st_size
    assert kept and DATA.startswith(piece.read_bytes())
    assert get(server, tmp_path).read_bytes() == DATA
    assert server.requests == [("/set.zip", f"bytes={kept}-", '"v1"')]


# archives


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            out.writestr(name, content)
    return path


def tarred(path, members):
    """A tar.gz of (name or TarInfo, content)."""
    with tarfile.open(path, "w:gz") as out:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
    return path


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


GOOD = [("top/trainA/1.jpg", b"one"), ("top/trainB/2.jpg", b"two" * 1000), ("./top/deep/er/3.txt", b"")]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_is_unpacked_whole(tmp_path, pack):
    clutter = [("__MACOSX/top/._1.jpg", b"x"), ("top/.DS_Store", b"x")]
    archive = pack(tmp_path / "a", GOOD + clutter)
    counts = []
    assert unpack.unpack(archive, tmp_path / "to", counts.append) == 3
    found = {str(p.relative_to(tmp_path / "to")): p.read_bytes() for p in (tmp_path / "to").rglob("*") if p.is_file()}
    assert found == {name.removeprefix("./"): content for name, content in GOOD}
    assert counts == [1, 2, 3]


def test_folders_of_an_archive_do_not_count_as_members(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as out:
        (tmp_path / "src" / "trainA").mkdir(parents=True)
        (tmp_path / "src" / "trainA" / "1.jpg").write_bytes(b"one")
        out.add(tmp_path / "src", ".")
    assert unpack.unpack(tmp_path / "a.tar", tmp_path / "to") == 1


HOSTILE = {
    "zip up": (zipped, [("a/1", b""), ("../out", b"x")], "leads out"),
    "zip deep up": (zipped, [("a/../../out", b"x")], "leads out"),
    "zip absolute": (zipped, [("/tmp/out", b"x")], "leads out"),
    "zip windows": (zipped, [("..\\out", b"x")], "leads out"),
    "zip drive": (zipped, [("C:out", b"x")], "leads out"),
    "zip long": (zipped, [("a" * 300, b"x")], "leads out"),
    "zip link": (zipped, [(link("a"), b"/etc/passwd")], "a link or device"),
    "zip twice": (zipped, [("a/1", b"1"), ("a/1", b"2")], "holds a/1 twice"),
    "zip file as folder": (zipped, [("a", b"1"), ("a/1", b"2")], "holds a/1 twice"),
    "zip folder as file": (zipped, [("a/1", b"1"), ("a", b"2")], "holds a twice"),
    "zip bomb": (zipped, [("a", b"\0" * 70_000_000)], "would unpack to more than"),
    "tar up": (tarred, [("a/1", b""), ("../out", b"x")], "leads out"),
    "tar absolute": (tarred, [("/tmp/out", b"x")], "leads out"),
    "tar link": (tarred, [(special("a", tarfile.SYMTYPE, "/etc"), b""), ("a/passwd", b"x")], "a link or device"),
    "tar hard link": (tarred, [(special("a", tarfile.LNKTYPE, "/etc/passwd"), b"")], "a link or device"),
    "tar device": (tarred, [(special("a", tarfile.CHRTYPE), b"")], "a link or device"),
    "tar pipe": (tarred, [(special("a", tarfile.FIFOTYPE), b"")], "a link or device"),
    "tar bomb": (tarred, [(f"{i}", b"\0" * 10_000_000) for i in range(8)], "would unpack to more than"),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_archive_is_refused(tmp_path, case):
    pack, members, message = HOSTILE[case]
    archive = pack(tmp_path / "set", members)
    inside = tmp_path / "in" / "to"
    with pytest.raises(Refused, match=message) as caught:
        unpack.unpack(archive, inside)
    assert "\n" not in str(caught.value)
    written = [path for path in tmp_path.rglob("*") if path.is_symlink() or path.is_file()]
    assert all(path == archive or inside in path.parents for path in written)
    assert not any(path.is_symlink() for path in written)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_damaged_archive_is_refused(tmp_path, pack):
    data = pack(tmp_path / "set", [("a/1", DATA[:5_000]), ("a/2", DATA[5_000:9_000])]).read_bytes()
    for damaged in (data[:3_000], data[:2_000] + b"\0" * 50 + data[2_050:], b"<html>moved</html>", b""):
        (tmp_path / "set").write_bytes(damaged)
        with pytest.raises(Refused, match="is damaged"):
            unpack.unpack(tmp_path / "set", tmp_path / "to")


def test_an_encrypted_archive_is_refused(tmp_path):
    data = bytearray(zipped(tmp_path / "set", [("a", b"one")]).read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "set").write_bytes(data)
    with pytest.raises(Refused, match="password"):
        unpack.unpack(tmp_path / "set", tmp_path / "to")
