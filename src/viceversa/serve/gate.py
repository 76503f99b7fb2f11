"""ASGI middleware that checks Host, Origin, body size and body time of a request, and adds security headers."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

from h11 import LocalProtocolError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .hosts import host_name, is_own_name

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


@dataclass(frozen=True)
class Limits:
    """What the body of one request may take."""

    bytes: int = 4096
    seconds: float = 10.0  # until its last byte


class Gate:
    """Refuse a foreign Host (421), a foreign Origin unless of GET or HEAD (403), a large body (413), a slow one (408).

    The body is read here, whole and bounded, before the application sees the request. `limits` hold for every path
    but those in `routes`, each of which also covers the paths below it. A header that the application sets itself,
    such as another Content-Security-Policy, is left as it is.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str = "127.0.0.1",
        limits: Limits = Limits(),
        routes: Mapping[str, Limits] | None = None,
    ) -> None:
        self.app, self.host, self.limits = app, host.lower(), limits
        self.routes = dict(routes or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        try:
            await self.admit(scope, receive, send)
        except LocalProtocolError:  # a malformed body: uvicorn has answered 400 itself and is closing
            while (await receive())["type"] != "http.disconnect":
                pass

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on with its body read."""
        send = with_headers(send)
        limits = self.limits_of(scope["path"])

        refusal = self.refusal(scope, limits)
        if refusal:
            return await refuse(send, *refusal)

        try:
            async with asyncio.timeout(limits.seconds):
                body = await read_body(receive, limits.bytes)
        except TimeoutError:
            return await refuse(send, 408, "the request came too slowly")
        if body is None:
            return None  # the client has disconnected
        if len(body) > limits.bytes:
            return await refuse(send, *too_large(limits))

        await self.app(scope, replay(body, receive), send)

    def limits_of(self, path: str) -> Limits:
        """Those of the longest route that is `path` or lies above it, else the application's."""
        above = [route for route in self.routes if path == route or path.startswith(route.rstrip("/") + "/")]
        return self.routes[max(above, key=len)] if above else self.limits

    def refusal(self, scope: Scope, limits: Limits) -> tuple[int, str] | None:
        """Status and reason of a refusal that the headers alone justify; None when they are in order."""
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]

        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not is_own_name(host_name(hosts[0]), self.host):
            return 421, "this server is not known under that name"

        length = next((value for name, value in headers if name == b"content-length"), "0")
        if not length.isascii() or not length.isdigit() or len(length) > 18 or int(length) > limits.bytes:
            return too_large(limits)

        if scope["method"] in ("GET", "HEAD"):
            return None
        origins = [value for name, value in headers if name == b"origin"]
        if origins not in ([f"http://{hosts[0]}"], [f"https://{hosts[0]}"]):
            return 403, "such a request must come from this server's own page"
        return None


def with_headers(send: Send) -> Send:
    """`send` that adds the security headers which the application has not set, and forbids caching by default."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(h for h in HEADERS if h[0] not in names)]
            if b"cache-control" not in names:
                message["headers"].append((b"cache-control", b"no-store"))
        await send(message)

    return send_with_headers


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The body of a request, cut off right after the limit; None when the client disconnected."""
    body = bytearray()
    while len(body) <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, and then whatever the connection gives."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


def too_large(limits: Limits) -> tuple[int, str]:
    """Status and reason for a body above the limit."""
    return 413, f"a request may have {limits.bytes} bytes"


async def refuse(send: Send, status: int, reason: str) -> None:
    """Answer with one line of JSON and close the connection."""
    body = json.dumps({"error": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
