"""A matplotlib figure as SVG: a file with fixed colours, and markup whose colours follow the page's light or dark."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from viceversa.report.markup import Html, html

from .figures import PALETTE, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
FONT = "DejaVu Sans, Verdana, sans-serif"
IGNORED = ("font-family", "font-stretch", "font-variant")
SIZE = re.compile(r"(?:(?P<weight>\d{3}|bold) )?(?P<size>[\d.]+)px ")


def draw(figure: Figure, name: str) -> str:
    """The figure as an SVG file; the same figure gives the same bytes, and figures with other names have other ids."""
    buffer = StringIO()
    with style():
        import matplotlib

        matplotlib.rcParams["svg.hashsalt"] = name
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    root = ElementTree.fromstring(buffer.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):  # the page allows no inline styles
                parent.remove(child)
    for element in root.iter():
        _replace_styles(element, name)
    for side in ("width", "height"):
        root.set(side, re.sub(r"(\.\d+)?pt$", "", root.get(side, "")))
    root.set("stroke-linejoin", "round")
    root.set("font-family", FONT)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _replace_styles(element: ElementTree.Element, name: str) -> None:
    """Write styles as attributes, since the page allows no inline styles, and prefix ids and references with `name`."""
    for pair in element.attrib.pop("style", "").split(";"):
        key, _, value = (word.strip() for word in pair.partition(":"))
        if key == "font":
            font = SIZE.match(value)
            if font:
                element.set("font-size", font["size"])
            if font and font["weight"]:
                element.set("font-weight", font["weight"])
        elif key and key not in IGNORED:
            element.set(key, value.removesuffix("px") if key == "font-size" else value)

    if "id" in element.attrib:
        element.set("id", f"{name}-{element.attrib['id']}")
    for key, value in element.attrib.items():
        if key == f"{{{XLINK}}}href" and value.startswith("#"):
            element.set(key, f"#{name}-{value[1:]}")
        elif value.startswith("url(#"):
            element.set(key, f"url(#{name}-{value[5:]}")


def inline(svg: str, alt: str) -> Html:
    """The same SVG as part of a page: with a description, and in the colours of the page."""
    for colour, value in PALETTE.items():
        svg = re.sub(value, f"var(--{colour})", svg, flags=re.IGNORECASE)
    svg = re.sub(r' font-family="[^"]*"', "", svg, count=1)
    head = html('<svg role="img" aria-label="{alt}" ', alt=alt)
    return Html(svg.replace("<svg ", head, 1))
