"""The trials of a session: each picture once, balanced sides, one algorithm, the same from the same seed."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viceversa.study.folder import Pool, Study, StudyPicture
from viceversa.study.protocol import separate_scenes, session_trials

NAMES = ("x", "y", "z")


def pool(kind, count, prefix, destroyed=False):
    """A pool whose tokens say what they are: r = real, x y z = generated, X Y Z = destroyed; then the scene."""

    def pictures(letter):
        return tuple(StudyPicture(f"{prefix}{letter}{i}", f"{prefix}{i}") for i in range(count))

    algorithms = {} if destroyed and kind != "preference" else {name: pictures(name) for name in NAMES}
    spoiled = {name: pictures(name.upper()) for name in NAMES} if destroyed else {}
    return Pool(real=pictures("r"), generated=algorithms, destroyed=spoiled)


@st.composite
def studies(draw):
    kind = draw(st.sampled_from(["real-or-fake", "preference"]))
    trials, practice, sentinels = draw(st.integers(2, 40)), draw(st.integers(2, 12)), draw(st.integers(2, 8))
    return Study(
        kind=kind,
        question="?",
        trials=trials,
        practice=practice,
        sentinels=sentinels,
        size=32,
        detail=32,
        seed=draw(st.integers(0, 2**63 - 1)),
        names=NAMES,
        sources=NAMES,
        practice_pool=pool(kind, practice, "p"),
        scored_pool=pool(kind, trials + draw(st.integers(0, 20)), "s"),
        sentinel_pool=pool(kind, sentinels, "w", destroyed=True),
    )


@settings(max_examples=150, deadline=None)
@given(studies(), st.integers(1, 10_000), st.integers(0, 2))
def test_a_session_is_balanced_and_repeats_no_picture(study, number, arm):
    trials = session_trials(study, number, arm)
    assert session_trials(study, number, arm) == trials
    counts = Counter(t.part for t in trials)
    assert counts == {"practice": study.practice, "scored": study.trials, "sentinel": study.sentinels}
    assert [t.part for t in trials[: study.practice]] == ["practice"] * study.practice
    tokens = [token for t in trials for token in t.tokens]
    assert len(tokens) == len(set(tokens)) and set(tokens) <= study.tokens()
    for part, count in counts.items():
        left = sum(t.key == "left" for t in trials if t.part == part)
        assert left in (count // 2, -(-count // 2))
    algorithms = {token[1].lower() for t in trials for token in (t.left, t.right)} - {"r"}
    assert algorithms == set(study.arms[arm])
    for t in trials:
        key, other = (t.left, t.right) if t.key == "left" else (t.right, t.left)
        if study.kind == "real-or-fake":
            assert key[1] == "r" and other[1] != "r" and t.input is None
            assert key[2:] != other[2:]  # another scene
            assert other[1].isupper() == (t.part == "sentinel")
        else:
            assert t.input == key[0] + "r" + key[2:] and key[2:] == other[2:]
            assert key[1].islower() and other[1].isupper() == (t.part == "sentinel")
            assert t.part == "sentinel" or key[1] == study.arms[arm][0]


def study_of(kind, trials, sentinels, scored, names=NAMES):
    """A study with 2 practice trials and `scored` pictures of each kind for the scored ones."""
    return Study(
        kind=kind,
        question="?",
        trials=trials,
        practice=2,
        sentinels=sentinels,
        size=32,
        detail=32,
        seed=1,
        names=names,
        sources=names,
        practice_pool=pool(kind, 2, "p"),
        scored_pool=pool(kind, scored, "s"),
        sentinel_pool=pool(kind, sentinels, "w", destroyed=True),
    )


def test_sessions_and_seeds_differ_and_every_scored_picture_is_shown():
    study = study_of("real-or-fake", trials=10, sentinels=2, scored=25)
    assert session_trials(study, 1, 0) != session_trials(study, 2, 0) != session_trials(replace(study, seed=2), 2, 0)
    counts = Counter(
        token for n in range(1, 101) for t in session_trials(study, n, 0) if t.part == "scored" for token in t.tokens
    )
    assert len(counts) == 50 and max(counts.values()) < 3 * min(counts.values())
    first = Counter(session_trials(study, n, 0)[0].key for n in range(1, 401))
    assert 150 < first["left"] < 250  # nothing to be learned from the order
    positions = Counter(
        i for n in range(1, 101) for i, t in enumerate(session_trials(study, n, 0)) if t.part == "sentinel"
    )
    assert set(positions) == set(range(2, 14))


def test_in_a_preference_study_each_of_two_is_destroyed_in_turn():
    study = study_of("preference", trials=4, sentinels=4, scored=4, names=("x", "y"))
    assert study.arms == (("x", "y"),)
    broken = Counter(token[1] for t in session_trials(study, 1, 0) for token in (t.left, t.right) if token[1].isupper())
    assert broken == {"X": 2, "Y": 2}


@given(st.permutations(range(6)), st.permutations(range(6)), st.integers(2, 6))
def test_real_pictures_are_never_beside_their_translations(reals, fakes, count):
    left, right = [StudyPicture(f"r{i}", str(i)) for i in reals], [StudyPicture(f"f{i}", str(i)) for i in fakes[:count]]
    before = set(left)
    separate_scenes(left, right)
    assert set(left) == before
    assert all(r.scene != f.scene for r, f in zip(left, right, strict=False))


@pytest.mark.parametrize(("kind", "arms"), [("real-or-fake", 3), ("preference", 3)])
def test_arms(kind, arms):
    study = study_of(kind, trials=2, sentinels=2, scored=2)
    assert len(study.arms) == arms and {len(a) for a in study.arms} == {1 if kind == "real-or-fake" else 2}
