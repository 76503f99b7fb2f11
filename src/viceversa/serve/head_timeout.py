"""A time limit for the head of a request, which uvicorn by itself does not have."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 5.0


class HeadTimeoutProtocol(H11Protocol):
    """HTTP/1.1 that checks every HEAD_SECONDS and closes a connection found twice in a row without a whole head."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.was_waiting = False
        self.next_check = self.loop.call_later(HEAD_SECONDS, self.check_head)

    def check_head(self) -> None:
        """Close the connection, or note whether it waits for a head and check again later."""
        # Between two requests a connection may be idle: then uvicorn's own keep-alive timer runs.
        is_waiting = self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None
        if is_waiting and self.was_waiting:
            self.transport.close()
            return
        self.was_waiting = is_waiting
        self.next_check = self.loop.call_later(HEAD_SECONDS, self.check_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self.next_check.cancel()
        super().connection_lost(exc)
