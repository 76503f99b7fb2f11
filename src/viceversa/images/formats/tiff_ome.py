"""OME-XML: the axes of OME-TIFF files, and its update for what is written (Open Microscopy Environment, 2016-06)."""

import math
from dataclasses import dataclass
from xml.etree import ElementTree as ET

MAX_PLANES = 1_000_000
NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
TYPES = {"float32": "float", "float64": "double"}  # others have the names of NumPy
MICROMETRES = {"pm": 1e-6, "Å": 1e-4, "nm": 1e-3, "µm": 1.0, "μm": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6}  # two signs mu
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


def pixel_size(text: str, image: int) -> tuple[float, float] | None:
    """Micrometres across and down of a pixel of the image of that number; none where the document states none."""
    pixels = [p for element in children(parse(text), "Image") for p in children(element, "Pixels")]
    attributes = pixels[image].attrib if image < len(pixels) else {}
    sizes = []
    for axis in "XY":
        unit = MICROMETRES.get(attributes.get(f"PhysicalSize{axis}Unit", "µm"), 0.0)
        sizes.append(float(attributes.get(f"PhysicalSize{axis}", 0)) * unit)
    return (sizes[0], sizes[1]) if all(0 < size < math.inf for size in sizes) else None


@dataclass(frozen=True, kw_only=True)
class Written:
    """What is written of an OME-TIFF: planes of one size and type, channels varying fastest."""

    number_type: str
    size: tuple[int, int]  # height and width
    channels: int
    samples: int  # of a plane: more than one where the channels of a pixel are stored side by side
    pages: int


def updated(text: str, image: int, image_pages: tuple[int, ...], written: Written) -> str:
    """The document for what is written: all images where all of their pages are, else the image of that number."""
    root = parse(text)
    root.attrib.pop("UUID", None)
    images = children(root, "Image")
    is_whole = written.pages == sum(image_pages)
    start = 0
    for index, element in enumerate(images):
        if not is_whole and index != image:
            root.remove(element)
            continue
        pages = image_pages[index] if is_whole else written.pages
        for pixels in children(element, "Pixels"):
            _update_pixels(pixels, written, pages, start, pages == image_pages[index])
        start += pages * (written.channels // written.samples)
    return _serialised(root)


def _serialised(root: ET.Element) -> str:
    """A document whose own namespace is the default one: some programs know no prefixes."""
    namespace = root.tag.rpartition("}")[0].removeprefix("{")
    for element in root.iter():
        if element.tag.startswith(f"{{{namespace}}}"):
            element.tag = name_of(element)
    if namespace:
        root.set("xmlns", namespace)
    return '<?xml version="1.0" encoding="UTF-8"?>' + ET.tostring(root, "unicode")


def _update_pixels(pixels: ET.Element, written: Written, pages: int, start: int, keeps_pages: bool) -> None:
    prefix = pixels.tag[: -len("Pixels")]
    number_type = TYPES.get(written.number_type, written.number_type)
    keeps_channels = int(pixels.attrib["SizeC"]) == written.channels
    if pixels.get("Type") != number_type:
        pixels.attrib.pop("SignificantBits", None)
    order = "".join(axis for axis in pixels.attrib["DimensionOrder"] if axis in "ZT")
    sizes = {"X": written.size[1], "Y": written.size[0], "C": written.channels}
    sizes |= {} if keeps_pages else {order[0]: pages, order[1]: 1}
    pixels.attrib.update({f"Size{axis}": str(size) for axis, size in sizes.items()})
    pixels.attrib.update(Type=number_type, DimensionOrder="XYC" + order, BigEndian="false", Interleaved="true")

    planes = written.channels // written.samples
    channels = children(pixels, "Channel")
    names = [channel.get("Name", "") for channel in channels] if keeps_channels else []
    keeps_channels &= sum(int(c.get("SamplesPerPixel", 1)) for c in channels) == written.channels
    keeps_channels &= len(channels) == planes

    dropped = {"TiffData", "BinData", "MetadataOnly"} | (set() if keeps_pages and keeps_channels else {"Plane"})
    for child in [child for child in pixels if name_of(child) in dropped]:
        pixels.remove(child)
    if not keeps_channels:
        for channel in channels:
            pixels.remove(channel)
        identifier = pixels.get("ID", "Pixels:0").rpartition(":")[2]
        new = [{"ID": f"Channel:{identifier}:{i}", "SamplesPerPixel": str(written.samples)} for i in range(planes)]
        if planes == 1 and any(names):  # of planes that are now the samples of one
            new[0]["Name"] = ", ".join(names)
        channels = [ET.Element(f"{prefix}Channel", attributes) for attributes in new]
        pixels[:0] = channels
    data = ET.Element(f"{prefix}TiffData", {"IFD": str(start), "PlaneCount": str(pages * planes)})
    pixels.insert(list(pixels).index(channels[-1]) + 1, data)


def new_document(written: Written, name: str, description: str) -> str:
    """A document of one image whose channels are stored side by side."""
    sizes = {"X": written.size[1], "Y": written.size[0], "C": written.channels, "Z": 1, "T": 1}
    root = ET.Element("OME", {"xmlns": NAMESPACE, "Creator": "viceversa"})
    image = ET.SubElement(root, "Image", {"ID": "Image:0", **({"Name": name} if name else {})})
    if description:
        ET.SubElement(image, "Description").text = description
    attributes = {
        "ID": "Pixels:0",
        "DimensionOrder": "XYCZT",
        "Type": TYPES.get(written.number_type, written.number_type),
        **{f"Size{axis}": str(size) for axis, size in sizes.items()},
        "BigEndian": "false",
        "Interleaved": "true",
    }
    pixels = ET.SubElement(image, "Pixels", attributes)
    ET.SubElement(pixels, "Channel", {"ID": "Channel:0:0", "SamplesPerPixel": str(written.samples)})
    ET.SubElement(pixels, "TiffData", {"IFD": "0", "PlaneCount": "1"})
    return _serialised(root)


def with_details(text: str, mpp: tuple[float, float] | None, channel_names: tuple[str, ...]) -> str:
    """A document of one image with micrometres per pixel across and down, and names of its channels."""
    root = parse(text)
    for pixels in [element for element in root.iter() if name_of(element) == "Pixels"]:
        for axis, size in zip("XY", mpp or (), strict=False):
            pixels.attrib.update({f"PhysicalSize{axis}": repr(float(size)), f"PhysicalSize{axis}Unit": "µm"})
        channels = children(pixels, "Channel")
        if channel_names and len(channels) == 1:  # of several samples
            channels[0].set("Name", ", ".join(channel_names))
        elif len(channels) == len(channel_names):
            for channel, name in zip(channels, channel_names, strict=True):
                channel.set("Name", name)
    return _serialised(root)
