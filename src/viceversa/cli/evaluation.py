"""The commands that judge: evaluate and compare."""

from typing import Any

from ..evaluation.words import ROWS, sentences


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
