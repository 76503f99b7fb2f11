"""File names as words and numbers, and what all names of a domain begin and end with."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ..names import nfc

Tokens = tuple[str, ...]

# Of a file, both endings where it is compressed; what follows # is a half or a page of it, and part of its name.
ENDING = re.compile(r"(?:\.[^./#]+(?=\.gz(?:#|$)))?\.[^./#]+(#[^/]*)?$", re.IGNORECASE)
WORDS = re.compile(r"\d+|[^\W\d_]+|[\W_]")  # numbers, words, and every other character by itself
CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")  # where a word like imageHE has two parts


def names_of(paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Each file's path below the folder that all have in common, with slashes, without ending, in NFC."""
    if not paths:
        return ()
    top = os.path.commonpath({path.parent for path in paths})
    below = (str(path)[len(top) :].lstrip(os.sep) for path in paths)
    return tuple(nfc(ENDING.sub(lambda end: end[1] or "", name.replace(os.sep, "/"))) for name in below)


def pieces(name: str) -> list[str]:
    """A name cut into words, numbers and single other characters."""
    return [piece for word in WORDS.findall(name) for piece in CAPITALS.split(word)]


def tokens(name: str) -> Tokens:
    """The pieces of a name in lower case, numbers without leading zeros; those of a decimal stay: 1.05 is not 1.5."""
    result: list[str] = []
    for piece in pieces(name):
        is_decimal = result[-1:] == ["."] and len(result) > 1 and result[-2].isdecimal()
        plain = piece.isdecimal() and not is_decimal
        result.append((piece.lstrip("0") or "0") if plain else piece.casefold())
    return tuple(result)


def folded_name(name: str) -> str:
    """A name whatever its letter case and leading zeros."""
    return "".join(tokens(name))


@dataclass(frozen=True)
class Affixes:
    """What is cut off the names of a domain: this many tokens at either end; the original text is for messages."""

    prefix: Tokens
    suffix: Tokens
    texts: tuple[str, str]

    def key(self, name: str) -> str:
        """The rest of a name, in the folder that it lies in."""
        folder, _, own = name.rpartition("/")
        split = tokens(own)
        return f"{folded_name(folder)}/{''.join(split[len(self.prefix) : len(split) - len(self.suffix)])}"

    def quoted(self) -> str:
        """The original text of both in quotes, as far as there is any."""
        return " and ".join(f"'{text}'" for text in self.texts if text)


@dataclass(frozen=True)
class CommonAffixes:
    """What the names of a domain all begin and end with, and what is left between, as tokens."""

    prefix: Tokens
    suffix: Tokens
    cores: frozenset[Tokens]
    example: str  # a name

    @staticmethod
    def of(names: Iterable[str]) -> "CommonAffixes | None":
        """None where fewer than two names are different."""
        own = [name.rpartition("/")[2] for name in names]
        split = {tokens(name) for name in own}
        if len(split) < 2:
            return None

        prefix = common_start(split)
        rest = {name[len(prefix) :] for name in split}
        suffix = common_start({name[::-1] for name in rest})[::-1]
        return CommonAffixes(prefix, suffix, frozenset(name[: len(name) - len(suffix)] for name in rest), own[0])

    def without(self, kept_before: int, kept_after: int) -> Affixes:
        """The affixes but for as many tokens next to the rest, which are kept."""
        prefix, suffix = self.prefix[: len(self.prefix) - kept_before], self.suffix[kept_after:]
        split = pieces(self.example)
        texts = "".join(split[: len(prefix)]), "".join(split[len(split) - len(suffix) :])
        return Affixes(prefix, suffix, texts)

    def keys(self, kept_before: int, kept_after: int) -> set[str]:
        """What is left of the names with as many tokens of the affixes kept."""
        before = "".join(self.prefix[len(self.prefix) - kept_before :])
        after = "".join(self.suffix[:kept_after])
        return {f"{before}{''.join(core)}{after}" for core in self.cores}


def common_start(sequences: set[Tokens]) -> Tokens:
    """The tokens that all begin with: those that the least and the greatest in sorted order share."""
    low, high = min(sequences), max(sequences)
    length = next((i for i, (x, y) in enumerate(zip(low, high, strict=False)) if x != y), min(len(low), len(high)))
    return low[:length]


def least_affixes(a: CommonAffixes, b: CommonAffixes) -> tuple[Affixes, Affixes] | None:
    """The shortest affixes of two domains without which names of one are names of the other; none without such names.

    Where A happens to show one patient of those in B, the patient's number begins all names of A and is no affix.
    """
    before_a = _may_be_kept(a.prefix[::-1], {core + b.suffix for core in b.cores})
    before_b = _may_be_kept(b.prefix[::-1], {core + a.suffix for core in a.cores})
    after_a = _may_be_kept(a.suffix, {(b.prefix + core)[::-1] for core in b.cores})
    after_b = _may_be_kept(b.suffix, {(a.prefix + core)[::-1] for core in a.cores})

    before = [(0, 0), *((count, 0) for count in before_a), *((0, count) for count in before_b)]
    after = [(0, 0), *((count, 0) for count in after_a), *((0, count) for count in after_b)]
    for (pre_a, pre_b), (post_a, post_b) in sorted(product(before, after), key=_kept_tokens, reverse=True):
        if a.keys(pre_a, post_a) & b.keys(pre_b, post_b):
            return without_shared(a.without(pre_a, post_a), b.without(pre_b, post_b))
    return None


def without_shared(a: Affixes, b: Affixes) -> tuple[Affixes, Affixes]:
    """The affixes but for one that both domains have, which need not be cut off."""
    if a.prefix == b.prefix:
        a, b = (Affixes((), affixes.suffix, ("", affixes.texts[1])) for affixes in (a, b))
    if a.suffix == b.suffix:
        a, b = (Affixes(affixes.prefix, (), (affixes.texts[0], "")) for affixes in (a, b))
    return a, b


def _may_be_kept(affix: Tokens, others: set[Tokens]) -> list[int]:
    """How many tokens of an affix, nearest to the rest first, names of the other domain have in its place."""
    return [n for n in range(1, len(affix) + 1) if any(other[:n] == affix[:n][::-1] for other in others)]


def _kept_tokens(counts: tuple[tuple[int, int], tuple[int, int]]) -> int:
    return sum(map(sum, counts))
