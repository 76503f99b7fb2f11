"""The data commands: draw a world or digits, fetch a real dataset, check two folders of images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from ..api import Quiet, Whole
from .groups import START
from .options import long_work
from .output import print_json

data_app = App(
    name="data", help="Check two folders of pictures, draw a dataset, or get a published one.", group=START, sort_key=2
)


@data_app.command(name="make")
@long_work
def data_make(
    world: str,
    folder: Path,
    /,
    *,
    count: Whole | None = None,
    test: Whole | None = None,
    size: Whole | None = None,
    seed: Whole = 0,
    domains: str | None = None,
    paired: Annotated[bool, Parameter(negative=())] = False,
    quiet: Quiet = False,
) -> None:
    """Draw an embedded world (trainA trainB testA testB, truth and labels of the test pictures), or digits.

    microscope, satellite and scanner hold measurements in TIFF files: counts, reflectance and kelvin, Hounsfield units.
    slides and terrain are large: tissue in two stains (SVS), a landscape in summer and winter in six bands (GeoTIFF).

    Args:
        world: orchard, seasons, faces or facades (pictures); microscope, satellite or scanner (measurements); slides
            or terrain (large); digits (handwritten); or glyphs (digits from fonts).
        folder: Where to write it.
        count: Training pictures: of each domain, default 400, of slides and terrain 8; of glyphs, default 10000; of
            digits, default all.
        test: Test pictures of each domain of a world, default a tenth of count, at least 10; of slides and terrain 2.
        size: Side of the pictures in pixels, default 128, of slides 4096, of terrain 2048; digits have 28.
        seed: The same seed draws the same pictures.
        domains: What A and B show, two names of the world's own or labels, for example labels,day.
        paired: Let pictures of one number show the same scene in both domains.
        quiet: Print no progress, only the result.
    """
    from ..console import LiveLine
    from ..worlds.make import make

    with LiveLine(quiet=quiet) as live:
        make(
            world,
            folder,
            count=count,
            test=test,
            size=size,
            seed=seed,
            domains=parse_domains(domains),
            paired=paired,
            on_progress=lambda n, of: live(f"picture {n} of {of}"),
        )
    print(f"{world}: {folder}")


def parse_domains(text: str | None) -> tuple[str, str] | None:
    """Split "labels,day" into two names. Raises UsageError."""
    from ..errors import UsageError

    if text is None:
        return None
    first, comma, second = (part.strip() for part in text.partition(","))
    if not first or not comma or not second or "," in second:
        raise UsageError(f"--domains '{text}': write two names with a comma between, for example labels,day")
    return first, second


@data_app.command(name="get")
@long_work
def data_get(
    name: str | None = None,
    folder: Path | None = None,
    /,
    *,
    source: Annotated[str | None, Parameter("--from")] = None,
    quiet: Quiet = False,
) -> None:
    """Fetch a real data set from the network, ready for train; an interrupted fetch goes on. Without a name: the list.

    Args:
        name: A data set of the list.
        folder: Where to put it; default data/NAME.
        source: Another address (https://, http://, file://) or a folder that holds the same files.
        quiet: Print no progress, only the result.
    """
    from ..console import LiveLine
    from ..data.download.catalogue import CATALOGUE, get

    if name is None:
        return data_list()
    folder = folder or Path("data") / name
    with LiveLine(quiet=quiet) as live:
        checksums = get(name, folder, mirror=source, on_progress=live)
    for file in CATALOGUE[name].files:
        if file.name in checksums:
            verdict = "as published" if file.sha256 or file.md5 else "no checksum is published"
            print(f"{file.name}: SHA-256 {checksums[file.name]} ({verdict})")
    note = "" if checksums else " (complete already)"
    print(f"{name}: {folder}{note}")


@data_app.command(name="list")
def data_list(*, as_json: Annotated[bool, Parameter("--json", negative=())] = False) -> None:
    """The real data sets that data get knows: size of the download, what they show, terms.

    Args:
        as_json: Print one JSON document.
    """
    from ..data.download.catalogue import rows

    if as_json:
        print_json(rows())
        return
    for row in rows():
        size = f"{row['bytes'] / 1e6:.0f} MB" if row["bytes"] else "by hand"
        print(f"{row['name']:<22} {size:>8}  {row['what']}; {row['terms']}")


@data_app.command(name="check")
@long_work
def data_check(
    data: Path,
    other: Path | None = None,
    /,
    *,
    names: str | None = None,
    set: Annotated[Sequence[str], Parameter(negative=())] = (),
    as_json: Annotated[bool, Parameter("--json", negative=())] = False,
    quiet: Quiet = False,
) -> None:
    """Read every picture once: sizes, value ranges, broken files, duplicates, leaks. Exit code 3 when unfit.

    Args:
        data: As for train.
        other: As for train.
        names: As for train.
        set: data.range_a, data.range_b, data.nodata and data.pages, as for train; may be repeated.
        as_json: Print one JSON document.
        quiet: Print no progress, only the result.
    """
    from ..console import LiveLine
    from ..data.check import check
    from ..errors import DataError
    from ..runs.arguments import parse_names
    from ..runs.config import RunConfig
    from ..settings import changed, parse_assignments

    d = changed(RunConfig(), parse_assignments(set)).data
    with LiveLine(quiet=quiet) as live:
        report = check(
            data,
            other,
            names=parse_names(names),
            ranges=(d.range_a, d.range_b),
            nodata=d.nodata,
            pages=d.pages,
            on_progress=lambda n, of: live(f"picture {n} of {of}"),
        )
    if as_json:
        print_json(report.as_dict())
    else:
        print("\n".join(report.lines()))
    if not report.ok:
        raise DataError(f"{data} is not fit to train on; the lines above say why")
