"""Hostile requests to the study server: refused in one line, no foreign file opened, no answer counted twice."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.studies import answer, body, serving, small_study
from viceversa import cli
from viceversa.serve.gate import Gate
from viceversa.serve.study.app import LIMITS, make_app
from viceversa.study.answers import Answers, read

LENGTH = 12
JSON = {"Content-Type": "application/json"}
SECRET = "a secret outside of the study"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server whose process logs what it opens, beside a file that it must not open."""
    base = tmp_path_factory.mktemp("hostile")
    (base / "secret.txt").write_text(SECRET)
    folder = small_study(base, question='<script>alert(1)</script> & "real"?', names=["<b>x</b>", "=1+1"])
    with serving(folder, log=base / "opened.txt") as running:
        running.folder, running.log = folder, base / "opened.txt"
        yield running


@pytest.fixture
def client(server):
    with httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=20) as client:
        yield client


@pytest.fixture
def session(client):
    return client.post("/api/sessions", json={"consent": True}).json()["session"]


def raw(server, request: bytes, wait: float = 8.0) -> tuple[int, bytes]:
    """Status and whole answer to raw bytes; 0 when the connection was closed without an answer."""
    with socket.create_connection(server.host.split(":"), timeout=wait) as wire:
        wire.sendall(request)
        reply = b""
        try:
            while part := wire.recv(65536):
                reply += part
        except (TimeoutError, ConnectionResetError):
            pass
    found = re.match(rb"HTTP/1.1 (\d+) ", reply)
    return int(found[1]) if found else 0, reply


def get(server, path: str, *headers: str, method: str = "GET", content: bytes = b"") -> tuple[int, bytes]:
    lines = [f"{method} {path} HTTP/1.1", *(headers or [f"Host: {server.host}"]), "Connection: close", "", ""]
    return raw(server, "\r\n".join(lines).encode("utf-8", "surrogateescape") + content)


PATHS = [
    "/../secret.txt", "/../../../../etc/passwd", "/pictures/../study.json", "/pictures/../../secret.txt",
    "/pictures/..%2f..%2fsecret.txt", "/pictures/%2e%2e/%2e%2e/secret.txt", "/pictures/%252e%252e%252fsecret.txt",
    "/pictures/..\\..\\secret.txt", "/pictures/..%5c..%5csecret.txt", "/pictures//etc/passwd", "//etc/passwd",
    "/pictures/%2fetc%2fpasswd", "/pictures/study.json", "/pictures/.", "/pictures/..", "/pictures/",
    "/pictures/a%00.png", "/pictures/%00", "/%00", "/pictures/\\\\host\\share", "/pictures/C:%5cwindows",
    "/pictures/http://169.254.169.254/latest", "/pictures/http:%2f%2f169.254.169.254",
    "/pictures/file:%2f%2f%2fetc%2fpasswd",
    "/pictures/" + "a" * 24, "/pictures/" + "A" * 24, "/pictures/" + "a" * 5000, "/pictures/%ff%fe",
    "/pictures/%e2%80%ae",
    "/answers.sqlite", "/token", "/study.json", "/.lock", "/static/study.js", "/study.py", "/openapi.json", "/docs",
    "/redoc", "/api", "/api/", "/api/study/", "/api/sessions/x", "/api/sessions/" + "A" * 22,
    "/api/sessions/..%2f..%2f",
    "/api/sessions/%00", "/api/sessions/' OR 1=1 --".replace(" ", "%20"), "/results/", "/results/../study.json",
    "/pictures/{token}", "/metrics", "/favicon.ico", "/?url=http://169.254.169.254/&path=../../secret.txt",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_path_or_address_leads_anywhere(server, path):
    status, reply = get(server, path)
    assert status in (400, 404, 405) or (status == 200 and path.startswith("/?"))
    assert SECRET.encode() not in reply and b"root:" not in reply and server.token.encode() not in reply
    assert b"sqlite" not in reply.lower() or path == "/answers.sqlite"


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "file:///etc/passwd", "*", "secret.txt", "https://example.org/api/study"]
)
def test_a_request_line_that_asks_for_another_place(server, target):
    status, reply = get(server, target)
    assert status in (200, 400, 404, 405, 421) and b"root:" not in reply
    if status == 200:
        assert b"real" in reply  # read as a path of ours


HOSTS = [
    ("Host: evil.example",), ("Host: evil.example:80",), ("Host: 127.0.0.1.evil.example",),
    ("Host: localhost.evil.example",),
    ("Host: 127.0.0.1@evil.example",), ("Host: evil.example@127.0.0.1",), ("Host: 127.0.0.1/evil",), ("Host:",),
    ("Host: [::1",), ("Host: 127.0.0.1:port",), ("Host: 0x7f.1",), ("Host: 192.168.1.5",),
    ("Host: localhost", "Host: evil.example"),
    ("X-Forwarded-Host: 127.0.0.1", "Host: evil.example"), ("Host: 127.0.0.1 evil",), ("Host: \xff",),
]  # fmt: skip


@pytest.mark.parametrize("headers", HOSTS, ids=" ".join)
def test_a_foreign_host_is_refused(server, headers):
    assert get(server, "/api/study", *headers)[0] in (400, 421)
    assert get(server, f"/results?token={server.token}", *headers)[0] in (400, 421)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:9000", "[::1]:80", "127.0.0.1:1"])
def test_this_machine_is_known_under_its_names(server, host):
    assert get(server, "/api/study", f"Host: {host}")[0] == 200


ORIGINS = [
    None,
    "null",
    "http://evil.example",
    "http://127.0.0.1:1",
    "http://127.0.0.1",
    "https://evil.example",
    "",
    "file://",
]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_foreign_page_cannot_answer(server, origin, method):
    lines = [f"Host: {server.host}", "Content-Type: application/json", "Content-Length: 16"]
    lines += [] if origin is None else [f"Origin: {origin}"]
    status, reply = get(server, "/api/sessions", *lines, method=method, content=b'{"consent":true}')
    assert status == 403
    assert b"access-control-allow" not in reply.lower()


@pytest.mark.parametrize("token", [None, "", "x", "A" * 32, "A" * 5000, "%00", "%ff", "\u00e9".encode().hex(), "token"])
@pytest.mark.parametrize("path", ["/results", "/api/results"])
def test_the_results_need_the_token(server, client, path, token):
    query = "" if token is None else f"?token={token}"
    reply = client.get(f"{path}{query}")
    assert reply.status_code in (403, 422) and "people" not in reply.text
    if token and token.isascii():
        reply = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert reply.status_code == 403


def test_with_the_token_they_come_as_page_and_as_json(server, client):
    for how in ({"params": {"token": server.token}}, {"headers": {"Authorization": f"Bearer {server.token}"}}):
        assert client.get("/api/results", **how).json()["kind"] == "real-or-fake"
        page = client.get("/results", **how)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in page.text and "<b>x</b>" not in page.text
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;real&quot;?" in page.text
        and "&lt;b&gt;x&lt;/b&gt;" in page.text
    )
    assert os.stat(server.folder.token).st_mode & 0o777 == 0o600


def test_every_answer_carries_its_headers(server, client, session):
    picture = client.get(f"/api/sessions/{session}").json()["trials"][0]["left"]
    replies = [
        client.get(p)
        for p in ("/", "/study.js", "/study.css", "/icon.svg", f"/pictures/{picture}", "/nowhere", "/results")
    ]
    replies += [
        client.get("/", headers={"Host": "evil.example"}),
        client.post("/api/sessions", content=b"{" * 9999, headers=JSON),
    ]
    for reply in replies:
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in reply.headers["content-security-policy"]
        assert "server" not in reply.headers and "set-cookie" not in reply.headers
    assert client.get("/api/study").headers["cache-control"] == "no-store"
    assert "immutable" in client.get(f"/pictures/{picture}").headers["cache-control"]


def test_the_page_does_not_know_which_is_real(server, client, session):
    content = client.get(f"/api/sessions/{session}").json()
    assert set(content) == {"session", "answered", "trials"}
    assert {key for trial in content["trials"] for key in trial} == {"left", "right", "practice"}
    replies = [client.post(f"/api/sessions/{session}/answers", json=body(answer(i))).json() for i in range(LENGTH)]
    assert [r["right"] is not None for r in replies] == [True] * 2 + [False] * 10  # practice only


GOOD = body(answer(0))
BODIES = [
    ("nothing", b"", JSON, 422),
    ("no json", b"consent", JSON, 422),
    ("torn", b'{"trial": 0, "side"', JSON, 422),
    ("a list", b"[]", JSON, 422),
    ("null", b"null", JSON, 422),
    ("a number", b"7", JSON, 422),
    ("not UTF-8", b'{"side": "\xff\xfe"}', JSON, (400, 422)),
    ("UTF-16", '{"trial": 0}'.encode("utf-16"), JSON, (400, 422)),
    ("deep", b"[" * 4000, JSON, (400, 422)),
    ("deep objects", b'{"a":' * 800, JSON, (400, 422)),
    ("deep and closed", b"[" * 2000 + b"]" * 2000, JSON, (400, 422)),
    ("huge whole number", b'{"trial": ' + b"9" * 4000 + b"}", JSON, (400, 422)),
    ("surrogate", b'{"side": "\\ud800"}', JSON, 422),
    ("NUL", b'{"side": "left\\u0000"}', JSON, 422),
    ("ten thousand fields", json.dumps({f"f{i}": i for i in range(10_000)}).encode(), JSON, 413),
    ("fields up to the limit", json.dumps({f"f{i}": i for i in range(300)}).encode(), JSON, 422),
    ("too large by one", b" " * (LIMITS.bytes + 1), JSON, 413),
    ("a form", b"trial=0&side=left", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ("multipart", b"--x\r\n\r\n1\r\n--x--", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ("text", json.dumps(GOOD).encode(), {"Content-Type": "text/plain"}, 415),
    ("no type", json.dumps(GOOD).encode(), {}, (415, 422)),
    ("odd type", json.dumps(GOOD).encode(), {"Content-Type": ";;;"}, 415),
    ("xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>", {"Content-Type": "application/xml"}, 415),
    ("compressed", b"\x1f\x8b\x08", JSON | {"Content-Encoding": "gzip"}, (400, 422)),
]  # fmt: skip
BODIES += [
    (f"{key}={value!r}"[:60], json.dumps(GOOD | {key: value}).encode(), JSON, 422)
    for key, value in [
        ("trial", -1), ("trial", 10**9), ("trial", 1e400), ("trial", "0"), ("trial", 0.5), ("trial", True),
        ("trial", None), ("trial", [0]), ("side", "both"), ("side", 1), ("side", None), ("side", "../left"),
        ("side", "LEFT"),
        ("side", "<img src=x onerror=alert(1)>"), ("side", "=HYPERLINK(1)"), ("shown_ms", -1),
        ("shown_ms", float("nan")),
        ("shown_ms", float("inf")), ("shown_ms", 1e300), ("shown_ms", "1000"), ("frame_ms", -0.1), ("answer_ms", {}),
        ("width", 0), ("width", 2**63), ("width", 1.5), ("height", -1), ("extra", 1), ("session", "other"),
    ]
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "headers", "expected"), BODIES, ids=[b[0] for b in BODIES])
def test_an_answer_that_is_none_is_refused_in_one_line(server, client, session, name, content, headers, expected):
    replies = []
    for where in (f"/api/sessions/{session}/answers", "/api/sessions"):
        try:
            replies.append(client.post(where, content=content, headers=headers))
        except httpx.TransportError:
            assert len(content) > 65536  # refused and closed before all of it was sent
    if replies and len(content) < 65536:
        reply, begin = replies
        assert reply.status_code in (expected if isinstance(expected, tuple) else (expected,)), reply.text
        assert len(reply.json()["error"]) < 200 and "<img" not in reply.text
        assert 400 <= begin.status_code < 500
    assert all(400 <= reply.status_code < 500 for reply in replies)
    assert client.get(f"/api/sessions/{session}").json()["answered"] == 0


def test_guessed_and_mixed_up_sessions(server, client, session):
    for guess in (
        "A" * 22,
        session[:-1] + ("A" if session[-1] != "A" else "B"),
        session.lower(),
        session + "A",
        "%",
        "1",
    ):
        if guess != session:
            assert client.get(f"/api/sessions/{guess}").status_code == 404
            assert client.post(f"/api/sessions/{guess}/answers", json=GOOD).status_code == 404
    for bad in ({"consent": False}, {"consent": "true"}, {"consent": 1}, {}, {"consent": True, "arm": 1}):
        assert client.post("/api/sessions", json=bad).status_code == 422


def test_a_replay_is_acknowledged_and_counted_once(server, client, session):
    where = f"/api/sessions/{session}/answers"
    for _ in range(5):
        assert client.post(where, json=GOOD).json()["answered"] == 1
    for other in (GOOD | {"side": "right"}, GOOD | {"answer_ms": 1}, GOOD | {"trial": 5}, GOOD | {"trial": 9999}):
        assert client.post(where, json=other).status_code == 409
    stored = next(answers for s, answers in read(server.folder.answers) if s.id == session)
    assert stored == [answer(0)]


def test_the_same_answer_from_forty_connections_at_once(server, session):
    codes = []

    def send():
        with httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30) as mine:
            codes.append(mine.post(f"/api/sessions/{session}/answers", json=GOOD).status_code)

    threads = [threading.Thread(target=send) for _ in range(40)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert codes == [200] * 40
    assert next(answers for s, answers in read(server.folder.answers) if s.id == session) == [answer(0)]


@pytest.mark.long
def test_methods_and_odd_requests(server, client):
    for method in ("HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        assert client.request(method, "/api/study").status_code == 405
    for request in (
        b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(10_000)) + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nZZ\r\n",
        *[
            f"POST /api/sessions HTTP/1.1\r\nHost: {server.host}\r\nOrigin: {server.url}\r\n"
            f"Transfer-Encoding: chunked\r\n\r\n{chunk}".encode()
            for chunk in ("ZZ\r\n", "5\r\nabcdefg\r\n", "-1\r\n", "5;" + "x" * 70_000)
        ],
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ):  # fmt: skip
        assert raw(server, request, wait=1.0)[0] in (0, 200, 400, 403, 404, 413, 421, 431)
    picture = client.get(f"/api/sessions/{client.post('/api/sessions', json={'consent': True}).json()['session']}")
    token = picture.json()["trials"][0]["left"]
    flood = "bytes=" + ",".join(f"{i}-{i}" for i in range(2000))
    begun = time.monotonic()
    assert client.get(f"/pictures/{token}", headers={"Range": flood}).status_code in (200, 400, 431)
    assert time.monotonic() - begun < 2


def memory(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


@pytest.mark.long
def test_endless_and_slow_bodies_cost_nothing_and_others_are_served(server, client, session):
    before, slowest = memory(server.process.pid), 0.0
    head = f"Host: {server.host}\r\nOrigin: {server.url}\r\nContent-Type: application/json\r\n"
    slow = []
    for kind in ("Content-Length: 200\r\n", "Transfer-Encoding: chunked\r\n") * 15:
        wire = socket.create_connection(server.host.split(":"), timeout=20)
        wire.sendall(f"POST /api/sessions HTTP/1.1\r\n{head}{kind}\r\n".encode())
        slow.append(wire)
    endless = socket.create_connection(server.host.split(":"), timeout=20)
    endless.sendall(f"POST /api/sessions HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    sent = 0
    try:
        while sent < 200_000_000:
            endless.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536
    except OSError:
        pass
    assert sent < 20_000_000
    for i in range(LENGTH):  # an honest person at the same time
        begun = time.monotonic()
        assert client.post(f"/api/sessions/{session}/answers", json=body(answer(i))).status_code == 200
        slowest = max(slowest, time.monotonic() - begun)
    assert slowest < 2.0
    assert memory(server.process.pid) - before < 30
    statuses = {re.match(rb"HTTP/1.1 (\d+)|", wire.recv(65536))[1] for wire in slow}  # after ten seconds
    assert statuses <= {b"408", None}
    for wire in [*slow, endless]:
        wire.close()


@pytest.mark.long
def test_connections_that_never_ask_are_dropped_and_others_come_in_again(server, client):
    """More than the server holds, silent or with half a head, one of them after a whole request."""
    wires = [socket.create_connection(server.host.split(":"), timeout=20) for _ in range(650)]
    head = f"GET /api/study HTTP/1.1\r\nHost: {server.host}\r\n"
    wires[0].sendall(f"{head}\r\n{head}".encode())
    for wire in wires[1:100]:
        wire.sendall(head.encode())
    assert get(server, "/api/study")[0] in (200, 503)  # 503: there is no room
    begun = time.monotonic()
    while get(server, "/api/study")[0] != 200:
        assert time.monotonic() - begun < 15
        time.sleep(0.5)
    for wire in wires:
        wire.settimeout(15)
        with wire, suppress(ConnectionResetError):
            while wire.recv(65536):
                pass


def test_nothing_but_the_study_was_opened_and_nobody_was_called(server, client):
    """The audit hook saw every file that Python opened: after the start only pictures, study.json and the answers."""
    assert client.get("/api/results", params={"token": server.token}).status_code == 200
    lines = server.log.read_text().splitlines()
    opened = [line.partition(" ")[2].strip("'b\"") for line in lines if line.startswith("open ")]
    assert len(opened) > 50  # the hook works
    library = (sys.prefix, sys.base_prefix, str(Path(cli.__file__).parents[2]))
    odd = [
        path for path in opened
        if not path.startswith((str(server.folder.path), *library, "/proc/self", "/sys", "/etc/mime.types"))
        and not path.lstrip("-").isdigit() and "site-packages" not in path
    ]  # fmt: skip
    assert [path for path in odd if "secret" in path or "passwd" in path] == []
    served = opened[max(i for i, p in enumerate(opened) if p.endswith("token")) :]
    assert {Path(p).name for p in served if p in odd} <= {
        "mime.types",
        "localtime",
        "resolv.conf",
        "hosts",
        "nsswitch.conf",
    }
    assert not [line for line in lines if line.startswith(("socket.connect", "subprocess", "os."))]


def test_the_server_is_still_the_same_and_said_nothing(server, client):
    assert server.process.poll() is None
    assert client.get("/api/study").json()["length"] == LENGTH
    server.process.send_signal(signal.SIGTERM)
    error = server.process.communicate(timeout=20)[1]
    assert server.process.returncode == 143
    assert [line for line in error.splitlines() if "stopped by" not in line] == [], error


# Every route of the application's own description, with whatever comes to mind


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = small_study(tmp_path_factory.mktemp("fuzz"))
    store = Answers(folder.answers, folder.digest())
    store.db.execute("PRAGMA synchronous = OFF")
    application = make_app(folder, folder.study(), store, "T" * 32)
    wire = Wire(Gate(application))
    yield application, store, wire
    wire.runner.close()
    store.close()


class Wire(httpx.BaseTransport):
    """Requests into the application without a socket; what it raises, this raises."""

    def __init__(self, app):
        self.inner = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        self.runner = asyncio.Runner()

    def handle_request(self, request):
        async def ask():
            reply = await self.inner.handle_async_request(request)
            return httpx.Response(reply.status_code, headers=reply.headers, content=await reply.aread())

        return self.runner.run(ask())


words_ = st.one_of(
    st.text(max_size=40), st.sampled_from(["left", "right", "..", "\x00", "http://169.254.169.254", "A" * 22, "0" * 24])
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words_,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words_, inner, max_size=4),
    max_leaves=12,
)
near = st.fixed_dictionaries(
    {},
    optional={key: st.just(value) | values for key, value in (GOOD | {"consent": True}).items()},
)


@pytest.mark.long
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_route_can_be_made_to_fail(app, data):
    application, store, wire = app
    application.openapi_schema = None
    paths = application.openapi()["paths"]
    assert len(paths) >= 7
    client = httpx.Client(transport=wire, base_url="http://127.0.0.1")
    store.recent.clear()
    known = store.start(2, LENGTH)
    for path, methods in paths.items():
        for name in re.findall(r"{(\w+)}", path):
            value = data.draw(words_ | st.just(known.id))
            path = path.replace("{" + name + "}", httpx.URL("http://x/", params={"q": value}).query.decode()[2:])
        for method in {m.upper() for m in methods} | {data.draw(st.sampled_from(["GET", "POST", "HEAD", "PUT"]))}:
            value = data.draw(near | values)
            content = data.draw(st.just(json.dumps(value).encode()) | st.binary(max_size=5000))
            query = data.draw(st.dictionaries(st.sampled_from(["token", "session", "x"]), words_, max_size=2))
            key = data.draw(st.sampled_from(["", "Bearer x", "Basic"]))
            kind = data.draw(st.sampled_from(["application/json", "text/plain", "application/xml", "\x7f", ""]))
            reply = client.request(
                method, path, params=query, content=content if method != "GET" else None,
                headers={"Origin": "http://127.0.0.1", "Content-Type": kind, "Authorization": key},
            )  # fmt: skip
            assert reply.status_code < 500
            assert "error" in reply.json() if reply.status_code >= 400 and method != "HEAD" else True
    for table in ("answer", "session"):
        column = "trial" if table == "answer" else "number"
        keys = store.db.execute(f"SELECT {'session, ' if table == 'answer' else ''}{column} FROM {table}").fetchall()
        assert len(keys) == len(set(keys))


# Addresses and signals


@pytest.fixture
def folder(tmp_path):
    return small_study(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_ends_it_cleanly_and_the_same_command_goes_on(folder, name, code):
    with serving(folder) as running, httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client:
        session = client.post("/api/sessions", json={"consent": True}).json()["session"]
        client.post(f"/api/sessions/{session}/answers", json=GOOD)
        sent = time.monotonic()
        running.process.send_signal(signal.Signals[name])
        error = running.process.communicate(timeout=20)[1]
        assert time.monotonic() - sent < 10 and running.process.returncode == code
        assert (
            error == f"viceversa: stopped by {name}; every acknowledged answer is on disk, the same command goes on\n"
        )
        token = running.token
    assert "only this machine can open them" in running.output[2]
    with serving(folder) as running, httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client:
        assert running.token == token
        assert client.get(f"/api/sessions/{session}").json()["answered"] == 1


def test_only_loopback_by_default_and_one_line_about_more(folder):
    with serving(folder) as running:
        bound = {line.split()[1] for line in Path(f"/proc/{running.process.pid}/net/tcp").read_text().splitlines()[1:]}
        port = int(running.url.rpartition(":")[2])
        assert [a for a in bound if a.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]
    with serving(folder, "--host", "0.0.0.0") as running:
        assert running.output[2] == (
            "--host 0.0.0.0 opens the study, unencrypted, to every machine that reaches this one; Ctrl-C ends"
        )
        assert httpx.get(f"{running.url}/api/study").status_code == 200
        assert httpx.get(f"{running.url}/api/study", headers={"Host": "evil.example"}).status_code == 421


def test_a_port_in_use_names_a_free_one(folder, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.run(["study", "serve", str(folder.path), "--port", str(port)]) == 5
    error = capsys.readouterr().err
    assert re.search(
        rf"port {port} of 127.0.0.1 cannot be opened \(Address already in use\); --port \d+ (is|takes)", error
    )
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("host", ["256.1.1.1", "no such host", "a" * 300, "203.0.113.7"])
def test_an_address_that_is_none(folder, host, capsys):
    assert cli.run(["study", "serve", str(folder.path), "--port", "0", "--host", host]) in (2, 5)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_missing_picture_is_answered_503(folder):
    with serving(folder) as running, httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client:
        session = client.post("/api/sessions", json={"consent": True}).json()
        token = session["trials"][0]["left"]
        (folder.pictures / f"{token}.png").unlink()
        assert client.get(f"/pictures/{token}").status_code == 503
        assert client.get(f"/pictures/{session['trials'][0]['right']}").headers["content-type"] == "image/png"
