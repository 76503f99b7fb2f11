"""The commands that judge: evaluate and compare."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from ..evaluation.words import ROWS, sentences
from .options import Whole
from .output import print_json


def evaluate(
    run: Path,
    other: Path | None = None,
    /,
    *,
    data: Annotated[list[Path] | None, Parameter(negative=())] = None,
    best: Annotated[bool, Parameter(negative=())] = False,
    extractor: str = "worlds-1",
    resize: Literal["clean", "legacy"] = "clean",
    segmenter: Annotated[list[Path] | None, Parameter(negative=())] = None,
    seed: Whole = 0,
    as_json: Annotated[bool, Parameter("--json", negative=())] = False,
) -> None:
    """Judge a run, or a folder of made pictures, by real ones: every number with its floor and its protocol.

    Args:
        run: A run that makes pictures, judged by its test pictures; or a folder of made pictures.
        other: A folder of real pictures, when the first one is no run.
        data: Judge by the test pictures of another data set, a folder as for train.
        best: Also find the best of the checkpoints that the run has kept, by training pictures alone.
        extractor: worlds-1 (embedded), or the file of standard Inception weights that convert wrote.
        resize: How pictures come to the extractor's size: clean (antialiased) or legacy (as older papers).
        segmenter: A run of preset fcn trained on pictures of a target domain, for the FCN score; may be repeated.
        seed: Of the bootstrap, and of the noise that a GAN starts from.
        as_json: Print one JSON document.
    """
    from .. import api as verbs
    from ..errors import UsageError

    if len(data or ()) > 2:
        raise UsageError("--data names one folder, or two for domains given apart")
    first, second = [*(data or ()), None, None][:2]
    found = verbs.evaluate(
        run, other, data=first, data_b=second, best=best, extractor=extractor, resize=resize,
        segmenters=segmenter or (), seed=seed,
    )  # fmt: skip
    if as_json:
        return print_json(found)
    print_evaluation(found)
    if other is None:
        print(f"\nreport: {run / 'report.html'}")


def compare(
    runs: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    as_json: Annotated[bool, Parameter("--json", negative=())] = False,
) -> None:
    """Put runs side by side; those that differ by their seed only share a row, with mean and deviation.

    Args:
        runs: Two runs or more; those that evaluate has not judged yet are judged first.
        as_json: Print one JSON document.
    """
    from .. import api as verbs

    found = verbs.compare(*runs)
    print_json(found) if as_json else print_comparison(found)


def print_evaluation(found: dict[str, Any]) -> None:
    """The table of every direction, then how it was made."""
    told = found["protocol"]
    if "step" in found:
        print(f"{found['run']}: preset {found['preset']}, seed {found['seed']}, last checkpoint, step {found['step']}")
    for way in found["directions"]:
        print_direction(way)
    if best := found.get("best"):
        same = " (the last one)" if best["step"] == found["step"] else ""
        print(f"\nbest checkpoint: step {best['step']}{same}; {best['rule']}")
        for way in best["directions"] if not same else []:
            print_direction(way)
    print(
        f"\nfeatures: {told['extractor']} ({told['extractor_sha256'][:12]}), {told['features']} of them, "
        f"{told['resize']}; pictures: {told['pictures']}\nKID: {told['kid']}; neighbours: {told['neighbours']}"
    )


def print_direction(way: dict[str, Any]) -> None:
    """One table, and what else is known."""
    print(f"\n{way['source']} -> {way['target']}")
    heads = ("", "pictures", "Fréchet", "KID", "95 % interval", "precision", "recall", "density", "coverage")
    lines: list[tuple[str, ...]] = [heads]
    for name, row in way["rows"].items():
        near = ["-" if row[n] is None else f"{row[n]:.2f}" for n in ("precision", "recall", "density", "coverage")]
        counts = f"{row['count']}/{row['reference']}"
        span = f"{row['kid_low']:.1f} to {row['kid_high']:.1f}"
        lines.append((ROWS[name], counts, f"{row['frechet']:.2f}", f"{row['kid']:.1f}", span, *near))
    print_table(lines)
    for line in sentences(way):
        print(f"  {line}")
    for note in way["notes"]:
        print(f"  note: {note}")


def print_comparison(found: dict[str, Any]) -> None:
    """A table for each direction."""
    for way in found["directions"]:
        print(f"\n{way['source']} -> {way['target']}")
        lines: list[tuple[str, ...]] = [("", "seeds", *way["columns"])]
        for row in way["rows"]:
            lines.append((row["name"], str(len(row["seeds"])), *(in_short(row[c]) for c in way["columns"])))
        for name in ("input", "real"):
            if name in way:
                values = ("-" if way[name].get(c) is None else f"{way[name][c]:.4g}" for c in way["columns"])
                lines.append((ROWS[name], "", *values))
        print_table(lines)
    told = found["protocol"]
    print(f"\nfeatures: {told['extractor']} ({told['extractor_sha256'][:12]}), {told['resize']}; last checkpoints")


def in_short(value: dict[str, float | None] | None) -> str:
    """Mean and deviation."""
    if value is None:
        return "-"
    spread = "" if value["deviation"] is None else f" ± {value['deviation']:.2g}"
    return f"{value['mean']:.4g}{spread}"


def print_table(lines: list[tuple[str, ...]]) -> None:
    """Columns aligned, the first to the left, the others to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for first, *rest in lines:
        cells = "  ".join(f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        print(f"  {first:<{widths[0]}}  {cells}".rstrip())
