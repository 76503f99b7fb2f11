"""Tables of `evaluate` and `compare` in the terminal."""

from typing import Any

from ..evaluation.words import ROWS, sentences


def print_evaluation(evaluation: dict[str, Any]) -> None:
    """Print the verdict, the table of every direction, then the protocol."""
    print_verdict(evaluation["verdict"])
    if "step" in evaluation:
        print(
            f"{evaluation['run']}: preset {evaluation['preset']}, seed {evaluation['seed']}, last checkpoint, step "
            f"{evaluation['step']}"
        )
    for direction in evaluation["directions"]:
        print_direction(direction)

    if best := evaluation.get("best"):
        same = best["step"] == evaluation["step"]
        print(f"\nbest checkpoint: step {best['step']}{' (the last one)' if same else ''}; {best['rule']}")
        if not same:
            for direction in best["directions"]:
                print_direction(direction)

    protocol = evaluation["protocol"]
    print(
        f"\nfeatures: {protocol['features']} of {protocol['extractor']} ({protocol['extractor_sha256'][:12]}), "
        f"{protocol['resize']}; pictures: {protocol['pictures']}\n"
        f"KID: {protocol['kid']}; neighbours: {protocol['neighbours']}"
    )


def print_verdict(verdict: dict[str, Any]) -> None:
    """Print a sentence for each direction."""
    for line in [v["sentence"] for v in verdict["numbers"]] or [verdict["sentence"]]:
        print(line)
    print()


def print_direction(direction: dict[str, Any]) -> None:
    """Print the table of one direction, and the sentences and notes about it."""
    print(f"\n{direction['source']} -> {direction['target']}")
    lines: list[tuple[str, ...]] = [
        ("", "pictures", "Fréchet", "KID", "95 % interval", "precision", "recall", "density", "coverage")
    ]
    for name, row in direction["rows"].items():
        near = ["-" if row[n] is None else f"{row[n]:.2f}" for n in ("precision", "recall", "density", "coverage")]
        counts = f"{row['count']}/{row['reference']}"
        interval = f"{row['kid_low']:.1f} to {row['kid_high']:.1f}"
        lines.append((ROWS[name], counts, f"{row['frechet']:.2f}", f"{row['kid']:.1f}", interval, *near))
    print_table(lines)

    for line in sentences(direction):
        print(f"  {line}")
    for note in direction["notes"]:
        print(f"  note: {note}")


def print_comparison(comparison: dict[str, Any]) -> None:
    """Print the verdict, then a table for each direction."""
    print_verdict(comparison["verdict"])
    for direction in comparison["directions"]:
        print(f"\n{direction['source']} -> {direction['target']}")
        columns = direction["columns"]
        with_interval = [c for c in columns if any(has_interval(row[c]) for row in direction["rows"])]
        heads = [head for c in columns for head in ([c, "95 % interval"] if c in with_interval else [c])]
        lines: list[tuple[str, ...]] = [("", "seeds", *heads)]
        for row in direction["rows"]:
            cells: list[str] = []
            for c in columns:
                cells.append(mean_and_deviation(row[c]))
                if c in with_interval:
                    cells.append(interval(row[c]))
            lines.append((row["name"], str(len(row["seeds"])), *cells))
        for name in ("colour", "input", "real"):
            if name in direction:
                row = direction[name]
                cells = []
                for c in columns:
                    cells.append("-" if row.get(c) is None else f"{row[c]:.4g}")
                    cells += [""] if c in with_interval else []
                lines.append((ROWS[name], "", *cells))
        print_table(lines)

    protocol = comparison["protocol"]
    print(
        f"\nfeatures: {protocol['extractor']} ({protocol['extractor_sha256'][:12]}), {protocol['resize']}; "
        "last checkpoints\n95 % intervals: of one run over test pictures, by bootstrap (KID) or Student's t (PSNR); "
        "of several seeds over the seeds, by Student's t"
    )


def has_interval(value: dict[str, float | None] | None) -> bool:
    return value is not None and value["low"] is not None


def interval(value: dict[str, float | None] | None) -> str:
    """The 95 % interval, where it is known."""
    return f"{value['low']:.4g} to {value['high']:.4g}" if value and has_interval(value) else "-"


def mean_and_deviation(value: dict[str, float | None] | None) -> str:
    """Mean ± standard deviation over the seeds."""
    if value is None:
        return "-"
    spread = "" if value["deviation"] is None else f" ± {value['deviation']:.2g}"
    return f"{value['mean']:.4g}{spread}"


def print_table(lines: list[tuple[str, ...]]) -> None:
    """Print aligned columns, the first to the left, the others to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for first, *rest in lines:
        cells = "  ".join(f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        print(f"  {first:<{widths[0]}}  {cells}".rstrip())
