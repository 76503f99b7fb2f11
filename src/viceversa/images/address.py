"""Paths that name a part of an image file: a page, a half, or a window."""

import os
import re
from typing import NamedTuple

from .windows import Window

LEFT, RIGHT = "#left", "#right"  # after a file's name: that half of an image with two sides
PAGE = re.compile(r"#([1-9]\d{0,8})$")  # after a file's name: that page of it, from 1
WINDOW = re.compile(r"#(\d{1,10}),(\d{1,10}),(\d{1,10}),(\d{1,10})$")  # left, top, width, height in full pixels


class Address(NamedTuple):
    """A file, and the part of it that a path names."""

    file: str
    page: int  # from 0
    half: str  # "", LEFT or RIGHT
    window: Window | None = None


def address_of(path: str | os.PathLike[str]) -> Address:
    """The file of a path that may end with #left, #right, #12 (page 12), #0,0,512,512 (a window), or page and window.

    A file of that very name comes first.
    """
    text = os.fspath(path)
    if "#" not in text or os.path.exists(text):
        return Address(text, 0, "")
    for half in (LEFT, RIGHT):
        if text.endswith(half):
            return Address(text.removesuffix(half), 0, half)
    window = WINDOW.search(text)
    if window:
        left, top, width, height = map(int, window.groups())
        whole = address_of(text[: window.start()])
        if not whole.half and min(width, height) > 0:
            return whole._replace(window=Window(top, left, height, width))
    page = PAGE.search(text)
    if page:
        return Address(text[: page.start()], int(page[1]) - 1, "")
    return Address(text, 0, "")


def file_of(path: str | os.PathLike[str]) -> tuple[str, str]:
    """The file of a path, and what follows it: "", "#left", "#right", "#12", "#0,0,512,512" or "#12#0,0,512,512"."""
    file = address_of(path).file
    return file, os.fspath(path)[len(file) :]


def printable_path(path: str | os.PathLike[str]) -> str:
    """A path as one line of valid UTF-8, whatever bytes it has."""
    return " ".join(os.fsencode(path).decode("utf-8", "replace").split())
