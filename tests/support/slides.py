"""Pyramids as slide scanners and map programs write them, of a picture that is a function of its place."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

SVS = "Aperio Image Library v11.2.1\n{}x{} [0,0 {}x{}] (256x256) JPEG/RGB Q=70|AppMag = 20|MPP = 0.4990|Left = 1"


def pattern(height: int, width: int, top: int = 0, left: int = 0) -> np.ndarray:
    """(H, W, 3) uint8 without any repetition within 256 pixels."""
    y, x = np.mgrid[top : top + height, left : left + width]
    return np.stack([x % 256, y % 256, (x // 7 + y // 5) % 256], -1).astype(np.uint8)


def smooth(height: int, width: int) -> np.ndarray:
    """(H, W, 3) uint8 that JPEG keeps to a few levels."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1).astype(np.uint8)


def write_svs(path: Path, array: np.ndarray, factors: tuple[int, ...] = (2, 4), **options: Any) -> Path:
    """Like an Aperio scanner: the image, a thumbnail in strips, smaller copies in tiles, label and macro in strips."""
    height, width = array.shape[:2]
    text = SVS.format(width, height, width, height)
    how: dict[str, Any] = {"photometric": "rgb", "metadata": None, "compression": "jpeg"}
    how |= {"compressionargs": {"level": 95}, **options}
    plain = {"photometric": "rgb", "metadata": None}
    name = SVS.partition("\n")[0]
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        file.write(array, tile=(256, 256), description=text, **how)
        file.write(np.ascontiguousarray(array[::8, ::8]), description=f"{name}\nthumbnail", **plain)
        for factor in factors:
            file.write(np.ascontiguousarray(array[::factor, ::factor]), tile=(256, 256), description=text, **how)
        file.write(np.zeros((50, 60, 3), np.uint8), description=f"{name}\nlabel 60x50", subfiletype=1, **plain)
        file.write(np.ones((80, 200, 3), np.uint8), description=f"{name}\nmacro 200x80", subfiletype=9, **plain)
    return path


def write_pyramid(path: Path, array: np.ndarray, factors: tuple[int, ...], below: bool = False, **options: Any) -> Path:
    """Smaller copies as directories that follow (GDAL, libvips), or `below` the first one (OME-TIFF)."""
    how = {"tile": (64, 64), "photometric": "rgb" if array.shape[-1] == 3 else "minisblack", **options}
    with tifffile.TiffWriter(path) as file:
        file.write(array, subifds=len(factors) if below else None, **{"metadata": None, **how})
        for factor in factors:
            copy = np.ascontiguousarray(array[::factor, ::factor])
            file.write(copy, subfiletype=1, **{**how, "metadata": None, "description": None, "resolution": None})
    return path


def write_large(path: Path, height: int, width: int, tile: int = 1024) -> Path:
    """(H, W) uint8 in tiles of one number each: of row r and column c it is (16 r + c) % 251."""
    down, across = -(-height // tile), -(-width // tile)

    def tiles() -> Iterator[np.ndarray]:
        for row in range(down):
            for column in range(across):
                yield np.full((tile, tile), (16 * row + column) % 251, np.uint8)

    tifffile.imwrite(
        path, tiles(), shape=(height, width), dtype=np.uint8, tile=(tile, tile), compression="zstd", metadata=None,
        photometric="minisblack", bigtiff=True,
    )  # fmt: skip
    return path


def write_dicom_slide(path: Path, array: np.ndarray, tile: int = 256) -> Path:
    """A DICOM slide of one level whose sides are multiples of `tile`, 0.5 micrometres per pixel."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.sequence import Sequence
    from pydicom.uid import JPEGBaseline8Bit, VLWholeSlideMicroscopyImageStorage, generate_uid

    height, width = array.shape[:2]
    frames = []
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            frame = BytesIO()
            Image.fromarray(array[top : top + tile, left : left + tile]).save(frame, "JPEG", quality=95, subsampling=1)
            frames.append(frame.getvalue())

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = VLWholeSlideMicroscopyImageStorage, generate_uid()
    meta.TransferSyntaxUID = JPEGBaseline8Bit
    spacing, shared, optics = Dataset(), Dataset(), Dataset()
    spacing.PixelSpacing, spacing.SliceThickness = [0.0005, 0.0005], 0.001
    shared.PixelMeasuresSequence = Sequence([spacing])
    optics.OpticalPathIdentifier, optics.ObjectiveLensPower = "1", 20
    file = FileDataset(path, {}, file_meta=meta, preamble=bytes(128))
    file.update(
        {
            "SOPClassUID": meta.MediaStorageSOPClassUID, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
            "StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid(), "Modality": "SM",
            "FrameOfReferenceUID": generate_uid(), "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
            "SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422", "PlanarConfiguration": 0,
            "Rows": tile, "Columns": tile, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0,
            "NumberOfFrames": len(frames), "DimensionOrganizationType": "TILED_FULL", "NumberOfOpticalPaths": 1,
            "TotalPixelMatrixColumns": width, "TotalPixelMatrixRows": height, "TotalPixelMatrixFocalPlanes": 1,
            "SharedFunctionalGroupsSequence": Sequence([shared]), "OpticalPathSequence": Sequence([optics]),
            "PixelData": encapsulate(frames),
        }
    )  # fmt: skip
    file["PixelData"].is_undefined_length = True
    file.save_as(path, enforce_file_format=True)
    return path
