"""Writing files and folders: atomic, synced to disk, never half written."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from .errors import ResourceError


def sync(path: Path) -> None:
    """Make the content of a file, or the names inside a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, all of which survive a power cut."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def write_new(path: Path, data: bytes) -> None:
    """Write and sync a file that no reader knows yet (inside a folder still to be published)."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` in one step: a reader sees the old content or the new, nothing else."""
    make_folder(path.parent)
    draft = path.with_name(f".{path.name[:40]}.{threading.get_native_id()}.tmp")
    try:
        write_new(draft, data)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Write a large file under the name that this gives; when that succeeds it becomes `path`, in one step."""
    make_folder(path.parent)
    draft = path.with_name(f".{path.name[:40]}.{threading.get_native_id()}.tmp")
    try:
        yield draft
        sync(draft)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def remove_drafts(folder: Path) -> None:
    """Remove the drafts that killed writers left in `folder`; only its one writer may call this."""
    for draft in folder.glob(".*.[0-9]*.tmp"):
        if draft.is_file():
            draft.unlink()


def write_text(path: Path, text: str) -> None:
    """`write_bytes` in UTF-8."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """`write_bytes` as indented JSON, in ASCII, so that any file name can be stored."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can ever read; raises FileExistsError where there is one already."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)


def append_line(path: Path, line: str) -> None:
    """Append one line in a single write, so that a crash leaves whole lines behind. OSError when the disk is full."""
    data = line.encode() + b"\n"
    with open(path, "ab", buffering=0) as file:
        if file.write(data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def sha256(path: Path) -> str:
    """Hex digest of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish_folder(draft: Path, final: Path) -> None:
    """Rename a folder whose files are all synced to its final name."""
    sync(draft)
    os.rename(draft, final)
    sync(final.parent)


def publish_file(draft: Path, final: Path) -> None:
    """Give a file that is synced its final name, in place of the file that has it."""
    with naming(final):
        os.replace(draft, final)
        sync(final.parent)


def remove_folder(folder: Path) -> None:
    """Delete a folder; it is renamed first, so that no reader finds half of it."""
    if folder.suffix == ".tmp":
        shutil.rmtree(folder)
        return
    old = folder.with_name(f"{folder.name}.old.tmp")
    os.rename(folder, old)
    shutil.rmtree(old)


def require_space(folder: Path, needed: int) -> None:
    """Raise ResourceError unless `needed` bytes and a tenth more are free on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if free < needed * 1.1:
        raise ResourceError(
            f"disk full: {folder} has {free / 1e6:.0f} MB free and {needed * 1.1 / 1e6:.0f} MB are needed; "
            "free some space and run the same command again"
        )


def cache_home() -> Path:
    """The folder of data that can be computed again: $XDG_CACHE_HOME/viceversa, or ~/.cache/viceversa."""
    home = os.environ.get("XDG_CACHE_HOME")
    return Path(home or Path.home() / ".cache") / "viceversa"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """OSErrors of calls on descriptors state no file: they get this one."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


class GrowingFile:
    """A file that is written over a long time and read meanwhile. What `write` has written survives its process.

    A write that fails, as on a full disk, may leave a part of its bytes behind; the caller, who keeps count of what is
    complete, writes at the same place again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def open(self) -> None:
        """Open the file; a new one is made where there is none."""
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return os.fstat(self.descriptor).st_size

    def lock(self) -> bool:
        """Keep other processes from locking the file; false where one has, or has replaced the file of this name."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a file system without locks
        return not self.is_replaced

    @property
    def is_replaced(self) -> bool:
        """Whether the name leads to another file by now, or to none."""
        try:
            return not os.path.samestat(os.fstat(self.descriptor), os.stat(self.path))
        except FileNotFoundError:
            return True

    def read(self, at: int, size: int) -> bytes:
        """Bytes of the file, fewer where it ends before."""
        with naming(self.path):
            parts = []
            while size > 0 and (part := os.pread(self.descriptor, size, at)):
                parts.append(part)
                at, size = at + len(part), size - len(part)
            return b"".join(parts)

    def write(self, data: bytes, at: int) -> None:
        """Write all bytes at a place; OSError where the disk is full."""
        with naming(self.path):
            rest = memoryview(data)
            while rest:
                written = os.pwrite(self.descriptor, rest, at)
                at, rest = at + written, rest[written:]

    def cut(self, size: int) -> None:
        """Drop all bytes from a place on."""
        with naming(self.path):
            os.ftruncate(self.descriptor, size)

    def sync(self) -> None:
        """Make the content survive a power cut."""
        with naming(self.path):
            os.fsync(self.descriptor)

    def close(self) -> None:
        """Close the file and give up its lock."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Lock:
    """A lock that lets one process own a folder; the kernel releases it when the process ends, however it ends."""

    def __init__(self, folder: Path, advice: str = "wait for it or choose another --out") -> None:
        self.path, self.advice = folder / ".lock", advice

    def __enter__(self) -> "Lock":
        make_folder(self.path.parent)
        self.file = open(self.path, "a+")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.seek(0)
            owner = self.file.read().strip() or "another process"
            self.file.close()
            raise ResourceError(f"{self.path.parent} is in use by {owner}; {self.advice}") from None
        self.file.truncate(0)
        self.file.write(f"pid {os.getpid()} on {socket.gethostname()} since {time.strftime('%F %T')}")
        self.file.flush()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.file.close()
