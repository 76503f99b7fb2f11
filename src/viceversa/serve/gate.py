"""What a request passes before anything reads it: its host and origin, its size, its pace. Headers of every answer."""

import asyncio
import ipaddress
import json
from urllib.parse import urlsplit

from h11 import LocalProtocolError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 4096  # an answer has 130
BODY_SECONDS = 10.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})
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


class Gate:
    """ASGI middleware: foreign Host 421, foreign Origin of a POST 403, a body too large 413, too slow 408.

    The body is read here, whole and bounded, before the application sees the request.
    """

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1") -> None:
        self.app, self.host = app, host.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        try:
            await self.admit(scope, receive, send)
        except LocalProtocolError:  # a malformed body: uvicorn has answered 400 itself and is closing
            while (await receive())["type"] != "http.disconnect":
                pass

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or hand it on with its body read."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in HEADERS if h[0] not in names)]
                if b"cache-control" not in names:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        refusal = self.refusal(scope)
        if refusal:
            return await refuse(answer, *refusal)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read_body(receive)
        except TimeoutError:
            return await refuse(answer, 408, "the request came too slowly")
        if body is None:
            return None  # the client has gone
        if len(body) > BODY_BYTES:
            return await refuse(answer, 413, f"a request may have {BODY_BYTES} bytes")
        await self.app(scope, replay(body, receive), answer)

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason, from the headers alone."""
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self.known(name_of(hosts[0])):
            return 421, "this server is not known under that name"
        length = next((value for name, value in headers if name == b"content-length"), "0")
        if not length.isascii() or not length.isdigit() or len(length) > 18 or int(length) > BODY_BYTES:
            return 413, f"a request may have {BODY_BYTES} bytes"
        if scope["method"] in ("GET", "HEAD"):
            return None
        origins = [value for name, value in headers if name == b"origin"]
        if origins not in ([f"http://{hosts[0]}"], [f"https://{hosts[0]}"]):
            return 403, "answers come from the study's own page"
        return None

    def known(self, name: str | None) -> bool:
        """A loopback name or the one that was bound; where all addresses are, any address but no foreign name.

        A hostile page that points its own name at this machine sends that name.
        """
        if name is None or name in LOOPBACK or name == self.host:
            return name is not None
        if self.host not in EVERYWHERE:
            return False
        try:
            return bool(ipaddress.ip_address(name))
        except ValueError:
            return False


def name_of(host: str) -> str | None:
    """The name in a Host header, without its port; None where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and parts.username is None else None


async def read_body(receive: Receive) -> bytes | None:
    """The body of a request, cut off right after the limit; None when the client left."""
    body = b""
    while len(body) <= BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


def replay(body: bytes, receive: Receive) -> Receive:
    """A body that has been read, once more; then whatever the connection says."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def refuse(send: Send, status: int, reason: str) -> None:
    """One line of JSON, and the end of the connection."""
    body = json.dumps({"error": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
