"""Which image of A belongs to which image of B, by their names alone.

A rule makes a key of each name; images with one key are a pair. No rule may leave a choice: two partners for one image
are an error.
"""

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DataError, did_you_mean
from ..images import printable_path
from .name_tokens import Affixes, CommonAffixes, Tokens, folded_name, least_affixes, names_of, tokens

Paths = tuple[Path, ...]
Names = tuple[str, ...]
Key = Callable[[str], str | None]  # of a name; none: the image belongs to no pair
WAYS = ("auto", "name", "order")  # to pair, beside a regular expression
ADVICE = "--set 'data.pair=([0-9]+)' pairs by the first number in a name, any other expression by its one group"


@dataclass(frozen=True)
class Rule:
    """How names of A and of B become keys."""

    key_a: Key
    key_b: Key
    words: str
    affixes: tuple[Affixes, Affixes] | None = None  # what it cuts off


@dataclass(frozen=True)
class Part:
    """Images of both sides that are to be matched, and their names."""

    files_a: Paths
    files_b: Paths
    a: Names
    b: Names


@dataclass(frozen=True)
class Trial:
    """What a rule does with all parts."""

    rule: Rule
    pairs: tuple[tuple[tuple[int, int], ...], ...]  # of each part, indices in the order of A
    possible: int  # pairs that there are where every image of the smaller side has a partner
    clash: tuple[Path, Path, Path] | None = None  # an image, and two partners that it could have

    @property
    def count(self) -> int:
        return sum(len(pairs) for pairs in self.pairs)

    def files(self, parts: Sequence[Part]) -> tuple[tuple[Paths, Paths], ...]:
        """The images of A and of B in each part, the i-th of both a pair."""
        return tuple(
            (tuple(part.files_a[a] for a, _ in pairs), tuple(part.files_b[b] for _, b in pairs))
            for part, pairs in zip(parts, self.pairs, strict=True)
        )


@dataclass(frozen=True)
class Matched:
    """The images of A and of B in each part, the i-th of both a pair; and the rule, where names are not just equal."""

    parts: tuple[tuple[Paths, Paths], ...]
    words: str = ""


def equal(name: str) -> str:
    """The key by which only equal names match."""
    return name


def own_name(name: str) -> str:
    """A name without its folders, whatever its letter case and leading zeros."""
    return folded_name(name.rpartition("/")[2])


EQUAL = Rule(equal, equal, "equal names, whatever their ending")
FOLDED = Rule(folded_name, folded_name, "names whatever their letter case and leading zeros")
OWN_NAME = Rule(own_name, own_name, "names without their folders")


def match(parts: Sequence[tuple[Paths, Paths]], pair: str = "auto", sides: tuple[str, str] = ("A", "B")) -> Matched:
    """Match A and B of each part, such as training and test images, by one rule.

    `pair` is "auto" (equal names, else the strictest rule that pairs all images of the smaller side, else more than
    half of them), "name" (equal names), "order" (sorted, numbers by value) or a regular expression whose one group is
    the key. `sides` are the words for A and B in messages. DataError where an image could have two partners, "order"
    meets unequal counts, or nothing can be paired.
    """
    named = [Part(a, b, names_of(a), names_of(b)) for a, b in parts]
    if pair == "order":
        return in_order(named)
    if pair == "auto":
        trial = found_by_itself(named, sides)
    else:
        trial = attempt(EQUAL if pair == "name" else by_group(pair), named)

    if trial.clash:
        image, *partners = map(printable_path, trial.clash)
        raise DataError(
            f"{image} has two partners by {trial.rule.words}: {' and '.join(partners)}; "
            f"remove or rename one, or {ADVICE}"
        )
    if not trial.count:
        raise DataError(no_pair(named, pair))
    chosen = trial.files(named)
    return Matched(chosen, "" if trial.rule is EQUAL else f"by {trial.rule.words}: {example(chosen)}")


def example(parts: Iterable[tuple[Paths, Paths]]) -> str:
    """The first pair in words."""
    a, b = next((a[0], b[0]) for a, b in parts if a)
    return f"{printable_path(a.name)} with {printable_path(b.name)}"


def no_pair(parts: Sequence[Part], pair: str) -> str:
    """Why there is no pair, and what to do."""
    a, b = next((part.files_a[0], part.files_b[0]) for part in parts if part.a and part.b)
    first = f"first {printable_path(a)} and {printable_path(b)}"
    if pair not in WAYS:
        return f"data.pair={pair} finds no key that occurs in both domains, {first}; change the expression"
    return (
        f"no picture has a partner by its name, {first}; pairs need equal file names, or names that differ by a prefix "
        f"or suffix of each domain, letter case or leading zeros; {ADVICE}, data.pair=order by sorted order"
    )


def require_way(pair: str) -> None:
    """ValueError for what is neither a way to pair nor a regular expression with one group."""
    if pair in WAYS:
        return
    try:
        groups = re.compile(pair).groups
    except re.error as error:
        raise ValueError(f"data.pair is '{pair}', and not a regular expression ({error})") from None
    if groups != 1:
        near = did_you_mean(pair, WAYS)
        raise ValueError(
            f"data.pair is '{pair}'; it must be {', '.join(WAYS)} or a regular expression with one group, "
            f"the key that a pair shares, such as ([0-9]+).{near}"
        )


def by_group(pair: str) -> Rule:
    """The rule of a regular expression."""
    expression = re.compile(pair)

    def key(name: str) -> str | None:
        found = expression.search(name)
        return found[1] if found else None

    return Rule(key, key, f"data.pair={pair}")


def in_order(parts: Sequence[Part]) -> Matched:
    """The images of both sides in sorted order, numbers by value."""
    chosen: list[tuple[Paths, Paths]] = []
    for part in parts:
        if len(part.a) != len(part.b):
            raise DataError(
                f"data.pair=order needs as many pictures of both domains, but there are {len(part.a)} in "
                f"{folder_of(part.files_a)} and {len(part.b)} in {folder_of(part.files_b)}; remove those of no pair"
            )
        chosen.append((sort(part.files_a, part.a), sort(part.files_b, part.b)))
    return Matched(tuple(chosen), f"in sorted order: {example(chosen)}")


def folder_of(files: Paths) -> str:
    """The folder of the first file, for messages."""
    return printable_path(files[0].parent) if files else "the other"


def sort(files: Paths, names: Names) -> Paths:
    """Files by their names, numbers by value."""

    def key(index: int) -> list[tuple[bool, int, str]]:
        parts = (*tokens(names[index]), names[index])  # the name itself decides between 7 and 007
        return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]

    return tuple(files[i] for i in sorted(range(len(files)), key=key))


def found_by_itself(parts: Sequence[Part], sides: tuple[str, str]) -> Trial:
    """The strictest rule that pairs every image of the smaller side, else one that pairs more than half of them."""
    by_name = attempt(EQUAL, parts)
    if by_name.clash or by_name.count == by_name.possible:
        return by_name

    trials = [by_name, *(attempt(rule, parts) for rule in looser_rules(parts, sides))]
    whole = (trial for trial in trials if trial.count == trial.possible)
    most = (trial for trial in trials if trial.count > trial.possible / 2)
    some = (trial for trial in trials if trial.count and trial.rule in (EQUAL, FOLDED))
    best = next((trial for group in (whole, most, some) for trial in group), by_name)
    if best.rule.affixes and differ_by_number(*best.rule.affixes):
        raise DataError(doubt(best, best.rule.affixes, parts, sides))
    return contradicted(best, by_name, parts)


def looser_rules(parts: Sequence[Part], sides: tuple[str, str]) -> Iterator[Rule]:
    """The rules beside equal names, strictest first."""
    yield FOLDED
    all_a, all_b = [n for part in parts for n in part.a], [n for part in parts for n in part.b]
    if any("/" in name for name in all_a) != any("/" in name for name in all_b):
        yield OWN_NAME
    a, b = CommonAffixes.of(all_a), CommonAffixes.of(all_b)
    if found := a and b and least_affixes(a, b):
        cut = [f"{affixes.quoted()} in {side}" for side, affixes in zip(sides, found, strict=True) if affixes.quoted()]
        yield Rule(found[0].key, found[1].key, f"names without {' and '.join(cut)}", found)


def attempt(rule: Rule, parts: Sequence[Part]) -> Trial:
    """The pairs of a rule, and the first image that it leaves a choice for."""
    pairs: list[tuple[tuple[int, int], ...]] = []
    clashes: list[tuple[Path, Path, Path]] = []
    for part in parts:
        of_a, of_b = by_key(part.a, rule.key_a), by_key(part.b, rule.key_b)
        common = [key for key in of_a if key in of_b]
        pairs.append(tuple((of_a[key][0], of_b[key][0]) for key in common))
        for a, b in ((of_a[key], of_b[key]) for key in common):
            if len(b) > 1:
                clashes.append((part.files_a[a[0]], part.files_b[b[0]], part.files_b[b[1]]))
            elif len(a) > 1:
                clashes.append((part.files_b[b[0]], part.files_a[a[0]], part.files_a[a[1]]))
    possible = sum(min(len(part.a), len(part.b)) for part in parts)
    return Trial(rule, tuple(pairs), possible, clashes[0] if clashes else None)


def by_key(names: Names, key: Key) -> dict[str, list[int]]:
    """Indices of names by their key, in the order of the first."""
    indices: defaultdict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        if (own := key(name)) is not None:
            indices[own].append(index)
    return indices


def contradicted(best: Trial, by_name: Trial, parts: Sequence[Part]) -> Trial:
    """`best`, with a clash where it gives another partner to an image that has one of equal name."""
    for part, certain, pairs in zip(parts, by_name.pairs, best.pairs, strict=True):
        partner_of_a = dict(pairs)
        partner_of_b = {b: a for a, b in pairs}
        for a, b in certain:
            if partner_of_a.get(a, b) != b:
                return replace(best, clash=(part.files_a[a], part.files_b[b], part.files_b[partner_of_a[a]]))
            if partner_of_b.get(b, a) != a:
                return replace(best, clash=(part.files_b[b], part.files_a[a], part.files_a[partner_of_b[b]]))
    return best


def differ_by_number(a: Affixes, b: Affixes) -> bool:
    """Whether an affix of A and that of B have the same words and other numbers: T1 and T2, or patients 1 and 2."""
    return any(
        words(one) == words(other) and numbers(one) != numbers(other)
        for one, other in ((a.prefix, b.prefix), (a.suffix, b.suffix))
    )


def words(affix: Tokens) -> str:
    """The letters of an affix."""
    return "".join(token for token in affix if token.isalpha())


def numbers(affix: Tokens) -> list[str]:
    """The numbers of an affix."""
    return [token for token in affix if token.isdecimal()]


def doubt(trial: Trial, affixes: tuple[Affixes, Affixes], parts: Sequence[Part], sides: tuple[str, str]) -> str:
    """Why affixes that differ by a number are not taken unasked, and the option that takes them."""
    (before_a, after_a), (before_b, after_b) = ((re.escape(text) for text in affix.texts) for affix in affixes)
    before, after = (f"(?:{a}|{b})" if a or b else "" for a, b in ((before_a, before_b), (after_a, after_b)))
    pair = f"^{before}(.+){after}$"
    advice = ADVICE
    if attempt(by_group(pair), parts).count == trial.count:
        advice = f"--set {shlex.quote(f'data.pair={pair}')}"
    own_a, own_b = (affix.quoted() or "nothing" for affix in affixes)
    return (
        f"{example(trial.files(parts))} may be no pair: the names of {sides[0]} have {own_a} and those of "
        f"{sides[1]} {own_b}, which differ by a number as two patients do; "
        f"if they are pairs, say so: {advice}"
    )
