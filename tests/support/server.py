"""A local file server that behaves like real ones: whole files, ranges, cut connections, new versions, errors."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Files by path, how to send them, and all requests received: (path, Range, If-Range)."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.version = '"v1"'  # ETag; empty: none is sent
        self.ranges = True
        self.length = True  # send Content-Length
        self.cuts: list[int] = []  # close the connection after so many bytes, once each
        self.answers: list[int] = []  # statuses of the first answers
        self.requests: list[tuple[str, str | None, str | None]] = []

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        range_, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
        self.requests.append((handler.path, range_, condition))
        data = self.files.get(handler.path)
        code = self.answers.pop(0) if self.answers else 200 if data is not None else 404
        if code != 200:
            return handler.send_error(code)
        begin = 0
        if range_ and self.ranges and condition == self.version:
            begin = int(range_.removeprefix("bytes=").removesuffix("-"))
            if begin >= len(data):
                handler.send_response(416)
                handler.send_header("Content-Range", f"bytes */{len(data)}")
                handler.send_header("Content-Length", "0")
                return handler.end_headers()
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        else:
            handler.send_response(200)
        if self.version:
            handler.send_header("ETag", self.version)
        if self.length:
            handler.send_header("Content-Length", str(len(data) - begin))
        handler.end_headers()
        handler.wfile.write(data[begin : begin + self.cuts.pop(0)] if self.cuts else data[begin:])


@contextmanager
def serve() -> Iterator[Server]:
    """A server on a free port of this machine; its address is `server.url`, with a slash at its end."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.url = f"http://127.0.0.1:{http.server_port}/"
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
