"""The data set that a DICOM image came from, with or without the patient."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from .units import Scale

# What `strip` keeps: the kind of image, its geometry and the order of its slices. UIDs are replaced, so that the slices
# of a series stay together; everything else goes, private elements too.
KEPT = frozenset(
    """SOPClassUID Modality ImageType SamplesPerPixel PhotometricInterpretation PlanarConfiguration Rows Columns
    BitsAllocated BitsStored HighBit PixelRepresentation NumberOfFrames PixelSpacing ImagerPixelSpacing
    PixelAspectRatio ImageOrientationPatient ImagePositionPatient SliceThickness SpacingBetweenSlices SliceLocation
    InstanceNumber PatientPosition RescaleSlope RescaleIntercept RescaleType PixelPaddingValue ICCProfile
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence PlanePositionSequence
    PlaneOrientationSequence PixelValueTransformationSequence FrameContentSequence StackID
    InStackPositionNumber DimensionIndexValues""".split()  # noqa: SIM905 (a table)
)
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID")
EMPTY = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber", "StudyDate")
GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")


@dataclass(frozen=True)
class Origin:
    """The data set without its pixels, and how the numbers of the page were stored."""

    header: Any  # of pydicom
    page: int
    stored: str | None  # number type; none where its numbers went through a table
    span: tuple[int, int] | None
    scale: Scale
    is_stripped: bool = False


def items(header: Any, sequence: str, page: int) -> Iterator[Any]:
    """The items of a functional group of a multi-frame image: of the frame, then of all frames."""
    for name, index in zip(GROUPS, (page, 0), strict=True):
        groups = header.get(name)
        if groups and index < len(groups):
            yield from groups[index].get(sequence) or ()


def without_patient(header: Any) -> Any:
    """The data set with the elements of KEPT only, other UIDs, and empty ones where patient and study must stand."""
    from pydicom.uid import generate_uid

    kept = deepcopy(header)
    _keep_only(kept)
    for name in UIDS:
        if header.get(name):
            setattr(kept, name, generate_uid(entropy_srcs=["stripped", str(header.get(name))]))
    for name in EMPTY:
        setattr(kept, name, "")
    return kept


def _keep_only(dataset: Any) -> None:
    for element in list(dataset):
        if element.keyword not in KEPT:
            del dataset[element.tag]
        elif element.VR == "SQ":
            for item in element.value:
                _keep_only(item)
