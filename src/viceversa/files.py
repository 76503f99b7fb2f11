"""Every write of the package: atomic, synced to disk, never half there."""

import fcntl
import hashlib
import json
import os
import shutil
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from .errors import ResourceError


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_new(path: Path, data: bytes) -> None:
    """Write and sync a file that no reader knows yet (inside a folder still to be published)."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` in one step: a reader sees the old content or the new, nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:80]}.{os.getpid()}.tmp")
    try:
        write_new(draft, data)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """`write_bytes` in UTF-8."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """`write_bytes` as indented JSON."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def append_line(path: Path, line: str) -> None:
    """Append one line in a single write, so that a crash leaves whole lines behind."""
    with open(path, "ab", buffering=0) as file:
        file.write(line.encode() + b"\n")


def sha256(path: Path) -> str:
    """Hex digest of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish_folder(draft: Path, final: Path) -> None:
    """Give a fully synced draft folder its name: from here on it exists."""
    sync_folder(draft)
    os.rename(draft, final)
    sync_folder(final.parent)


def remove_folder(folder: Path) -> None:
    """Delete a folder; it loses its name first, so that no reader finds half of it."""
    doomed = folder.with_name(f"{folder.name}.tmp")
    if folder != doomed:
        os.rename(folder, doomed)
    shutil.rmtree(doomed)


def require_space(folder: Path, needed: int) -> None:
    """Raise ResourceError unless `needed` bytes and a tenth more are free on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if free < needed * 1.1:
        raise ResourceError(
            f"disk full: {folder} has {free / 1e6:.0f} MB free and {needed * 1.1 / 1e6:.0f} MB are needed; "
            "free some space and run the same command again"
        )


class Lock:
    """One owner of a folder; the kernel releases it when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"

    def __enter__(self) -> "Lock":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, "a+")  # noqa: SIM115 - held open for as long as the lock is
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.seek(0)
            owner = self.file.read().strip() or "another process"
            self.file.close()
            raise ResourceError(
                f"{self.path.parent} is in use by {owner}; wait for it or choose another --out"
            ) from None
        self.file.truncate(0)
        self.file.write(f"pid {os.getpid()} on {socket.gethostname()} since {time.strftime('%F %T')}")
        self.file.flush()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.file.close()
