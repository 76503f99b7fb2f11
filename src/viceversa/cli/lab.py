"""The lab command: list the experiments of the living report, measure them, write the site."""

from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ..api import Quiet, Whole
from .options import long_work
from .output import print_json

if TYPE_CHECKING:
    from viceversa_lab.engine import Row


@long_work
def lab(
    name: str | None = None,
    /,
    *,
    quick: Annotated[bool, Parameter(negative=())] = False,
    data: str | None = None,
    seed: Whole | None = None,
    out: Path = Path("runs/lab/site"),
    cache: Path = Path("runs/lab"),
    again: Annotated[bool, Parameter(negative=())] = False,
    jobs: Whole | None = None,
    as_json: Annotated[bool, Parameter("--json", negative=())] = False,
    quiet: Quiet = False,
) -> None:
    """The living report: list its experiments, or measure one or all of them and write their pages.

    Args:
        name: An experiment of the list, or all; without it the list is printed.
        quick: Fewer seeds and shorter training; all of it in under ten minutes on two cores.
        data: Data set or folder for the experiments that can take one, for example mnist.
        seed: First seed.
        out: Folder of the site; open its index.html.
        cache: Folder of the measurements; what is there is not measured again, what was interrupted goes on.
        again: Measure anew even if it is in the cache.
        jobs: Experiments measured at a time; as many as there are cores.
        as_json: Print the list as one JSON document.
        quiet: Print no progress, only the result.
    """
    from viceversa_lab.engine import experiments, run

    if name is None:
        rows = experiments(cache)
        if as_json:
            print_json([asdict(row) for row in rows])
        else:
            print_list(rows)
        return
    outcome = run(name, quick=quick, data=data, seed=seed, out=out, cache=cache, again=again, jobs=jobs, quiet=quiet)
    for address in outcome.pages.values() if len(outcome.pages) == 1 else ("index.html",):
        print(f"page: {outcome.site / address}")
    raise_for(outcome.failures)


def print_list(rows: "list[Row]") -> None:
    """Experiments under their chapters."""
    from viceversa_lab.chapters import CHAPTERS

    from ..console import duration

    titles = {chapter.number: chapter.title for chapter in CHAPTERS}
    for number, group in groupby(rows, key=lambda row: row.chapter):
        print(f"{number}  {titles[number]}")
        for row in group:
            times = [("measured", row.full_seconds), ("quick", row.quick_seconds)]
            state = ", ".join(f"{kind} {duration(s)}" for kind, s in times if s is not None)
            print(f"   {row.name:<22} {row.title}{f'  [{state}]' if state else ''}")
    print("viceversa lab NAME measures one, viceversa lab all every one; --quick takes minutes")


def raise_for(failures: dict[str, Exception]) -> None:
    """The exit code of the first failure: its own error when there is one, a summary when there are more."""
    from ..errors import ViceversaError

    if not failures:
        return
    first = next(iter(failures.values()))
    if len(failures) == 1 or not isinstance(first, ViceversaError):
        raise first
    summary = ViceversaError(f"{len(failures)} experiments failed: {', '.join(failures)}; the lines above say why")
    summary.exit_code = first.exit_code
    raise summary
