"""The gate and the server with an application of their own: both serve any ASGI application."""

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib.resources import files

import pytest

from viceversa.errors import ResourceError, UsageError
from viceversa.serve.gate import Gate, Limits
from viceversa.serve.hosts import host_name, is_own_name
from viceversa.serve.server import listen, url_of

APPLICATION = """
from viceversa.serve.gate import Limits
from viceversa.serve.server import listen, run, url_of

async def application(scope, receive, send):
    text = b"%d bytes" % len((await receive())["body"])
    headers = [(b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})

routes = {"/upload": Limits(bytes=100_000, seconds=1)}
with listen("127.0.0.1", 0) as bound:
    run(application, bound, limits=Limits(bytes=10, seconds=1), routes=routes,
        on_start=lambda: print(url_of(bound), flush=True), stop_note="good bye")
"""


@contextmanager
def running(code):
    """A process that serves an application and prints its address; yields both."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def url():
    with running(APPLICATION) as (_, url):
        yield url


def send(url, path="/", body=b"", host=None, origin=None, length=None):
    """Status, headers and body of the answer to a POST request; `length` is what Content-Length claims."""
    own = url.removeprefix("http://")
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host or own}",
        f"Origin: {origin or url}",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
    ]
    with socket.create_connection(own.split(":"), timeout=10) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = b""
        while part := wire.recv(65536):
            answer += part
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode().lower(), content


def test_an_application_of_ten_lines_is_served_with_security_headers(url):
    status, head, content = send(url, body=b"x" * 10)
    assert (status, content) == (200, b"10 bytes")
    assert "content-security-policy: default-src 'none'" in head and "cache-control: no-store" in head


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        ({"host": "evil.example"}, 421, "not known under that name"),
        ({"origin": "http://evil.example"}, 403, "must come from this server's own page"),
        ({"body": b"x" * 11}, 413, "a request may have 10 bytes"),
        ({"body": b"x", "length": 10}, 408, "too slowly"),
        ({"path": "/upload", "body": b"x" * 100_001}, 413, "a request may have 100000 bytes"),
        ({"path": "/uploads", "body": b"x" * 11}, 413, "a request may have 10 bytes"),
        ({"path": "//upload", "body": b"x" * 11}, 413, "a request may have 10 bytes"),
    ],
)
def test_a_hostile_request_to_it_is_refused(url, request_, status, reason):
    begun = time.monotonic()
    answer = send(url, **request_)
    assert answer[0] == status and reason in json.loads(answer[2])["error"]
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("path", ["/upload", "/upload/", "/upload/picture.png"])
def test_a_route_has_limits_of_its_own(url, path):
    assert send(url, path, b"x" * 100_000)[2] == b"100000 bytes"


def test_a_signal_ends_it_with_its_own_words():
    with running(APPLICATION) as (process, _):
        process.terminate()
        error = process.communicate(timeout=20)[1]
    assert error.splitlines()[-1] == "viceversa.serve.server.Stopped: stopped by SIGTERM; good bye"


def test_gate_and_server_know_no_application():
    for name in ("gate", "head_timeout", "hosts", "server"):
        assert "study" not in files("viceversa.serve").joinpath(f"{name}.py").read_text(), name


def test_the_longest_route_counts():
    limits = {path: Limits(bytes=i) for i, path in enumerate(["/", "/a", "/a/b"])}
    gate = Gate(lambda *_: None, routes=limits)
    for path, route in {"/": "/", "/a": "/a", "/ab": "/", "/a/c": "/a", "/a/b": "/a/b", "/a/b/c": "/a/b"}.items():
        assert gate.limits_of(path) == limits[route], path
    assert Gate(lambda *_: None).limits_of("/anything") == Limits()


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a", "a"),
        ("A:80", "a"),
        ("[::1]:8", "::1"),
        ("a@b", None),
        ("a/b", None),
        ("a?b", None),
        ("", None),
        ("[::1", None),
        ("a:x", None),
        ("a#b", None),
    ],
)
def test_names_in_a_host_header(header, name):
    assert host_name(header) == name


def test_names_by_which_this_machine_is_addressed():
    for name in ("192.168.1.5", "::1", "localhost"):
        assert is_own_name(name, "0.0.0.0")
    assert is_own_name("lab.example", "lab.example")
    assert not is_own_name("evil.example", "0.0.0.0")
    assert not is_own_name("192.168.1.5", "lab.example")
    assert not is_own_name(None, "0.0.0.0")


def test_addresses():
    with listen("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        assert url_of(bound) == url_of(bound, "0.0.0.0") == f"http://127.0.0.1:{port}"
        assert url_of(bound, "::1") == f"http://[::1]:{port}"
        with pytest.raises(ResourceError, match=rf"port {port} of 127.0.0.1 cannot be opened"):
            listen("127.0.0.1", port)
    for host, port in (("127.0.0.1", 65536), ("127.0.0.1", -1), ("no such host", 80)):
        with pytest.raises(UsageError):
            listen(host, port)


@pytest.mark.parametrize("package", ["fastapi", "h11", "starlette", "uvicorn"])
def test_a_missing_package_of_the_extra_is_one_line(package):
    """In a process of its own, which has imported none of them yet."""
    code = f"import sys; sys.modules[{package!r}] = None; from viceversa import cli; sys.exit(cli.run(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, "study", "serve", "x"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        f"viceversa: study serve needs an extra ({package} missing): pip install 'viceversa[serve]'\n"
    )
