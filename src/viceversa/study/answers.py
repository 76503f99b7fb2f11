"""The answers of a study in SQLite: append-only, one writer, and acknowledged only when on disk.

A person is stored as a random session id, the minute the session began, and the answers; nothing else.
"""

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from ..errors import ResourceError, ViceversaError
from ..files import sync

SCHEMA = """
CREATE TABLE study (digest TEXT NOT NULL PRIMARY KEY);
CREATE TABLE session (
  number INTEGER PRIMARY KEY CHECK (number > 0), id TEXT NOT NULL UNIQUE, arm INTEGER NOT NULL, started REAL NOT NULL
);
CREATE TABLE answer (
  session INTEGER NOT NULL REFERENCES session (number),
  trial INTEGER NOT NULL CHECK (trial >= 0),
  side TEXT NOT NULL CHECK (side IN ('left', 'right')),
  shown_ms REAL NOT NULL, frame_ms REAL NOT NULL, answer_ms REAL NOT NULL,
  width INTEGER NOT NULL, height INTEGER NOT NULL,
  PRIMARY KEY (session, trial)
) WITHOUT ROWID;
""" + "".join(
    f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;\n"
    for table in ("study", "session", "answer")
    for verb in ("UPDATE", "DELETE")
)
SCHEMA += """
CREATE TRIGGER answer_replace BEFORE INSERT ON answer
WHEN EXISTS (SELECT 1 FROM answer WHERE session = NEW.session AND trial = NEW.trial)
BEGIN SELECT RAISE(ABORT, 'answer is append-only'); END;
"""
COUNT_PEOPLE = """
SELECT arm, count(*) FROM session
WHERE started > ? OR (SELECT count(*) FROM answer WHERE session = number) >= ? GROUP BY arm
"""
MAGIC = b"SQLite format 3\0"
WAIT_SECONDS = 2.0  # for another program that has locked the file
RECENT_SECONDS = 3600.0  # a session that began so recently may still be finished
MAX_SESSIONS = 20_000  # of one study; more cannot come from people
MAX_PER_MINUTE = 120  # new sessions


class Conflict(ViceversaError):
    """An answer that contradicts what is stored, or comes out of turn."""


class Busy(ViceversaError):
    """Too many sessions; a client may try again after `seconds`."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True)
class Session:
    """One person's visit: its number in the database, the id that only their page knows, and its arm."""

    number: int
    id: str
    arm: int
    answered: int = 0


@dataclass(frozen=True)
class Answer:
    """One answer as the page measured it; times in milliseconds, the window in CSS pixels."""

    trial: int
    side: str
    shown_ms: float  # from the frame that showed the pair to the frame that removed it
    frame_ms: float  # the screen's interval between frames
    answer_ms: float  # from the end of the pair to the answer
    width: int
    height: int


COLUMNS = ", ".join(f.name for f in fields(Answer))


class Answers:
    """The database of a running study, open for its one writer; safe to use from several threads.

    Raises ResourceError when the file is damaged, belongs to another study, or cannot be written.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self.path, self.wal = path, path.with_name(path.name + "-wal")
        self.lock = threading.Lock()
        self.recent: list[float] = []  # when sessions began, for the limit per minute
        with as_resource_error(path):
            self.db = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._open(digest)
                self.identities = (_identity(path), _identity(self.wal))
                # To be closed after the database only: closing any descriptor of the file drops SQLite's locks.
                self.descriptor = os.open(path, os.O_RDONLY)
            except BaseException:
                self.db.close()
                raise

    def _open(self, digest: str) -> None:
        """Set up a write-ahead log and synced commits; create the tables of a new file, check an existing one."""
        if self.db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise ResourceError(f"{self.path} lies on a disk without shared memory; move the study to a local disk")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("PRAGMA foreign_keys = ON")

        if not self.db.execute("SELECT 1 FROM sqlite_master").fetchone():
            self.db.executescript(f"BEGIN IMMEDIATE;{SCHEMA}INSERT INTO study VALUES ('{digest}');COMMIT;")
            sync(self.path.parent)

        integrity = self.db.execute("PRAGMA integrity_check").fetchone()[0]
        if integrity != "ok":
            raise ResourceError(f"{self.path} is damaged ({integrity}); restore a copy of it")
        require_study(self.db, self.path, digest)

        self.db.execute("BEGIN IMMEDIATE")  # checks that it can be written, and creates the log
        self.db.execute("ROLLBACK")

    def start(self, arms: int, length: int) -> Session:
        """Begin a session on the arm that has the fewest people: complete, or begun within the last hour.

        Raises Busy when there are too many sessions, in all or in the last minute.
        """
        now = time.time()
        with self._write() as db:
            self.recent = [t for t in self.recent if t > now - 60]
            count = db.execute("SELECT count(*) FROM session").fetchone()[0]
            if count >= MAX_SESSIONS:
                raise Busy(f"this study has {count} sessions, and that is its limit", 3600)
            if len(self.recent) >= MAX_PER_MINUTE:
                raise Busy("too many people begin at once; try again in a minute", 60)

            people = dict(db.execute(COUNT_PEOPLE, (now - RECENT_SECONDS, length)).fetchall())
            arm = min(range(arms), key=lambda a: (people.get(a, 0), a))
            token = secrets.token_urlsafe(16)
            number = db.execute(
                "INSERT INTO session (id, arm, started) VALUES (?, ?, ?)", (token, arm, now // 60 * 60)
            ).lastrowid
            self.recent.append(now)
        return Session(int(number or 0), token, arm)

    def session(self, token: str) -> Session | None:
        """The session with an id and the number of its acknowledged answers; None for an unknown id."""
        with self.lock, as_resource_error(self.path):
            return self._session(token)

    def _session(self, token: str) -> Session | None:
        row = self.db.execute(
            "SELECT number, id, arm, (SELECT count(*) FROM answer WHERE session = number) FROM session WHERE id = ?",
            (token,),
        ).fetchone()
        return Session(*row) if row else None

    def record(self, session: Session, answer: Answer, length: int) -> int:
        """Store an answer and return how many are on disk now. The same answer again changes nothing.

        Raises Conflict for another answer to the same trial, and for one out of turn.
        """
        with self._write() as db:
            key = (session.number, answer.trial)
            stored = db.execute(f"SELECT {COLUMNS} FROM answer WHERE session = ? AND trial = ?", key).fetchone()
            count: int = db.execute("SELECT count(*) FROM answer WHERE session = ?", key[:1]).fetchone()[0]
            if stored is not None:
                if stored != astuple(answer):
                    raise Conflict(f"trial {answer.trial} has another answer already")
                return count
            if answer.trial != count or count >= length:
                raise Conflict(f"trial {answer.trial} is out of turn; {count} of {length} are answered")
            db.execute(
                f"INSERT INTO answer (session, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (session.number, *astuple(answer)),
            )
        return count + 1

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on disk, in the file at this path, when the block has ended."""
        with self.lock, as_resource_error(self.path):
            self._require_same_files()
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            finally:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
            self._require_same_files()

    def _require_same_files(self) -> None:
        """Raise ResourceError when the files were replaced: SQLite would not notice and write to the deleted ones."""
        magic = os.pread(self.descriptor, len(MAGIC), 0)
        if magic != MAGIC or self.identities != (_identity(self.path), _identity(self.wal)):
            raise ResourceError(f"{self.path} was replaced while the study ran; restore it and start the server again")

    def close(self) -> None:
        with self.lock:
            self.db.close()
            os.close(self.descriptor)


def read(path: Path, digest: str | None = None) -> list[tuple[Session, list[Answer]]]:
    """Every session with its answers in order, also while a server writes; none before the first server ran.

    Raises ResourceError for a damaged file, and with a `digest` for the answers to another study.
    """
    if not path.exists():
        return []
    with as_resource_error(path):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)
        try:
            db.execute("BEGIN")
            if digest is not None:
                require_study(db, path, digest)
            rows = db.execute("SELECT number, id, arm FROM session ORDER BY number").fetchall()
            answers: dict[int, list[Answer]] = {number: [] for number, _, _ in rows}
            for number, *answer in db.execute(f"SELECT session, {COLUMNS} FROM answer ORDER BY session, trial"):
                answers[number].append(Answer(*answer))
        finally:
            db.close()
    return [(Session(number, token, arm, len(answers[number])), answers[number]) for number, token, arm in rows]


def require_study(db: sqlite3.Connection, path: Path, digest: str) -> None:
    """Raise ResourceError unless the answers are those to the study whose study.json has this digest."""
    if db.execute("SELECT digest FROM study").fetchall() != [(digest,)]:
        raise ResourceError(f"{path} holds the answers to another study; move it away or restore study.json")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file at a path; None when there is none."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def as_resource_error(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the system into one ResourceError."""
    try:
        yield
    except (sqlite3.Error, OSError) as e:
        reason = " ".join(str(getattr(e, "strerror", None) or e).split())
        raise ResourceError(
            f"{path} cannot be used ({reason}); check the disk, its permissions and other programs"
        ) from e
