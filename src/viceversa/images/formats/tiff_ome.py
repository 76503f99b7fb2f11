"""OME-XML: the axes of OME-TIFF files, and its update for what is written (Open Microscopy Environment, 2016-06)."""

import math
from dataclasses import dataclass
from xml.etree import ElementTree as ET

MAX_PLANES = 1_000_000
TYPES = {"float32": "float", "float64": "double"}  # others have the names of NumPy
HELD = {"int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64"}


@dataclass(frozen=True)
class OmeImage:
    """The axes of one image, and which directories are its planes."""

    order: str  # of axes after X and Y, the fastest first, such as "CZT"
    sizes: dict[str, int]
    blocks: tuple[tuple[int, dict[str, int], int | None], ...]  # first directory, first plane, number of planes
    is_complete: bool  # no plane lies in another file

    def planes(self, samples: int, directories: int) -> tuple[str, tuple[int, ...], list[int]]:
        """Axes and sizes, the last fastest, and the directory of each plane, -1 for none."""
        if not self.is_complete:
            raise ValueError("OME planes lie in other files")
        sizes = dict(self.sizes)
        if sizes["C"] % samples == 0:
            sizes["C"] //= samples
        count = math.prod(sizes.values())
        if min(sizes.values()) < 1 or count > min(MAX_PLANES, directories):
            raise ValueError(f"OME-XML states {count} planes, there are {directories}")

        table, steps = [-1] * count, 0
        for start, first, number in self.blocks or ((0, {}, count),):
            place, stride = 0, 1
            for axis in self.order:
                place, stride = place + first.get(axis, 0) * stride, stride * sizes[axis]
            for i in range(min(directories, count) if number is None else number):
                if place + i >= count or not 0 <= start + i < directories:
                    break
                table[place + i] = start + i
                steps += 1
            if steps > 4 * count:
                raise ValueError("OME-XML states the same planes many times")
        axes = self.order[::-1]
        return axes, tuple(sizes[axis] for axis in axes), table


def parse(text: str) -> ET.Element:
    """The root of an XML document without a document type, whose entities could expand without end."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("XML with a document type")
    try:
        return ET.fromstring(text.encode())
    except (ET.ParseError, LookupError) as error:
        raise ValueError(f"damaged XML: {error}") from None


def name_of(element: ET.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: ET.Element, name: str) -> list[ET.Element]:
    """Elements of that name right below."""
    return [child for child in element if name_of(child) == name]


def read_ome(text: str) -> list[OmeImage]:
    """The images of a document; ValueError or KeyError where it is damaged."""
    root = parse(text)
    pixels = [p for image in children(root, "Image") for p in children(image, "Pixels")]
    places = {uuid.text for p in pixels for data in children(p, "TiffData") for uuid in children(data, "UUID")}
    is_complete = len(places) <= 1 and places <= {root.get("UUID", next(iter(places), None))}
    return [_read_pixels(p, is_complete) for p in pixels]


def _read_pixels(pixels: ET.Element, is_complete: bool) -> OmeImage:
    order = pixels.attrib["DimensionOrder"]
    if sorted(order) != sorted("XYZCT") or order[:2] != "XY":
        raise ValueError(f"OME-XML states the axes {order!r}")
    blocks = []
    for data in children(pixels, "TiffData"):
        first = {axis: int(data.get(f"First{axis}", 0)) for axis in order[2:]}
        number = data.get("PlaneCount")
        count = int(number) if number else 1 if "IFD" in data.attrib else None
        if min(first.values()) < 0 or (count is not None and count < 0):
            raise ValueError("OME-XML states negative planes")
        blocks.append((int(data.get("IFD", 0)), first, count))
    sizes = {axis: int(pixels.attrib[f"Size{axis}"]) for axis in order[2:]}
    return OmeImage(order[2:], sizes, tuple(blocks), is_complete)
