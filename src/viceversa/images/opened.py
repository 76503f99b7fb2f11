"""Open image files: their format by name and content, and one kind of error for whatever is wrong with them."""

import os
import stat
from collections.abc import Callable
from typing import IO, TypeVar

from ..errors import DataError
from ..extras import is_installed
from .address import printable_path
from .decoded import Decoded, Format, Request
from .formats import FORMATS, format_of, second_format
from .windows import GuardedImage, WholeImage, WindowedImage

ADVICE = "; replace or remove the file"
OTHER_ADVICE = ("pip install", "data.fit=native", "name a window")  # of reasons that say themselves what to do
HEAD_BYTES = 512  # by which a format is recognised
Result = TypeVar("Result")


class ImageError(DataError):
    """A file that cannot be read as an image; `reason` is the message without path and advice."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(os.fspath(path), reason)  # both arguments, so that the error can be pickled
        self.path, self.reason = printable_path(path), " ".join(reason.split())

    def __str__(self) -> str:
        advice = "" if any(words in self.reason for words in OTHER_ADVICE) else ADVICE
        return f"cannot read {self.path}: {self.reason}{advice}"


class OpenImage:
    """An open image file of a known format; whatever a damaged or hostile file causes becomes an ImageError."""

    def __init__(self, path: str, file: IO[bytes] | None = None) -> None:
        self.path = path
        try:
            if file is None:
                if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would block for ever
                    raise ImageError(path, "it is not a file")
                file = open(path, "rb")  # noqa: SIM115 - closed by __exit__
            head = file.read(HEAD_BYTES)
        except (OSError, ValueError) as error:
            raise ImageError(path, getattr(error, "strerror", None) or str(error)) from None
        format = format_of(path, head)
        if format is None:
            file.close()
            known = f"it is broken, or none of {', '.join(format.name for format in FORMATS)}"
            raise ImageError(path, known if head else "the file is empty")
        if format.extra and not is_installed(format.extra):
            file.close()
            raise ImageError(path, f"{format.name} files need an extra: pip install 'viceversa[{format.extra}]'")
        self.file, self.format = file, format

    def __enter__(self) -> "OpenImage":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def count(self) -> int:
        """Pages or frames."""
        return self.call(lambda format: format.count(self.file))

    @property
    def pages(self) -> int:
        """Pages that are images of their own; 1 for an animation."""
        return self.count() if self.format.is_stack else 1

    def describe(self, page: int) -> tuple[str, int]:
        """Number type and channels of a page."""
        if self.format.describe is None:
            samples = self.decode(page, Request()).samples
            return samples.dtype.name, samples.shape[2]
        return self.call(lambda format: format.describe(self.file) if format.describe else ("", 0))

    def decode(self, page: int, request: Request) -> Decoded:
        """A page as its file stores it."""
        return self.call(lambda format: format.decode(self.file, page, request))

    def windows(self, page: int) -> WindowedImage:
        """A page to be read by windows; decoded as a whole where the format has none."""
        if self.format.open_windows is None:
            return WholeImage(self.path, self.format.name, self.decode(page, Request()))
        opened = self.call(lambda format: format.open_windows(self.path, page) if format.open_windows else None)
        assert opened is not None
        return GuardedImage(opened, lambda reason: ImageError(self.path, reason))

    def call(self, function: Callable[[Format], Result]) -> Result:
        """A function of the format; ImageError where it raises anything. What TIFF refuses may be OpenSlide's."""
        try:
            self.file.seek(0)
            return function(self.format)
        except ImageError:
            raise
        except Exception as error:  # a broken file can make a decoder raise anything
            other = second_format(self.path, self.format)
            if other is None:
                raise ImageError(self.path, str(error) or type(error).__name__) from None
            self.format = other
        return self.call(function)
