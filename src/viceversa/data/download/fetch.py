"""Download one file: resumed where it stopped, checked against what is known of it, published whole."""

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
TRIES = 4  # in a row without a new byte
AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))  # answers that may be another in a while
SCHEMES = ("https", "http", "file")

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class File:
    """A file on a server: its name, and what a public source states of it."""

    name: str
    size: int | None = None  # bytes
    sha256: str = ""
    md5: str = ""


class Missing(DataError):
    """The server does not have or does not give the file; another may."""


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
    """Fetch `url` to `folder/file.name`; what a stopped call left in `.part` is gone on from.

    Raises Missing when the server has no such file, DataError when it is not the stated one (it is removed),
    Unreachable without network, ResourceError without space. `wait` is the first of the growing pauses, in seconds.
    """
    if url.partition(":")[0] not in SCHEMES:
        raise DataError(f"{url} is no address to fetch from; it begins with {', '.join(SCHEMES)}")
    final, part = folder / file.name, Part(folder / f"{file.name}.part", url)
    if not final.is_file():
        make_folder(folder)
        _receive_all(part, file, on_progress, wait, timeout)
        os.replace(part.path, final)
        part.card.unlink(missing_ok=True)
        sync(folder)
    _verify(final, file, url)
    return final


def begun(file: File, folder: Path) -> str:
    """The address that a part of the file came from; empty when there is none."""
    part = Part(folder / f"{file.name}.part", "")
    return str(part.told().get("url", "")) if part.have else ""


class Part:
    """The bytes that are there, and of which version of the file they are."""

    def __init__(self, path: Path, url: str) -> None:
        self.path, self.url, self.card = path, url, path.with_name(f"{path.name}.json")

    @property
    def have(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def told(self) -> dict[str, Any]:
        """What the card says of the bytes; nothing when there is none."""
        try:
            card = json.loads(self.card.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            card = None
        return card if isinstance(card, dict) else {}

    def version(self) -> str:
        """What the server called the version (ETag or date) that these bytes are of; empty when unknown."""
        told = self.told()
        return str(told.get("version", "")) if told.get("url") == self.url else ""

    def restart(self, version: str) -> None:
        self.path.unlink(missing_ok=True)
        write_json(self.card, {"url": self.url, "version": version})


def _receive_all(part: Part, file: File, on_progress: Progress | None, wait: float, timeout: float) -> None:
    """Ask again and again, as long as each try or one of the next brings bytes."""
    tries = 0
    while part.have == 0 or part.have != file.size:
        before = part.have
        reason: object = "the connection broke off"
        try:
            if _receive(part, file, on_progress, timeout):
                return
        except (OSError, http.client.HTTPException) as e:
            if _is_whole(part, e):
                return
            reason = e
        tries = tries + 1 if part.have <= before else 1
        if tries >= TRIES:
            raise _unreachable(part, reason)
        time.sleep(wait * 2 ** (tries - 1))


def _receive(part: Part, file: File, on_progress: Progress | None, timeout: float) -> bool:
    """One request: append what comes to the part; False when it ended early."""
    headers = {"User-Agent": "viceversa", "Accept-Encoding": "identity"}
    version = part.version()
    if part.have and version:  # without a version, old and new bytes could be of two files
        headers |= {"Range": f"bytes={part.have}-", "If-Range": version}
    request = urllib.request.Request(part.url, headers=headers)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        if answer.status != 206 or not _begins_at(answer.headers, part.have):
            part.restart(_version(answer.headers))
            if answer.status == 206:
                return False
        have = part.have
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length and length.isdecimal() else file.size
        if file.size is not None and total != file.size:
            raise DataError(
                f"{part.url} has {total} bytes instead of {file.size}; it is another file, try another --from"
            )
        require_space(part.path.parent, (total or 0) - have)
        _append(answer, part, have, total, on_progress)
    return total is None or part.have >= total


def _append(answer: IO[bytes], part: Part, have: int, total: int | None, on_progress: Progress | None) -> None:
    try:
        with open(part.path, "ab") as out:
            while block := answer.read(CHUNK):
                _store(out, block)
                have += len(block)
                if on_progress:
                    on_progress(have, total)
                if total and have > total:
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


def _begins_at(headers: Any, have: int) -> bool:
    return str(headers.get("Content-Range", "")).startswith(f"bytes {have}-")


def _version(headers: Any) -> str:
    """A strong ETag or else the date: what If-Range (RFC 9110, section 13.1.5) may carry."""
    tag = str(headers.get("ETag") or "")
    return tag if tag.startswith('"') else str(headers.get("Last-Modified") or "")


def _is_whole(part: Part, error: Exception) -> bool:
    """Whether the error says that nothing is left to fetch; raises when asking again is of no use."""
    reason = getattr(error, "reason", None)
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        if error.code == 416:  # the bytes asked for lie behind the end
            if error.headers.get("Content-Range") == f"bytes */{part.have}":
                return True
            part.restart("")
        elif error.code not in AGAIN:
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
    kept = f"; {part.have / 1e6:.1f} MB are kept" if part.have else ""
    return Unreachable(
        f"cannot fetch {part.url} ({text}){kept}; "
        "check the network or name a mirror with --from, then run the same command again"
    )


def _verify(path: Path, file: File, url: str) -> None:
    """Remove the file and raise DataError unless it is what is stated of it."""
    found = path.stat().st_size
    wrong = f"{found} bytes instead of {file.size}" if file.size not in (None, found) else ""
    if file.sha256 and not wrong and (digest := sha256(path)) != file.sha256:
        wrong = f"SHA-256 {digest[:12]}... instead of {file.sha256[:12]}..."
    if file.md5 and not wrong:
        with open(path, "rb") as content:
            digest = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        wrong = f"MD5 {digest} instead of {file.md5}" if digest != file.md5 else ""
    if wrong:
        path.unlink()
        raise DataError(
            f"{url} gave another file ({wrong}); it was removed, "
            "run the same command again or name a mirror with --from"
        )
