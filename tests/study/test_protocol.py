"""What people are shown: each picture once, sides in balance, one algorithm, the same session from the same seed."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viceversa.study.folder import Pool, Shown, Study
from viceversa.study.protocol import apart, plan

NAMES = ("x", "y", "z")


def pool(kind, count, prefix, spoiled=False):
    """A pool whose tokens tell what they are: r = real, x y z = made, X Y Z = spoiled; then the scene."""

    def cards(letter):
        return tuple(Shown(f"{prefix}{letter}{i}", f"{prefix}{i}") for i in range(count))

    made = {name: cards(name) for name in NAMES} if not spoiled or kind == "preference" else {}
    return Pool(real=cards("r"), made=made, spoiled={n: cards(n.upper()) for n in NAMES} if spoiled else {})


@st.composite
def studies(draw):
    kind = draw(st.sampled_from(["real-or-fake", "preference"]))
    trials, practice, sentinels = draw(st.integers(2, 40)), draw(st.integers(2, 12)), draw(st.integers(2, 8))
    return Study(
        kind=kind, question="?", trials=trials, practice=practice, sentinels=sentinels, size=32, detail=32,
        seed=draw(st.integers(0, 2**63 - 1)), names=NAMES, sources=NAMES,
        practised=pool(kind, practice, "p"), scored=pool(kind, trials + draw(st.integers(0, 20)), "s"),
        watched=pool(kind, sentinels, "w", spoiled=True),
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(studies(), st.integers(1, 10_000), st.integers(0, 2))
def test_a_session_keeps_every_promise(study, number, arm):
    trials = plan(study, number, arm)
    assert plan(study, number, arm) == trials
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


def test_sessions_and_seeds_differ_and_every_scored_picture_comes_up():
    study = Study(
        kind="real-or-fake", question="?", trials=10, practice=2, sentinels=2, size=32, detail=32, seed=1, names=NAMES,
        sources=NAMES, practised=pool("", 2, "p"), scored=pool("", 25, "s"), watched=pool("real-or-fake", 2, "w", True),
    )  # fmt: skip
    assert plan(study, 1, 0) != plan(study, 2, 0) != plan(replace(study, seed=2), 2, 0)
    seen = Counter(token for n in range(1, 101) for t in plan(study, n, 0) if t.part == "scored" for token in t.tokens)
    assert len(seen) == 50 and max(seen.values()) < 3 * min(seen.values())
    first = Counter(plan(study, n, 0)[0].key for n in range(1, 401))
    assert 150 < first["left"] < 250  # nothing to be learned from the order
    positions = Counter(i for n in range(1, 101) for i, t in enumerate(plan(study, n, 0)) if t.part == "sentinel")
    assert set(positions) == set(range(2, 14))


def test_in_a_preference_study_each_of_two_is_destroyed_in_turn():
    study = Study(
        kind="preference", question="?", trials=4, practice=2, sentinels=4, size=32, detail=32, seed=1,
        names=("x", "y"), sources=("x", "y"), practised=pool("preference", 2, "p"), scored=pool("preference", 4, "s"),
        watched=pool("preference", 4, "w", True),
    )  # fmt: skip
    assert study.arms == (("x", "y"),)
    broken = Counter(token[1] for t in plan(study, 1, 0) for token in (t.left, t.right) if token[1].isupper())
    assert broken == {"X": 2, "Y": 2}


@given(st.permutations(range(6)), st.permutations(range(6)), st.integers(2, 6))
def test_real_pictures_are_kept_apart_from_their_translations(reals, fakes, count):
    left, right = [Shown(f"r{i}", str(i)) for i in reals], [Shown(f"f{i}", str(i)) for i in fakes[:count]]
    before = set(left)
    apart(left, right)
    assert set(left) == before
    assert all(r.scene != f.scene for r, f in zip(left, right, strict=False))


@pytest.mark.parametrize(("kind", "arms"), [("real-or-fake", 3), ("preference", 3)])
def test_arms(kind, arms):
    study = Study(
        kind=kind, question="?", trials=2, practice=2, sentinels=2, size=32, detail=32, seed=0, names=NAMES,
        sources=NAMES, practised=Pool(), scored=Pool(), watched=Pool(),
    )  # fmt: skip
    assert len(study.arms) == arms and {len(a) for a in study.arms} == {1 if kind == "real-or-fake" else 2}
