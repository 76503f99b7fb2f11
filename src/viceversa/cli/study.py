"""The study commands: make one, serve it to people, read its results."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from ..api import Device, Quiet, Whole
from .groups import MEASURE
from .options import long_work
from .output import print_json

study_app = App(
    name="study", help="Ask people: which picture is real, or which translation they prefer.", group=MEASURE, sort_key=3
)


@study_app.command(name="make")
@long_work
def study_make(
    study: Path,
    sources: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    to: str | None = None,
    real: Path | None = None,
    kind: Literal["real-or-fake", "preference"] = "real-or-fake",
    trials: Whole = 40,
    practice: Whole = 10,
    sentinels: Whole = 4,
    size: Whole = 256,
    seed: Whole = 0,
    names: str | None = None,
    question: str | None = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Write a study of one or more algorithms; each person will see one of them, or one pair.

    Args:
        study: New folder for the study.
        sources: One per algorithm: a run, whose test pictures are translated, or a folder of pictures by any tool.
        to: Domain that the runs translate to.
        real: Real pictures of that domain; default: the test pictures of the runs. For preference the pictures that
            were translated, under the same names; they are shown above each pair.
        kind: real-or-fake (a real picture beside a translation) or preference (two translations of one picture).
        trials: Pairs per person that count.
        practice: Pairs before them, with feedback, that do not count.
        sentinels: Pairs among them with a plain answer, to notice who does not look.
        size: Side of every picture in pixels.
        seed: Everything random follows from it.
        names: Names of the algorithms, for example ours,theirs; default: those of the folders. People never see them.
        question: What people are asked.
        device: Where to translate; chosen by itself.
        quiet: Print no progress, only the result.
    """
    from ..console import LiveLine
    from ..study.make import make

    called = names.split(",") if names is not None else None
    with LiveLine(quiet=quiet) as show:
        made = make(
            study,
            *sources,
            to=to,
            real=real,
            kind=kind,
            trials=trials,
            practice=practice,
            sentinels=sentinels,
            size=size,
            seed=seed,
            names=called,
            question=question,
            device=device,
            on_progress=show,
        )
    for note in made.notes:
        print(note)
    print(f"{made.kind}: {' '.join(made.names)}; {made.length} pairs each, {made.practice} of them practice")
    print(f"study: {study}; viceversa study serve {study} asks people")


@study_app.command(name="serve")
def study_serve(study: Path, /, *, host: str = "127.0.0.1", port: Whole = 8765) -> None:
    """Serve a study: prints the address for people and the one for its results. Ctrl-C ends it.

    Args:
        study: Folder that study make wrote.
        host: Address to listen on; the default is reached from this machine only.
        port: Port to listen on; 0 takes a free one.
    """
    from ..serve.study.server import serve

    serve(study, host, port, say=lambda line: print(line, flush=True))


@study_app.command(name="results")
def study_results(study: Path, /, *, as_json: Annotated[bool, Parameter("--json", negative=())] = False) -> None:
    """How many people were fooled, or what they preferred, with 95 % intervals and the power for a difference.

    Args:
        study: Folder that study make wrote; its server may be running.
        as_json: Print one JSON document.
    """
    from ..study.results import results
    from ..study.words import lines

    result = results(study)
    if as_json:
        print_json(result)
    else:
        print("\n".join(lines(result)))
