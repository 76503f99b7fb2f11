"""Answers are never lost and never counted twice: killed writers, full disks, damaged files, replays, two servers."""

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import threading
import time
from collections import Counter
from functools import partial

import httpx
import pytest

from support.studies import answer, body, serving, small_study, visit
from viceversa import cli
from viceversa.errors import ResourceError
from viceversa.study import answers as module
from viceversa.study.answers import Answers, Busy, Conflict, read

LENGTH = 12


@pytest.fixture
def path(memory_path):
    return memory_path / "answers.sqlite"


@pytest.fixture
def store(path):
    answers = Answers(path, "a1")
    yield answers
    answers.close()


def test_every_commit_waits_for_the_disk(store):
    assert store.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL: each commit is synced


def test_an_answer_is_stored_once_and_in_turn(store, path):
    session = store.start(1, LENGTH)
    assert store.record(session, answer(0), LENGTH) == 1
    assert store.record(session, answer(0), LENGTH) == 1  # a replay is acknowledged again
    for other in (answer(0, "right"), answer(0, answer_ms=1.0), answer(2), answer(LENGTH)):
        with pytest.raises(Conflict):
            store.record(session, other, LENGTH)
    assert store.record(session, answer(1, "right"), LENGTH) == 2
    assert store.session(session.id).answered == 2 and store.session("guess") is None
    assert read(path)[0][1] == [answer(0), answer(1, "right")]
    for i in range(2, LENGTH):
        store.record(session, answer(i), LENGTH)
    with pytest.raises(Conflict):
        store.record(session, answer(LENGTH), LENGTH)


@pytest.mark.parametrize("table", ["answer", "session", "study"])
def test_nothing_can_be_changed_or_removed(store, path, table):
    store.record(store.start(1, LENGTH), answer(0), LENGTH)
    column = {"answer": "side", "session": "arm", "study": "digest"}[table]
    other = sqlite3.connect(path)
    for change in (f"UPDATE {table} SET {column} = 0", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(change)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute("INSERT OR REPLACE INTO answer VALUES (1, 0, 'right', 1, 1, 1, 1, 1)")
    with pytest.raises(sqlite3.IntegrityError):
        other.execute("INSERT INTO answer VALUES (1, 1, 'both', 1, 1, 1, 1, 1)")
    other.close()


def test_nothing_about_a_person_is_stored(store, path):
    store.record(store.start(1, LENGTH), answer(0), LENGTH)
    columns = {t: [row[1] for row in store.db.execute(f"PRAGMA table_info({t})")] for t in ("session", "answer")}
    assert columns == {
        "session": ["number", "id", "arm", "started"],
        "answer": ["session", "trial", "side", "shown_ms", "frame_ms", "answer_ms", "width", "height"],
    }
    assert store.db.execute("SELECT started % 60 FROM session").fetchone() == (0,)  # the minute, not the moment


def test_people_are_dealt_to_the_arm_with_the_fewest(store, monkeypatch):
    arms = [store.start(3, 1).arm for _ in range(9)]
    assert Counter(arms) == {0: 3, 1: 3, 2: 3}
    # an hour later nobody who left without an answer counts any more
    later = time.time() + 7200
    monkeypatch.setattr(module.time, "time", lambda: later)
    for session in [
        store.session(row[0]) for row in store.db.execute("SELECT id FROM session ORDER BY number").fetchall()
    ][:4]:
        store.record(session, answer(0), 1)  # complete: arms 0, 1, 2, 0
    assert [store.start(3, 1).arm for _ in range(5)] == [1, 2, 0, 1, 2]


def test_there_is_a_limit_to_sessions(store, monkeypatch):
    monkeypatch.setattr(module, "MAX_PER_MINUTE", 3)
    for _ in range(3):
        store.start(1, LENGTH)
    with pytest.raises(Busy) as caught:
        store.start(1, LENGTH)
    assert caught.value.seconds == 60
    monkeypatch.setattr(module, "MAX_PER_MINUTE", 100)
    monkeypatch.setattr(module, "MAX_SESSIONS", 3)
    with pytest.raises(Busy, match="that is its limit"):
        store.start(1, LENGTH)


def test_many_people_at_once(store, path):
    """Twenty threads, each one person who sends every answer twice."""

    def one():
        session = store.start(2, LENGTH)
        for i in range(LENGTH):
            assert store.record(session, answer(i), LENGTH) == store.record(session, answer(i), LENGTH) == i + 1

    threads = [threading.Thread(target=one) for _ in range(20)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    found = read(path)
    assert len(found) == 20 and all(answers == [answer(i) for i in range(LENGTH)] for _, answers in found)
    assert Counter(session.arm for session, _ in found) == {0: 10, 1: 10}


def person(path, token, number, write):
    """A child that answers for the session `token` from trial `number` on, and says what was acknowledged."""
    store = Answers(path, "a1")
    session = store.session(token)
    write(b"open\n")
    while True:
        # the first answer may have been stored by the writer before, whose acknowledgement was lost
        side = "left" if number % 3 else "right"
        store.record(session, answer(number, side), 10**9)
        write(f"{number}\n".encode())
        number += 1


@pytest.mark.long
def test_five_hundred_killed_writers_lose_nothing_and_double_nothing(path):
    """kill -9 at a random moment after an acknowledged answer; the next writer begins with the one not acknowledged."""
    rng = random.Random(0)
    store = Answers(path, "a1")
    session = store.start(1, LENGTH)
    store.close()
    acknowledged = -1
    for _ in range(500):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(out)
                person(path, session.id, acknowledged + 1, partial(os.write, into))
            finally:
                os._exit(1)
        os.close(into)
        with os.fdopen(out) as pipe:
            assert pipe.readline() == "open\n"
            for _ in range(rng.randint(1, 4)):
                acknowledged = int(pipe.readline())
            time.sleep(rng.random() * 0.002)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            acknowledged = max([acknowledged, *map(int, pipe.read().split())])
    store = Answers(path, "a1")  # checks its integrity
    stored = store.db.execute("SELECT trial, side FROM answer ORDER BY trial").fetchall()
    store.close()
    assert acknowledged >= 500
    assert len(stored) in (acknowledged + 1, acknowledged + 2)  # the last may be stored and not yet acknowledged
    assert stored == [(i, "left" if i % 3 else "right") for i in range(len(stored))]


@pytest.mark.long
def test_killed_servers_lose_nothing_and_double_nothing(tmp_path):
    """End to end: a client that sends until it is acknowledged, a server killed at random and started again."""
    folder = small_study(tmp_path, trials=12, practice=2, sentinels=0, size=16)
    length = folder.study().length
    rng = random.Random(1)
    token, acknowledged, kills = None, 0, 0
    while acknowledged < length:
        with serving(folder) as running, httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client:
            token = token or client.post("/api/sessions", json={"consent": True}).json()["session"]
            where = f"/api/sessions/{token}/answers"
            assert client.get(f"/api/sessions/{token}").json()["answered"] in (acknowledged, acknowledged + 1)
            deadline = threading.Timer(rng.uniform(0.02, 0.08), running.process.kill)
            deadline.start()
            try:
                while acknowledged < length:
                    reply = client.post(where, json=body(answer(acknowledged)))
                    assert reply.status_code == 200, reply.text
                    acknowledged = reply.json()["answered"]
            except httpx.TransportError:
                kills += 1
            deadline.cancel()
    assert kills >= 1
    (_, answers), *rest = read(folder.answers)
    assert rest == [] and answers == [answer(i) for i in range(length)]


@pytest.fixture
def folder(tmp_path):
    return small_study(tmp_path)


def test_two_servers_of_one_study_are_one_too_many(folder, capsys):
    with serving(folder) as running:
        assert cli.run(["study", "serve", str(folder.path), "--port", "0"]) == 5
        error = capsys.readouterr().err
        assert "is in use by pid" in error and "one server at a time" in error and len(error.splitlines()) == 1
        other = Answers(folder.answers, folder.digest())  # even without the lock nothing is lost
        visit(other, folder, lambda t: "left")
        other.close()
        assert httpx.get(f"{running.url}/api/study").status_code == 200
    assert len(read(folder.answers)[0][1]) == LENGTH


@pytest.mark.parametrize("junk", [b"junk" * 2000, b"SQLite format 3\0" + b"\xff" * 9000], ids=["text", "header"])
def test_a_damaged_database_ends_in_one_line(folder, junk, capsys):
    folder.answers.write_bytes(junk)
    for words in (["serve"], ["results"]):
        assert cli.run(["study", *words, str(folder.path)]) == 5
        error = capsys.readouterr().err
        assert "answers.sqlite cannot be used" in error and len(error.splitlines()) == 1
    assert folder.answers.read_bytes() == junk  # a person may want to look at it


def test_answers_to_another_study_are_not_counted(folder, tmp_path, capsys):
    visit(store := Answers(folder.answers, folder.digest()), folder, lambda t: "left")
    store.close()
    other = small_study(tmp_path / "other", seed=5)
    shutil.copy(folder.answers, other.answers)
    for words in (["serve"], ["results"]):
        assert cli.run(["study", *words, str(other.path)]) == 5
        assert "holds the answers to another study" in capsys.readouterr().err


def test_a_torn_log_costs_only_what_was_never_acknowledged(folder):
    store = Answers(folder.answers, folder.digest())
    visit(store, folder, lambda t: "left")
    wal = folder.answers.with_name("answers.sqlite-wal")
    copy = folder.path.with_name("copy")
    shutil.copytree(folder.path, copy)
    store.close()
    with open(copy / wal.name, "ab") as file:
        file.write(b"half a frame of an answer that was never acknowledged")
    assert len(read(copy / "answers.sqlite")[0][1]) == LENGTH


@pytest.mark.long
@pytest.mark.parametrize("harm", ["replaced", "overwritten", "removed", "log removed"])
def test_a_database_harmed_under_a_running_server_acknowledges_nothing(folder, harm):
    wal = folder.answers.with_name("answers.sqlite-wal")
    with serving(folder) as running, httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client:
        token = client.post("/api/sessions", json={"consent": True}).json()["session"]
        where = f"/api/sessions/{token}/answers"
        assert client.post(where, json=body(answer(0))).json()["answered"] == 1
        if harm == "replaced":
            (folder.path / "x").write_bytes(b"junk" * 5000)
            os.replace(folder.path / "x", folder.answers)
        elif harm == "overwritten":
            folder.answers.write_bytes(b"junk" * 5000)
        else:
            (folder.answers if harm == "removed" else wal).unlink()
        for _ in range(2):
            reply = client.post(where, json=body(answer(1)))
            assert reply.status_code == 503 and reply.headers["Retry-After"] and "error" in reply.json()
        assert client.post("/api/sessions", json={"consent": True}).status_code == 503
        assert client.get("/api/results", params={"token": running.token}).status_code in (200, 503)
        assert client.get("/").status_code == 200
        running.process.send_signal(signal.SIGTERM)
        error = running.process.communicate(timeout=20)[1]
    assert "Traceback" not in error and "was replaced while the study ran" in error
    assert running.process.returncode == 143


@pytest.mark.long
def test_a_full_disk_loses_nothing_that_was_acknowledged(folder):
    """The file cannot grow: each answer is stored and acknowledged, or refused with 503; then room, then all go in."""
    grown = folder.answers.with_name("answers.sqlite-wal")
    with serving(folder) as running, httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client:
        token = client.post("/api/sessions", json={"consent": True}).json()["session"]
        where = f"/api/sessions/{token}/answers"
        assert client.post(where, json=body(answer(0))).status_code == 200
        before = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (grown.stat().st_size + 6000, before[1]))
        replies = [client.post(where, json=body(answer(1))) for _ in range(2)]
        count, i = 2 if replies[0].status_code == 200 else 1, 0
        while replies[-1].status_code == 200 and i < 20:
            replies.append(client.post(where, json=body(answer(count))))
            count, i = count + (replies[-1].status_code == 200), i + 1
        assert replies[-1].status_code == 503 and replies[-1].headers["Retry-After"]
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, before)
        for i in range(count, LENGTH):
            assert client.post(where, json=body(answer(i))).json()["answered"] == i + 1
    assert read(folder.answers)[0][1] == [answer(i) for i in range(LENGTH)]


@pytest.mark.long
def test_a_database_locked_by_another_program_is_waited_for_and_then_refused(folder):
    with serving(folder) as running, httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client:
        other = sqlite3.connect(folder.answers, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        assert client.post("/api/sessions", json={"consent": True}, timeout=20).status_code == 503
        assert time.monotonic() - begun < 10
        other.execute("ROLLBACK")
        other.close()
        assert client.post("/api/sessions", json={"consent": True}).status_code == 201


def test_a_folder_that_cannot_be_written_ends_in_one_line(folder, capsys, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(folder.token))

    monkeypatch.setattr("viceversa.serve.study.server.write_secret", refuse)
    assert cli.run(["study", "serve", str(folder.path), "--port", "0"]) == 5
    assert "Permission denied" in capsys.readouterr().err


@pytest.mark.long
def test_results_can_be_read_while_people_answer(folder, capsys):
    with serving(folder) as running, httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client:
        for _ in range(2):
            token = client.post("/api/sessions", json={"consent": True}).json()["session"]
            for i in range(LENGTH):
                client.post(f"/api/sessions/{token}/answers", json=body(answer(i)))
            assert cli.run(["study", "results", str(folder.path), "--json"]) == 0
        found = json.loads(capsys.readouterr().out.split("\n}\n")[-2] + "\n}")
        assert sum(arm["people"] + arm["excluded"] for arm in found["arms"]) == 2


def test_errors_of_sqlite_become_one_of_ours(tmp_path):
    with pytest.raises(ResourceError, match="cannot be used"):
        Answers(tmp_path / "no" / "answers.sqlite", "a1")
    assert read(tmp_path / "none.sqlite") == []
