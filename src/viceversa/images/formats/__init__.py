"""Image file formats: one module per family, and a dict from suffix to format."""

from functools import partial

from ...extras import is_installed
from ..decoded import Format
from . import encode, pillow
from .avif import is_avif
from .dicom import DICOM
from .heif import HEIF
from .nifti import NIFTI
from .numpy_files import NPY, NPZ
from .pfm import PFM
from .slides import OWN_SUFFIX, SLIDE, is_other_slide, vendor_of
from .tiff import TIFF

SIGNATURES: dict[str, tuple[bytes, ...]] = {  # first bytes of the files that Pillow plugins read
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "WEBP": (b"RIFF",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "BMP": (b"BM",),
    "PPM": tuple(f"P{kind}".encode() for kind in "123456"),
}


def of_pillow(name: str, *suffixes: str) -> Format:
    """A format that Pillow decodes; plugins that run other programs, such as EPS (Ghostscript), are not among them."""
    return Format(
        name=name,
        suffixes=suffixes,
        recognises=is_avif if name == "AVIF" else lambda head: head.startswith(SIGNATURES[name]),
        count=partial(pillow.count_frames, name=name),
        decode=partial(pillow.decode, name=name),
        encode=partial(encode.encode, name=name),
        holds=partial(encode.holds, name=name),
        describe=partial(pillow.describe, name=name),
    )


FORMATS: tuple[Format, ...] = (
    of_pillow("JPEG", ".jpg", ".jpeg", ".jfif", ".jpe"),
    of_pillow("PNG", ".png", ".apng"),
    of_pillow("WEBP", ".webp"),
    of_pillow("AVIF", ".avif"),
    of_pillow("GIF", ".gif"),
    TIFF,
    of_pillow("BMP", ".bmp"),
    of_pillow("PPM", ".ppm", ".pgm", ".pbm", ".pnm"),
    PFM,
    HEIF,
    NPY,
    NPZ,
    NIFTI,
    DICOM,
    SLIDE,
)
BY_NAME: dict[str, Format] = {format.name: format for format in FORMATS}
BY_SUFFIX: dict[str, Format] = {suffix: format for format in FORMATS for suffix in format.suffixes}
EXTENSIONS = frozenset(BY_SUFFIX)


def suffix_of(name: str) -> str:
    """The suffix by which a file is known, in lower case; `.nii.gz` is one; empty where it is not known."""
    name = name.lower()
    return max((suffix for suffix in BY_SUFFIX if name.endswith(suffix)), key=len, default="")


def recognised(head: bytes) -> Format | None:
    """The format of a file by its first 512 bytes; none where it is unknown."""
    return next((format for format in FORMATS if format.recognises(head)), None)


def format_of(path: str, head: bytes) -> Format | None:
    """The format of a file by its name and its first 512 bytes; none where it is unknown.

    Slides are often TIFF or DICOM files: OpenSlide takes those whose suffix or content is that of a scanner's vendor.
    """
    own = recognised(head)
    suffix = suffix_of(path)
    if suffix not in SLIDE.suffixes and not SLIDE.recognises(head):
        return own
    if is_installed(SLIDE.extra):
        return SLIDE if own is None or vendor_of(path) else own
    return own if own and suffix == OWN_SUFFIX else SLIDE


def second_format(path: str, first: Format) -> Format | None:
    """The format of a file that its `first` one refuses: TIFF files of scanners that OpenSlide knows."""
    return SLIDE if first is TIFF and is_other_slide(path) else None


def format_for(format: str, number_type: str, channels: int, has_alpha: bool) -> str:
    """The format itself where it can hold such images; else PNG for GIF, AVIF and HEIC; else TIFF, which holds all."""
    names = (format, "PNG") if format in ("GIF", "AVIF", "HEIC") else (format,)
    return next((name for name in names if BY_NAME[name].holds(number_type, channels, has_alpha)), "TIFF")
