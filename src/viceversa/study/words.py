"""The results of a study in words, the same for the terminal and for the page."""

from typing import Any

HEADINGS = ("people", "left out", "unfinished", "95 % interval", "deviation")


def title(arm: dict[str, Any]) -> str:
    """ "ours", or "ours over theirs" where two were compared."""
    return " over ".join(arm["algorithms"])


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def between(share: dict[str, float]) -> str:
    return f"{share['low'] * 100:.1f} to {percent(share['high'])}"


def cells(arm: dict[str, Any]) -> list[str]:
    """Share counted, then what HEADINGS name."""
    share = arm["share"]
    counts = [str(arm[key]) for key in ("people", "excluded", "unfinished")]
    if share is None:
        return ["–", *counts, "–", "–"]
    return [percent(share["mean"]), *counts, between(share), percent(share["sd"])]


def remarks(arm: dict[str, Any]) -> list[str]:
    """How the figure would be with everyone, and how the pairs were seen."""
    told = []
    if arm["excluded"]:
        all_of = arm["people"] + arm["excluded"]
        told.append(f"with all {all_of} people: {percent(arm['everyone']['mean'])} ({between(arm['everyone'])})")
    shown = arm["shown"]
    if shown["off"] is not None:
        told.append(
            f"{arm['trials']} answers, half of them within {arm['answer_ms'] / 1000:.1f} s; pairs shown "
            f"{shown['median_ms']:.0f} ms, {percent(shown['off'])} off by more than a frame "
            f"of {shown['frame_ms']:.1f} ms"
        )
    return told


def difference(found: dict[str, Any]) -> str:
    """One difference between two algorithms, in points of a hundred."""
    first, second = found["algorithms"]
    low, high = found["low"] * 100, found["high"] * 100
    ahead = found["first_ahead"]
    who, share = (first, ahead) if ahead >= 0.5 else (second, 1 - ahead)
    return (
        f"{first} minus {second}: {found['mean'] * 100:+.1f} points ({low:+.1f} to {high:+.1f}); "
        f"{who} is ahead in {percent(share)} of the draws"
    )


def power(found: dict[str, Any]) -> str:
    """What the study could see and what it would take."""
    two = found["kind"] == "real-or-fake"
    p = found["power"]
    each, seen = ("each algorithm", "a difference") if two else ("a pair", "a distance from one half")
    had = " and ".join(f"of {d.rstrip('%')} points with {chance * 100:.0f} %" for d, chance in p["had"].items())
    needed = ", ".join(f"{n} for {d.rstrip('%')} points" for d, n in p["needed"].items())
    return (
        f"{p['people']} people for {each}, whose shares deviate by {p['deviation'] * 100:.1f} points, see {seen} {had} "
        f"chance (5 % level). For 80 % it takes {needed}."
    )


def lines(found: dict[str, Any]) -> list[str]:
    """All of it as plain lines."""
    names = [title(arm) for arm in found["arms"]]
    table = [
        ["", found["counted"], *HEADINGS],
        *([name, *cells(a)] for name, a in zip(names, found["arms"], strict=True)),
    ]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    told = [f"{found['question']} ({found['kind']}, {found['trials_each']} trials each)", ""]
    for row, arm in zip(table, [None, *found["arms"]], strict=True):
        told.append(
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        )
        told += [f"  {remark}" for remark in (remarks(arm) if arm else ())]
    told += [difference(d) for d in found["differences"]]
    return [*told, *([power(found)] if found["power"] else []), *(f"note: {note}" for note in found["notes"])]
