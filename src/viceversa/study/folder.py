"""The folder of one study: study.json, the pictures, the answers, the token."""

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
POOL_KEYS = {"practice_pool": "practised", "scored_pool": "scored", "sentinel_pool": "watched"}  # in study.json


@dataclass(frozen=True)
class StudyPicture:
    """A picture of the study: its file is `pictures/<token>.png`; `scene` is its original path below its folder."""

    token: str
    scene: str


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Pictures for one part of a session; where algorithms share scenes, their pictures are in the same order."""

    real: tuple[StudyPicture, ...] = ()  # of the target domain; in a preference study the inputs, or none
    generated: Mapping[str, tuple[StudyPicture, ...]] = field(default_factory=dict)  # by algorithm
    destroyed: Mapping[str, tuple[StudyPicture, ...]] = field(default_factory=dict)  # by algorithm, for sentinels


@dataclass(frozen=True, kw_only=True)
class Study:
    """All that determines a session, besides its number."""

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
    practice_pool: Pool  # the same pictures for everyone, used nowhere else
    scored_pool: Pool
    sentinel_pool: Pool  # the same pictures for everyone

    @property
    def arms(self) -> tuple[tuple[str, ...], ...]:
        """The algorithms that one person is asked about: one, or two to choose between."""
        return tuple(combinations(self.names, 1 if self.kind == "real-or-fake" else 2))

    @property
    def length(self) -> int:
        """The number of trials in a whole session."""
        return self.practice + self.trials + self.sentinels

    def tokens(self) -> set[str]:
        """The tokens of all pictures of the study."""
        pools = (self.practice_pool, self.scored_pool, self.sentinel_pool)
        groups = [g for p in pools for g in (p.real, *p.generated.values(), *p.destroyed.values())]
        return {picture.token for group in groups for picture in group}


class StudyFolder:
    """Paths of `study.json`, `pictures/`, `answers.sqlite` and `token` in a study's folder."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.pictures = self.path / "pictures"
        self.answers = self.path / "answers.sqlite"
        self.token = self.path / "token"  # opens the results; readable by the owner alone
        self.json = self.path / "study.json"

    def require(self) -> "StudyFolder":
        """The folder itself; DataError when it is not that of a study."""
        if not self.json.is_file():
            what = "has no study.json" if self.path.is_dir() else "does not exist"
            raise DataError(f"{self.path} is not a study: it {what}; give the folder that study make wrote")
        return self

    def study(self) -> Study:
        """The content of study.json; DataError when it is damaged."""
        try:
            saved = json.loads(self.json.read_bytes())
            if saved.pop("format") != FORMAT:
                raise ValueError("it was written by another version")
            pools: dict[str, Any] = {name: _read_pool(saved.pop(key)) for name, key in POOL_KEYS.items()}
            lists: dict[str, Any] = {key: tuple(map(str, saved.pop(key))) for key in ("names", "sources", "notes")}
            return Study(**saved, **pools, **lists)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            reason = " ".join(str(e).split())[:120] or type(e).__name__
            raise DataError(f"{self.json} is damaged ({reason}); restore it or make the study again") from None

    def digest(self) -> str:
        """SHA-256 of study.json, which is stored with the answers to this study."""
        return sha256(self.json.read_bytes()).hexdigest()

    def write(self, study: Study) -> None:
        """Write study.json, which makes the folder a study."""
        saved: dict[str, Any] = {"format": FORMAT, **asdict(study)}
        for name, key in POOL_KEYS.items():
            pool = saved.pop(name)
            saved[key] = {"real": pool["real"], "made": pool["generated"], "spoiled": pool["destroyed"]}
        files.write_json(self.json, saved)


def _read_pool(saved: dict[str, Any]) -> Pool:
    def pictures(items: list[dict[str, str]]) -> tuple[StudyPicture, ...]:
        return tuple(StudyPicture(**item) for item in items)

    return Pool(
        real=pictures(saved["real"]),
        generated={name: pictures(items) for name, items in saved["made"].items()},
        destroyed={name: pictures(items) for name, items in saved["spoiled"].items()},
    )


def require_count(name: str, value: int, least: int, most: int) -> None:
    """Raise UsageError unless `value` lies in the range of an option."""
    if not least <= value <= most:
        raise UsageError(f"--{name} {value}: it must be between {least} and {most}")
