"""One study, one folder: what is asked, about which pictures, and where the answers lie."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from .. import files
from ..errors import DataError, UsageError

Kind = Literal["real-or-fake", "preference"]
FORMAT = 1  # of study.json


@dataclass(frozen=True)
class Shown:
    """A picture of the study: its file is `pictures/<token>.png`; `scene` is where it came from, below its folder."""

    token: str
    scene: str


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Pictures for one part of a session. Those of one algorithm stand in the order of the others'."""

    real: tuple[Shown, ...] = ()  # of the target domain; in a preference study the inputs, or none
    made: Mapping[str, tuple[Shown, ...]] = field(default_factory=dict)  # by algorithm
    spoiled: Mapping[str, tuple[Shown, ...]] = field(default_factory=dict)  # the same, destroyed; for sentinels only


@dataclass(frozen=True, kw_only=True)
class Study:
    """All that a session follows from, besides its number."""

    kind: Kind
    question: str
    trials: int
    practice: int
    sentinels: int
    size: int  # side of every picture, pixels
    detail: int  # side to which every picture was reduced first, pixels
    seed: int
    names: tuple[str, ...]  # of the algorithms
    sources: tuple[str, ...]  # where their pictures came from, for the owner of the study
    notes: tuple[str, ...] = ()
    practised: Pool  # the same for everyone, and nowhere else
    scored: Pool
    watched: Pool  # of the sentinels, the same for everyone

    @property
    def arms(self) -> tuple[tuple[str, ...], ...]:
        """What one person is asked about: one algorithm, or two to choose between."""
        return tuple(combinations(self.names, 1 if self.kind == "real-or-fake" else 2))

    @property
    def length(self) -> int:
        """Trials of a whole session."""
        return self.practice + self.trials + self.sentinels

    def tokens(self) -> set[str]:
        """Every picture that anyone may be shown."""
        pools = (self.practised, self.scored, self.watched)
        groups = [g for p in pools for g in (p.real, *p.made.values(), *p.spoiled.values())]
        return {shown.token for group in groups for shown in group}


class StudyFolder:
    """`study.json pictures/ answers.sqlite token` under one path."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.pictures = self.path / "pictures"
        self.answers = self.path / "answers.sqlite"
        self.token = self.path / "token"  # opens the results; readable by the owner alone
        self.card = self.path / "study.json"

    def require(self) -> "StudyFolder":
        """Itself, or a DataError that says what is there instead."""
        if not self.card.is_file():
            what = "has no study.json" if self.path.is_dir() else "does not exist"
            raise DataError(f"{self.path} is not a study: it {what}; give the folder that study make wrote")
        return self

    def study(self) -> Study:
        """What study.json says; DataError when it cannot be understood."""
        try:
            found = json.loads(self.card.read_bytes())
            if found.pop("format") != FORMAT:
                raise ValueError("it was written by another version")
            pools: dict[str, Any] = {key: _pool(found.pop(key)) for key in ("practised", "scored", "watched")}
            lists: dict[str, Any] = {key: tuple(map(str, found.pop(key))) for key in ("names", "sources", "notes")}
            return Study(**found, **pools, **lists)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            reason = " ".join(str(e).split())[:120] or type(e).__name__
            raise DataError(f"{self.card} is damaged ({reason}); restore it or make the study again") from None

    def digest(self) -> str:
        """Tells answers to this study from answers to another."""
        return sha256(self.card.read_bytes()).hexdigest()

    def write(self, study: Study) -> None:
        """Write study.json, which makes the folder a study."""
        files.write_json(self.card, {"format": FORMAT, **asdict(study)})


def _pool(found: dict[str, Any]) -> Pool:
    def several(listed: list[dict[str, str]]) -> tuple[Shown, ...]:
        return tuple(Shown(**shown) for shown in listed)

    parts = {key: {name: several(listed) for name, listed in found[key].items()} for key in ("made", "spoiled")}
    return Pool(real=several(found["real"]), **parts)


def require_count(name: str, value: int, least: int, most: int) -> None:
    """UsageError unless `value` lies in the range that an option takes."""
    if not least <= value <= most:
        raise UsageError(f"--{name} {value}: it must be between {least} and {most}")
