"""Download one file: resumed after an interruption, verified, and renamed only when complete."""

import hashlib
import http.client
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ...errors import DataError, ResourceError
from ...files import make_folder, require_space, sha256, sync, write_json

CHUNK = 1 << 18  # bytes
TIMEOUT = 30.0  # seconds without a byte
MAX_TRIES = 4  # in a row without a new byte
TEMPORARY = frozenset((408, 425, 429, 500, 502, 503, 504))  # statuses after which a request is repeated
SCHEMES = ("https", "http", "file")

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class File:
    """A file on a server: its name, and its size and digest as a public source states them."""

    name: str
    size: int | None = None  # bytes
    sha256: str = ""
    md5: str = ""


class Missing(DataError):
    """The server does not have the file or refuses to send it; another server may."""


class Unreachable(ResourceError):
    """No network, no such server, or it does not answer."""


def download(
    url: str,
    file: File,
    folder: Path,
    *,
    on_progress: Progress | None = None,
    wait: float = 1.0,
    timeout: float = TIMEOUT,
) -> Path:
    """Download `url` to `folder/file.name`; the `.part` file of an interrupted call is continued.

    Raises Missing when the server has no such file, DataError when its digest differs (it is removed), Unreachable
    without network, ResourceError without disk space. `wait` is the first of the growing pauses, in seconds.
    """
    if url.partition(":")[0] not in SCHEMES:
        raise DataError(f"{url} is no address to fetch from; it begins with {', '.join(SCHEMES)}")
    final, part = folder / file.name, Part(folder / f"{file.name}.part", url)
    if not final.is_file():
        make_folder(folder)
        _receive_all(part, file, on_progress, wait, timeout)
        os.replace(part.path, final)
        part.info_file.unlink(missing_ok=True)
        sync(folder)
    _verify(final, file, url)
    return final


def begun_at(file: File, folder: Path) -> str:
    """The address from which a part of the file was downloaded; empty when there is none."""
    part = Part(folder / f"{file.name}.part", "")
    return str(part.info().get("url", "")) if part.size else ""


class Part:
    """The downloaded part of a file, and beside it a JSON file with its address and version."""

    def __init__(self, path: Path, url: str) -> None:
        self.path, self.url, self.info_file = path, url, path.with_name(f"{path.name}.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def info(self) -> dict[str, Any]:
        """The content of the JSON file; empty where it is missing or damaged."""
        try:
            info = json.loads(self.info_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return info if isinstance(info, dict) else {}

    def version(self) -> str:
        """The version (ETag or date) that the server stated for these bytes; empty when unknown."""
        info = self.info()
        return str(info.get("version", "")) if info.get("url") == self.url else ""

    def restart(self, version: str) -> None:
        """Drop all bytes; those to come are of `version`."""
        self.path.unlink(missing_ok=True)
        write_json(self.info_file, {"url": self.url, "version": version})


def _receive_all(part: Part, file: File, on_progress: Progress | None, wait: float, timeout: float) -> None:
    """Repeat the request until the file is complete; Unreachable after MAX_TRIES without a new byte."""
    tries = 0
    while part.size == 0 or part.size != file.size:
        before = part.size
        reason: object = "the connection broke off"
        try:
            if _receive(part, file, on_progress, timeout):
                return
        except (OSError, http.client.HTTPException) as e:
            if _is_whole(part, e):
                return
            reason = e
        tries = tries + 1 if part.size <= before else 1
        if tries >= MAX_TRIES:
            raise _unreachable(part, reason)
        time.sleep(wait * 2 ** (tries - 1))


def _receive(part: Part, file: File, on_progress: Progress | None, timeout: float) -> bool:
    """Append the answer to one request to the part; False when it ended early."""
    headers = {"User-Agent": "viceversa", "Accept-Encoding": "identity"}
    version = part.version()
    if part.size and version:  # without a version, old and new bytes could be of two files
        headers |= {"Range": f"bytes={part.size}-", "If-Range": version}
    request = urllib.request.Request(part.url, headers=headers)

    with urllib.request.urlopen(request, timeout=timeout) as answer:
        if answer.status != 206 or not _begins_at(answer.headers, part.size):
            part.restart(_version(answer.headers))
            if answer.status == 206:
                return False

        start = part.size
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length and length.isdecimal() else file.size
        if file.size is not None and total != file.size:
            raise DataError(
                f"{part.url} has {total} bytes instead of {file.size}; it is another file, try another --from"
            )
        require_space(part.path.parent, (total or 0) - start)
        _append(answer, part, start, total, on_progress)
    return total is None or part.size >= total


def _append(answer: IO[bytes], part: Part, size: int, total: int | None, on_progress: Progress | None) -> None:
    """Write an answer to the part of `size` bytes, also when the connection breaks."""
    try:
        with open(part.path, "ab") as out:
            while block := answer.read(CHUNK):
                _store(out, block)
                size += len(block)
                if on_progress:
                    on_progress(size, total)
                if total and size > total:
                    break
            out.flush()
            os.fsync(out.fileno())
    except http.client.IncompleteRead as e:
        with open(part.path, "ab") as out:
            _store(out, e.partial)
        raise


def _store(out: IO[bytes], block: bytes) -> None:
    try:
        out.write(block)
    except OSError as e:
        raise ResourceError(
            f"{out.name} cannot be written ({e.strerror}); free some space and run the same command again"
        ) from None


def _begins_at(headers: Any, offset: int) -> bool:
    return str(headers.get("Content-Range", "")).startswith(f"bytes {offset}-")


def _version(headers: Any) -> str:
    """A strong ETag or else the date, which If-Range (RFC 9110, section 13.1.5) may carry."""
    tag = str(headers.get("ETag") or "")
    return tag if tag.startswith('"') else str(headers.get("Last-Modified") or "")


def _is_whole(part: Part, error: Exception) -> bool:
    """True if the error means that the part is complete; raises where repeating the request is useless."""
    reason = getattr(error, "reason", None)
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        if error.code == 416:  # the requested bytes lie behind the end
            if error.headers.get("Content-Range") == f"bytes */{part.size}":
                return True
            part.restart("")
        elif error.code not in TEMPORARY:
            raise Missing(
                f"{part.url} is not to be had ({error.code} {error.reason}); the set may have moved, "
                "name a mirror of it with --from"
            ) from None
    elif isinstance(reason, FileNotFoundError | IsADirectoryError):
        raise Missing(f"{part.url} does not exist; check --from") from None
    elif isinstance(reason, socket.gaierror):
        raise _unreachable(part, reason) from None
    return False


def _unreachable(part: Part, error: object) -> Unreachable:
    reason = getattr(error, "reason", None) or error
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    kept = f"; {part.size / 1e6:.1f} MB are kept" if part.size else ""
    return Unreachable(
        f"cannot fetch {part.url} ({text}){kept}; "
        "check the network or name a mirror with --from, then run the same command again"
    )


def _verify(path: Path, file: File, url: str) -> None:
    """Remove the file and raise DataError unless it has the stated size and digest."""
    wrong = _mismatch(path, file)
    if wrong:
        path.unlink()
        raise DataError(
            f"{url} gave another file ({wrong}); it was removed, "
            "run the same command again or name a mirror with --from"
        )


def _mismatch(path: Path, file: File) -> str:
    """The first difference from the stated size, SHA-256 and MD5; empty when there is none."""
    size = path.stat().st_size
    if file.size not in (None, size):
        return f"{size} bytes instead of {file.size}"
    if file.sha256:
        digest = sha256(path)
        if digest != file.sha256:
            return f"SHA-256 {digest[:12]}... instead of {file.sha256[:12]}..."
    if file.md5:
        with open(path, "rb") as content:
            digest = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if digest != file.md5:
            return f"MD5 {digest} instead of {file.md5}"
    return ""
