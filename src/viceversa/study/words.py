"""The results of a study in words, the same for the terminal and for the page."""

from typing import Any

HEADINGS = ("people", "left out", "unfinished", "95 % interval", "deviation")


def title(arm: dict[str, Any]) -> str:
    """ "ours", or "ours over theirs" where two were compared."""
    return " over ".join(arm["algorithms"])


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def interval(share: dict[str, float]) -> str:
    return f"{share['low'] * 100:.1f} to {percent(share['high'])}"


def cells(arm: dict[str, Any]) -> list[str]:
    """The counted share, then one cell for each of HEADINGS."""
    share = arm["share"]
    counts = [str(arm[key]) for key in ("people", "excluded", "unfinished")]
    if share is None:
        return ["–", *counts, "–", "–"]
    return [percent(share["mean"]), *counts, interval(share), percent(share["sd"])]


def remarks(arm: dict[str, Any]) -> list[str]:
    """The share with everyone, and the times of answers and pairs."""
    sentences = []
    if arm["excluded"]:
        everyone = arm["everyone"]
        count = arm["people"] + arm["excluded"]
        sentences.append(f"with all {count} people: {percent(everyone['mean'])} ({interval(everyone)})")

    shown = arm["shown"]
    if shown["off"] is not None:
        sentences.append(
            f"{arm['trials']} answers, half of them within {arm['answer_ms'] / 1000:.1f} s; pairs shown "
            f"{shown['median_ms']:.0f} ms, {percent(shown['off'])} off by more than a frame "
            f"of {shown['frame_ms']:.1f} ms"
        )
    return sentences


def difference(result: dict[str, Any]) -> str:
    """One difference between two algorithms, in percentage points."""
    first, second = result["algorithms"]
    low, high = result["low"] * 100, result["high"] * 100

    leader, share = first, result["first_ahead"]
    if share < 0.5:
        leader, share = second, 1 - share
    return (
        f"{first} minus {second}: {result['mean'] * 100:+.1f} points ({low:+.1f} to {high:+.1f}); "
        f"{leader} is ahead in {percent(share)} of the draws"
    )


def power(results: dict[str, Any]) -> str:
    """The power of the study, and the people that it would take for 80 %."""
    p = results["power"]
    if results["kind"] == "real-or-fake":
        each, effect = "each algorithm", "a difference"
    else:
        each, effect = "a pair", "a distance from one half"
    had = " and ".join(f"of {d.rstrip('%')} points with {chance * 100:.0f} %" for d, chance in p["had"].items())
    needed = ", ".join(f"{n} for {d.rstrip('%')} points" for d, n in p["needed"].items())
    return (
        f"{p['people']} people for {each}, whose shares deviate by {p['deviation'] * 100:.1f} points, "
        f"see {effect} {had} chance (5 % level). For 80 % it takes {needed}."
    )


def lines(results: dict[str, Any]) -> list[str]:
    """All results as lines of text."""
    arms = results["arms"]
    table = [["", results["counted"], *HEADINGS], *([title(arm), *cells(arm)] for arm in arms)]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]

    text = [f"{results['question']} ({results['kind']}, {results['trials_each']} trials each)", ""]
    for row, arm in zip(table, [None, *arms], strict=True):
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        text.append("  ".join([row[0].ljust(widths[0]), *numbers]))
        if arm:
            text += [f"  {remark}" for remark in remarks(arm)]

    text += [difference(d) for d in results["differences"]]
    if results["power"]:
        text.append(power(results))
    return [*text, *(f"note: {note}" for note in results["notes"])]
