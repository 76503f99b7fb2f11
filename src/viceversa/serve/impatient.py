"""A connection that does not wait for ever: uvicorn by itself has no limit for the head of a request."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 5.0


class Impatient(H11Protocol):
    """HTTP/1.1 whose connections are looked at every HEAD_SECONDS; one found twice without a whole head is closed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.waited = False
        self.next_look = self.loop.call_later(HEAD_SECONDS, self.look)

    def look(self) -> None:
        # Between two requests a connection may rest: then uvicorn's own timer runs.
        waits = self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None
        if waits and self.waited:
            self.transport.close()
        else:
            self.waited = waits
            self.next_look = self.loop.call_later(HEAD_SECONDS, self.look)

    def connection_lost(self, exc: Exception | None) -> None:
        self.next_look.cancel()
        super().connection_lost(exc)
