"""Unpack an untrusted archive: regular files below one folder only."""

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from ...errors import DataError
from ...files import make_folder, require_space, sync, write_new

GROWTH, SPARE = 8, 64_000_000  # an archive of n bytes may hold up to GROWTH n + SPARE; images hardly shrink
MAX_MEMBERS = 200_000
MAX_NAME = 200  # bytes
BLOCK = 1 << 20  # bytes read at once
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, RuntimeError)


class Refused(DataError):
    """An archive that is damaged or hostile."""

    def __init__(self, archive: Path, reason: str) -> None:
        super().__init__(f"{archive.name} {reason}; it was not unpacked, name another mirror with --from")


Member = tuple[str, int, Callable[[], IO[bytes]]]  # name, declared size, how to open it


def unpack(archive: Path, folder: Path, on_progress: Callable[[int], None] | None = None) -> int:
    """Write the files of a zip or tar archive below `folder`, synced; returns how many there are.

    Raises Refused for an absolute path, `..`, link, device, name used twice, encrypted or damaged member, or more
    content than such an archive can hold; `folder` may then hold some of the files.
    """
    limit = archive.stat().st_size * GROWTH + SPARE
    members = _zip(archive, limit) if zipfile.is_zipfile(archive) else _tar(archive, limit)
    names: set[PurePosixPath] = set()
    folders: set[PurePosixPath] = set()
    total = 0
    try:
        for name, size, open_member in members:
            path = _safe(name, archive)
            total += size
            if total > limit or len(names) >= MAX_MEMBERS:
                raise Refused(archive, f"would unpack to more than {limit / 1e6:.0f} MB")
            if path in names or path in folders or names & set(path.parents):
                raise Refused(archive, f"holds {path} twice")
            if _is_hidden(path):
                continue
            names.add(path)
            folders.update(path.parents)
            with open_member() as file:
                data = file.read(size + 1)
            if len(data) != size:
                raise Refused(archive, f"{path} is not as long as declared")
            make_folder(folder / path.parent)
            write_new(folder / path, data)
            if on_progress:
                on_progress(len(names))
    except DAMAGE as e:
        raise Refused(archive, f"is damaged ({e})") from None
    for below in folders:
        sync(folder / below)
    return len(names)


def _zip(archive: Path, limit: int) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as content:
        infos = [info for info in content.infolist() if not info.is_dir()]
        require_space(archive.parent, min(limit, sum(info.file_size for info in infos)))
        for info in infos:
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise Refused(archive, f"holds {info.filename!r}, a link or device")
            yield info.filename, info.file_size, lambda info=info: content.open(info)  # type: ignore[misc]


def _tar(archive: Path, limit: int) -> Iterator[Member]:
    with open(archive, "rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    with tarfile.open(archive, "r:gz" if is_gzip else "r:") as content:
        for info in content:
            if info.isdir():
                continue
            if not info.isreg():
                raise Refused(archive, f"holds {info.name!r}, a link or device")
            yield info.name, info.size, lambda info=info: content.extractfile(info)  # type: ignore[misc]

        rest = 0
        while content.fileobj and rest <= limit and (block := content.fileobj.read(BLOCK)):
            rest += len(block)  # reads to the end, where gzip checks its checksum


def _safe(name: str, archive: Path) -> PurePosixPath:
    """The path of a member below the folder; Refused where it would lead out of it."""
    path = PurePosixPath(name)
    parts = path.parts
    if (
        not parts
        or path.is_absolute()
        or ".." in parts
        or any(mark in name for mark in "\\:\0")
        or any(len(part.encode(errors="surrogatepass")) > MAX_NAME for part in parts)
    ):
        raise Refused(archive, f"holds {name[:80]!r}, which leads out of its folder")
    return path


def _is_hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
