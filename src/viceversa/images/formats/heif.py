"""HEIC and HEIF photographs, 8 to 12 bits a sample, by libheif (extra `heif`).

libheif turns the pixels upright. 10 and 12 bits are scaled to 16, so that full intensity is the same in all files.
Files are written at quality 95 with full chroma (4:4:4), with the bits of the input.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

import numpy as np

from ..arrays import Array
from ..decoded import Decoded, Format, Request, require_pixels
from ..exif import Exif, read_exif_block
from .encode import joined

BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})
GENERAL_BRANDS = frozenset({b"mif1", b"msf1", b"heif"})  # HEVC unless an AVIF brand follows
QUALITY = 95


@dataclass(frozen=True)
class Origin:
    """Bits a sample."""

    bits: int


def is_heif(head: bytes) -> bool:
    """By the brands of the first box (ISO 14496-12, 4.3), whatever the file is named."""
    if head[4:8] != b"ftyp":
        return False
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size, 4))]
    if brands[0] in BRANDS:
        return True
    return brands[0] in GENERAL_BRANDS and b"avif" not in brands and bool(BRANDS & set(brands))


def _open(file: IO[bytes]) -> Any:
    from pillow_heif import open_heif

    return open_heif(file, convert_hdr_to_8bit=False, hdr_to_16bit=False)


def _images(file: IO[bytes]) -> list[Any]:
    """The images of a file, that which it names as its first before the others."""
    heif = _open(file)
    images = list(heif)
    images.insert(0, images.pop(heif.primary_index))
    return images


def _count(file: IO[bytes]) -> int:
    return len(_images(file))


def _describe(file: IO[bytes]) -> tuple[str, int]:
    image = _images(file)[0]
    return ("uint16" if _bits(image) > 8 else "uint8"), 1 if image.mode.startswith("L") else 3


def _bits(image: Any) -> int:
    return int(image.info.get("bit_depth", 8))


def _decode(file: IO[bytes], page: int, request: Request) -> Decoded:
    image = _images(file)[page]
    require_pixels(*image.size)
    bits, mode = _bits(image), image.mode.partition(";")[0]
    samples = np.asarray(image)
    samples = samples[..., None] if samples.ndim == 2 else samples
    if bits > 8:
        full = (1 << bits) - 1
        scaled = np.minimum(samples, full).astype(np.uint32) * 65535
        samples = ((scaled + full // 2) // full).astype(np.uint16)
    alpha = None
    if mode[-1] in "Aa":
        alpha = samples[..., -1].astype(np.float32) / np.float32(np.iinfo(samples.dtype).max)
        samples = samples[..., :-1]
    exif, notes = (None, ()) if request.strip else _exif(image)
    icc = image.info.get("icc_profile") or None
    samples = np.ascontiguousarray(samples)
    return Decoded(samples=samples, alpha=alpha, icc=icc, exif=exif, notes=notes, origin=Origin(bits))


def _exif(image: Any) -> tuple[Exif | None, tuple[str, ...]]:
    block = image.info.get("exif") or b""
    try:
        return read_exif_block(block, image.size), ()
    except Exception:  # whatever is wrong with it, the image is good
        return None, ("EXIF dropped: it is damaged or too long",)


def _encode(pages: Sequence[Decoded]) -> bytes:
    import pillow_heif

    page = pages[0]
    if len(pages) > 1:
        raise ValueError(f"HEIC files hold one image here, not {len(pages)}; use TIFF")
    if not _holds(page.samples.dtype.name, page.samples.shape[2], page.alpha is not None):
        raise ValueError(f"HEIC files hold no {page.samples.dtype.name} numbers in {page.samples.shape[2]} channels")
    samples = joined(page.samples, page.alpha)
    bits = page.origin.bits if isinstance(page.origin, Origin) else 10
    library: Any = pillow_heif
    heif = library.HeifFile()
    mode, rows = _mode_and_rows(samples, max(bits, 10))
    image = heif.add_frombytes(mode, (samples.shape[1], samples.shape[0]), rows)
    if page.icc:
        image.info["icc_profile"] = page.icc
        image.info["icc_profile_type"] = "prof"
    out = BytesIO()
    exif = page.exif.block() if page.exif else None
    heif.save(out, quality=QUALITY, chroma=444, exif=exif, save_nclx_profile=not page.icc)
    return out.getvalue()


def _mode_and_rows(samples: Array, bits: int) -> tuple[str, bytes]:
    """The library's name for this kind of image, and its bytes; 16 bits become 10 or 12."""
    name = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[samples.shape[2]]
    if samples.dtype == np.uint8:
        return name, samples.tobytes()
    full = (1 << bits) - 1
    scaled = (samples.astype(np.uint32) * full + 32767) // 65535
    return f"{name};{bits}", scaled.astype(np.uint16).tobytes()


def _holds(dtype: str, channels: int, alpha: bool) -> bool:
    return dtype in ("uint8", "uint16") and channels in (1, 3)


HEIF = Format(
    name="HEIC",
    suffixes=(".heic", ".heif", ".hif"),
    recognises=is_heif,
    count=_count,
    decode=_decode,
    encode=_encode,
    holds=_holds,
    describe=_describe,
    extra="heif",
)
