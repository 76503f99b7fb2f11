"""Names in Unicode: compared in the composed form (NFC), so that `été` typed on Linux finds `été` copied from a Mac."""

import os
import unicodedata
from pathlib import Path


def nfc(name: str) -> str:
    """The composed form, which Linux and Windows type; a Mac may store the decomposed one (NFD)."""
    return unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """The form in which names are compared that may also differ in letter case."""
    return nfc(nfc(name).casefold())


def stored_path(path: str | os.PathLike[str]) -> Path:
    """`path` as the disk spells it: where a name does not exist, the one that differs in its Unicode form only.

    A path that exists, or has no such counterpart, is returned as it is.
    """
    given = Path(path)
    if str(given).isascii() or os.path.lexists(given):
        return given

    stored = Path(given.anchor)
    for name in given.parts[bool(given.anchor) :]:
        here = stored / name
        if not os.path.lexists(here):
            file, mark, part = name.partition("#")  # stack.tif#12: a part of a file
            try:
                entries = os.listdir(stored)
            except (OSError, ValueError):
                return given
            same = [e for e in entries if nfc(e) == nfc(name)] or [e for e in entries if mark and nfc(e) == nfc(file)]
            if len(same) != 1:
                return given
            here = stored / (same[0] if nfc(same[0]) == nfc(name) else f"{same[0]}#{part}")
        stored = here
    return stored
