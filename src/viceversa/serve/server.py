"""Run an ASGI application behind the gate until a signal ends it."""

import os
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from ..errors import ResourceError, UsageError, ViceversaError
from .hosts import ALL_ADDRESSES

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .gate import Limits

NEAR = 20  # ports that are tried for a free one
CONNECTIONS = 600  # at a time; the next one is answered 503
GRACE_SECONDS = 5  # for unfinished requests when a signal comes


class Stopped(ViceversaError):
    """A signal ended the server."""

    def __init__(self, number: int, note: str) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}; {note}")
        self.exit_code = 128 + number


def require_port(port: int) -> None:
    """Raise UsageError for what is not a port."""
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: it must be between 0 and 65535")


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. UsageError for a bad address, ResourceError when the port is in use."""
    require_port(port)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError):
        raise UsageError(f"--host {host}: there is no such address; 127.0.0.1 is this machine alone") from None
    try:
        return socket.create_server(address[:2], family=family)
    except OSError as e:
        free = next((p for p in range(port + 1, min(port + NEAR, 65536)) if _is_free(host, p, family)), None)
        hint = f"--port {free} is free" if free else "--port 0 takes a free one"
        raise ResourceError(f"port {port} of {host} cannot be opened ({os.strerror(e.errno or 0)}); {hint}") from None


def _is_free(host: str, port: int, family: int) -> bool:
    with suppress(OSError), socket.create_server((host, port), family=family):
        return True
    return False


def url_of(bound: socket.socket, host: str = "127.0.0.1") -> str:
    """The address of a server on this machine, without a slash at its end."""
    name = "127.0.0.1" if host in ALL_ADDRESSES else host
    if ":" in name:
        name = f"[{name}]"
    return f"http://{name}:{bound.getsockname()[1]}"


def run(
    app: "ASGIApp",
    bound: socket.socket,
    host: str = "127.0.0.1",
    *,
    limits: "Limits | None" = None,
    routes: "Mapping[str, Limits] | None" = None,
    connections: int = CONNECTIONS,
    on_start: Callable[[], None] = lambda: None,
    stop_note: str = "the same command starts it again",
) -> NoReturn:
    """Serve an application on a socket from `listen(host, port)`; a signal ends it, which raises Stopped.

    Every request passes the gate first, see `gate.Gate` for `limits` and `routes`. `on_start` is called once signals
    are handled; `stop_note` ends the message of Stopped.
    """
    import uvicorn

    from .gate import Gate, Limits
    from .head_timeout import HeadTimeoutProtocol

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number, stop_note)

    config = uvicorn.Config(
        Gate(app, host, limits or Limits(), routes),
        http=HeadTimeoutProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=connections,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)  # uvicorn handles signals while it runs and sends each again when it has ended

    on_start()
    uvicorn.Server(config).run(sockets=[bound])
    raise ResourceError("the server ended by itself; the lines above say why")
