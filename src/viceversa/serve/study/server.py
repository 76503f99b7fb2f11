"""Serve one study: its lock, its answers, the token that opens its results, and its addresses."""

import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ...errors import ResourceError
from ...extras import require_extra
from ...files import Lock, write_secret
from ...study.answers import Answers
from ...study.folder import StudyFolder
from .. import server
from ..hosts import LOOPBACK

STOP_NOTE = "every acknowledged answer is on disk, the same command goes on"


def serve(study: Path | str, host: str = "127.0.0.1", port: int = 8765, say: Callable[[str], None] = print) -> None:
    """Serve a study and print its addresses with `say`; returns only by raising `server.Stopped`.

    Raises UsageError without the extra, ResourceError where the port or the folder is in use or the answers are
    damaged.
    """
    require_extra("serve", "study serve")
    from .app import LIMITS, make_app

    server.require_port(port)
    folder = StudyFolder(study).require()
    content = folder.study()

    with (
        Lock(folder.path, "one server at a time can write a study; end that one first"),
        server.listen(host, port) as bound,
    ):
        answers = Answers(folder.answers, folder.digest())
        try:
            token = read_token(folder)
            server.run(
                make_app(folder, content, answers, token),
                bound,
                host,
                limits=LIMITS,
                on_start=lambda: announce(bound, host, token, say),
                stop_note=STOP_NOTE,
            )
        finally:
            answers.close()


def announce(bound: socket.socket, host: str, token: str, say: Callable[[str], None]) -> None:
    """Print the address for people, the one for the owner, and who can reach them."""
    url = server.url_of(bound, host)
    say(f"for people:  {url}/")
    say(f"for results: {url}/results?token={token}")
    if host in LOOPBACK:
        say("only this machine can open them; Ctrl-C ends")
    else:
        say(f"--host {host} opens the study, unencrypted, to every machine that reaches this one; Ctrl-C ends")


def read_token(folder: StudyFolder) -> str:
    """The token that opens the results, made at the first start."""
    with suppress(FileExistsError):
        write_secret(folder.token, secrets.token_urlsafe(24) + "\n")
    token = folder.token.read_text().strip()
    if len(token) < 16:
        raise ResourceError(f"{folder.token} holds no token; remove it and start again")
    return token
