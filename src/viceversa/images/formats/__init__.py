"""Image file formats: one module per family, and a dict from suffix to format."""

from functools import partial

from ..decoded import Format
from . import encode, pillow
from .dicom import DICOM
from .heif import HEIF
from .nifti import NIFTI
from .numpy_files import NPY, NPZ
from .tiff import TIFF

SIGNATURES = {  # first bytes of the files that Pillow plugins read
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "WEBP": (b"RIFF",),
    "BMP": (b"BM",),
    "PPM": tuple(f"P{kind}".encode() for kind in "123456fF"),
}


def of_pillow(name: str, *suffixes: str) -> Format:
    """A format that Pillow decodes; plugins that run other programs, such as EPS (Ghostscript), are not among them."""
    return Format(
        name=name,
        suffixes=suffixes,
        recognises=lambda head: head.startswith(SIGNATURES[name]),
        count=partial(pillow.count_frames, name=name),
        decode=partial(pillow.decode, name=name),
        encode=partial(encode.encode, name=name),
        holds=partial(encode.holds, name=name),
        describe=partial(pillow.describe, name=name),
    )


FORMATS: tuple[Format, ...] = (
    of_pillow("JPEG", ".jpg", ".jpeg"),
    of_pillow("PNG", ".png"),
    of_pillow("WEBP", ".webp"),
    TIFF,
    of_pillow("BMP", ".bmp"),
    of_pillow("PPM", ".ppm", ".pgm"),
    HEIF,
    NPY,
    NPZ,
    NIFTI,
    DICOM,
)
BY_NAME: dict[str, Format] = {format.name: format for format in FORMATS}
BY_SUFFIX: dict[str, Format] = {suffix: format for format in FORMATS for suffix in format.suffixes}


def recognised(head: bytes) -> Format | None:
    """The format of a file by its first 512 bytes; none where it is unknown."""
    return next((format for format in FORMATS if format.recognises(head)), None)
