"""Run the server of a study until a signal ends it: one owner, one port, one token."""

import os
import secrets
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from ..errors import ResourceError, UsageError, ViceversaError
from ..files import Lock, write_secret
from ..study.answers import Answers
from ..study.folder import StudyFolder
from .gate import EVERYWHERE, LOOPBACK

MISSING = "study serve needs an extra: pip install 'viceversa[serve]'"
NEAR = 20  # ports looked through for a free one
CONNECTIONS = 600  # at a time; the next is answered 503
GRACE_SECONDS = 5  # for requests under way when a signal comes


class Stopped(ViceversaError):
    """A signal ended the server."""

    def __init__(self, number: int) -> None:
        name = signal.Signals(number).name
        super().__init__(f"stopped by {name}; every acknowledged answer is on disk, the same command goes on")
        self.exit_code = 128 + number


def serve(study: Path | str, host: str = "127.0.0.1", port: int = 8765, tell: Callable[[str], None] = print) -> None:
    """Serve a study and say where; returns only by raising Stopped.

    Raises UsageError without the extra, ResourceError where the port or the folder is taken or the answers are junk.
    """
    try:
        import uvicorn

        from .impatient import Impatient
        from .study.app import make_app
    except ImportError:
        raise UsageError(MISSING) from None
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: it must be between 0 and 65535")
    folder = StudyFolder(study).require()
    found = folder.study()
    with Lock(folder.path, "one server at a time can write a study; end that one first"), listen(host, port) as bound:
        answers = Answers(folder.answers, folder.digest())
        token = token_of(folder)
        app = make_app(folder, found, answers, token, host)
        config = uvicorn.Config(
            app, http=Impatient, ws="none", loop="asyncio", lifespan="off", log_level="error", access_log=False,
            server_header=False, proxy_headers=False, limit_concurrency=CONNECTIONS, timeout_keep_alive=10,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )  # fmt: skip
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)  # uvicorn sends itself every signal again when it has ended
        try:
            announce(bound, host, token, tell)
            uvicorn.Server(config).run(sockets=[bound])
        finally:
            answers.close()
    raise ResourceError("the server ended by itself; the lines above say why")


def stop(number: int, frame: FrameType | None) -> None:
    """What a signal does before uvicorn takes it over and after it gives it back."""
    raise Stopped(number)


def announce(bound: socket.socket, host: str, token: str, tell: Callable[[str], None]) -> None:
    """The address for people, the one for the owner, and what can be reached from outside."""
    name = "127.0.0.1" if host in EVERYWHERE else host
    where = f"http://{f'[{name}]' if ':' in name else name}:{bound.getsockname()[1]}"
    tell(f"for people:  {where}/")
    tell(f"for results: {where}/results?token={token}")
    if host in LOOPBACK:
        tell("only this machine can open them; Ctrl-C ends")
    else:
        tell(f"--host {host} opens the study, unencrypted, to every machine that reaches this one; Ctrl-C ends")


def token_of(folder: StudyFolder) -> str:
    """The token that opens the results, made at the first start."""
    with suppress(FileExistsError):
        write_secret(folder.token, secrets.token_urlsafe(24) + "\n")
    token = folder.token.read_text().strip()
    if len(token) < 16:
        raise ResourceError(f"{folder.token} holds no token; remove it and start again")
    return token


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; a taken port is a ResourceError that names a free one."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError):
        raise UsageError(f"--host {host}: there is no such address; 127.0.0.1 is this machine alone") from None
    try:
        return socket.create_server(address[:2], family=family)
    except OSError as e:
        free = next((p for p in range(port + 1, min(port + NEAR, 65536)) if _free(host, p, family)), None)
        hint = f"; --port {free} is free" if free else "; --port 0 takes a free one"
        raise ResourceError(f"port {port} of {host} cannot be opened ({os.strerror(e.errno or 0)}){hint}") from None


def _free(host: str, port: int, family: int) -> bool:
    with suppress(OSError), socket.create_server((host, port), family=family):
        return True
    return False
