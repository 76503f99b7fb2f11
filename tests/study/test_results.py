"""The results of simulated people whose skill is known, and the words for them."""

import json

import numpy as np
import pytest

from support.studies import OTHER, answer, small_study, visit
from viceversa import cli, study
from viceversa.study import words
from viceversa.study.answers import Answers, read
from viceversa.study.protocol import session_trials


@pytest.fixture
def open_study(memory_path):
    """A study, its open database, and a function that lets one person answer."""
    opened = []

    def make(**options):
        folder = small_study(memory_path, **options)
        store = Answers(folder.answers, folder.digest())
        store.db.execute("PRAGMA synchronous = OFF")
        opened.append(store)
        return folder, store

    yield make
    for store in opened:
        store.close()


def fooled(rng, skill, attentive=True):
    """A person who takes the translation for the real one with this chance, and sentinels never unless asleep."""

    def choose(trial):
        wrong = rng.random() < (skill if trial.part != "sentinel" else not attentive)
        return OTHER[trial.key] if wrong else trial.key

    return choose


def test_shares_people_and_sentinels_are_counted_by_hand(open_study):
    folder, store = open_study(algorithms=1, trials=6, practice=2, sentinels=4)

    def person(wrong, missed, until=None):
        left = {"scored": wrong, "sentinel": missed, "practice": 99}

        def choose(trial):
            left[trial.part] -= 1
            return OTHER[trial.key] if left[trial.part] >= 0 else trial.key

        visit(store, folder, choose, until)

    person(3, 0)
    person(6, 1)  # a quarter of the sentinels is not more than a quarter
    person(0, 2)  # half of them is
    person(6, 0, until=11)
    found = study.results(folder.path)
    (arm,) = found["arms"]
    assert (arm["people"], arm["excluded"], arm["unfinished"], arm["trials"]) == (2, 1, 1, 12)
    assert arm["share"]["mean"] == pytest.approx(0.75) and arm["everyone"]["mean"] == pytest.approx(0.5)
    assert arm["share"]["sd"] == pytest.approx(np.std([0.5, 1.0], ddof=1))
    assert arm["share"]["low"] <= 0.75 <= arm["share"]["high"]
    assert arm["answer_ms"] == 700 and arm["shown"] == {"median_ms": 1000, "frame_ms": 16.7, "off": 0}
    assert found["counted"] == "taken for real" and found["differences"] == []
    assert found["power"]["people"] == 2
    assert study.results(folder.path) == found  # a fixed seed


def test_pairs_shown_too_long_or_too_short_are_counted(open_study):
    folder, store = open_study(algorithms=1, trials=6, practice=2, sentinels=0)
    session = store.start(1, 8)
    for i, shown in enumerate([2000, 2000, 1016.7, 983.4, 1000, 1033.4, 960, 1000]):
        store.record(session, answer(i, shown_ms=shown), 8)
    (arm,) = study.results(folder.path)["arms"]
    assert arm["shown"]["off"] == pytest.approx(2 / 6)  # practice is not counted


def test_all_right_is_zero_without_doubt(open_study):
    folder, store = open_study()
    for _ in range(8):
        visit(store, folder, lambda trial: trial.key)
    found = study.results(folder.path)
    for arm in found["arms"]:
        assert arm["share"] == {"mean": 0, "low": 0, "high": 0, "sd": 0, "sd_of_skill": 0}
    assert found["differences"][0]["first_ahead"] == 0.5 and found["power"]["needed"] == {"5%": 2, "10%": 2}


def test_a_simulated_population_is_recovered(open_study):
    """60 people, 40 trials: one algorithm fools at 40 %, the other at 22 %, every person at their own rate."""
    folder, store = open_study(trials=40, practice=2, sentinels=4, size=16)
    rng = np.random.default_rng(4)
    true = {0: 0.40, 1: 0.22}
    for i in range(66):
        arm = i % 2  # dealt out in turn
        skill = rng.beta(true[arm] * 20, (1 - true[arm]) * 20)
        visit(store, folder, fooled(rng, skill, attentive=i < 60))
    found = study.results(folder.path)
    for i, arm in enumerate(found["arms"]):
        assert (arm["people"], arm["excluded"]) == (30, 3)
        assert arm["share"]["low"] < true[i] < arm["share"]["high"]
        assert arm["share"]["high"] - arm["share"]["low"] < 0.12
        expected = np.sqrt(true[i] * (1 - true[i]) / 21)  # the deviation of a Beta of 20 pseudo-trials
        assert arm["share"]["sd_of_skill"] == pytest.approx(expected, rel=0.35)
    (difference,) = found["differences"]
    assert difference["low"] < 0.18 < difference["high"] and difference["first_ahead"] > 0.99
    assert found["power"]["had"]["10%"] > found["power"]["had"]["5%"] > 0.05
    assert found["power"]["needed"]["5%"] > found["power"]["needed"]["10%"] > 5


def test_preferences_are_the_share_of_the_first(open_study, tmp_path):
    folder, store = open_study(algorithms=3, kind="preference", trials=20)
    rng = np.random.default_rng(0)
    content = folder.study()
    for _ in range(30):
        visit(store, folder, lambda t: t.key if t.part == "sentinel" or rng.random() < 0.7 else OTHER[t.key])
    found = study.results(folder.path)
    assert [arm["algorithms"] for arm in found["arms"]] == [list(a) for a in content.arms] and len(found["arms"]) == 3
    for arm in found["arms"]:
        assert arm["people"] == 10 and arm["share"]["low"] < 0.7 < arm["share"]["high"]
    assert found["differences"] == [] and found["power"]["needed"]["10%"] < 30
    text = "\n".join(words.lines(found))
    assert "made0 over made1" in text and "a distance from one half" in text


def test_a_session_is_scored_by_the_trials_that_were_shown(open_study):
    """Someone who always answers left is right exactly where the key is left."""
    folder, store = open_study(algorithms=1)
    number = visit(store, folder, lambda trial: "left")
    content = folder.study()
    shown = [t.key for t in session_trials(content, number, 0) if t.part == "scored"]
    assert [a.side for a in read(folder.answers)[0][1]] == ["left"] * content.length
    (arm,) = study.results(folder.path)["arms"]
    assert arm["everyone"]["mean"] == pytest.approx(shown.count("right") / len(shown)) == 0.5


def test_the_command_prints_the_same_numbers(open_study, capsys):
    folder, store = open_study()
    rng = np.random.default_rng(0)
    for i in range(13):
        visit(store, folder, fooled(rng, 0.3, attentive=i > 0))
    assert cli.run(["study", "results", str(folder.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(json.dumps(study.results(folder.path)))
    assert cli.run(["study", "results", str(folder.path)]) == 0
    out = capsys.readouterr().out
    for arm in found["arms"]:
        assert words.percent(arm["share"]["mean"]) in out and arm["algorithms"][0] in out
    assert "made0 minus made1" in out and "with all" in out and "For 80 % it takes" in out
    assert max(map(len, out.splitlines()[:4])) < 110
