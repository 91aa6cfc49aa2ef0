"""Frames that only the bench has: what the socket costs when nothing is stored, and one event for everybody."""

from typing import Any

import msgspec

from api.chat.frames import SendFrame, SocketDraft
from api.clock import system_clock
from api.db import Tx
from api.live import stream
from api.live.live import Live
from api.live.wire import Caller, FrameKind
from api.requests import Body
from tests.bench.cast import TEXT

ECHO, STORED, PLAIN = "bench.echo", "bench.stored", "bench.plain"
CONTENT = {"text": TEXT * 3}


class Nothing(Body):
    pass


async def _echo(_: Caller, frame: SendFrame) -> SocketDraft:
    return frame.message


def _tell(tx: Tx) -> None:
    stream.tell(tx, ["desk"], "bench.told", "", CONTENT)


async def _stored(caller: Caller, _: Nothing) -> None:
    """Through the transaction, the stream and the hub."""
    await caller.db.write(_tell)


def register(live: Live) -> None:
    async def plain(_: Caller, frame: Nothing) -> None:
        """The same bytes in the plainest way there is: one `send` after the other."""
        body = msgspec.json.encode(CONTENT).decode()
        text = stream.as_event(stream.Row("desk", 1, "bench.told", body, system_clock())).frame
        for socket in tuple(live._sockets):
            message: dict[str, Any] = {"type": "websocket.send", "text": text}
            await socket.out._send(message)

    live.kinds = {
        **live.kinds,
        ECHO: FrameKind(SendFrame, "send", _echo),
        STORED: FrameKind(Nothing, "send", _stored),
        PLAIN: FrameKind(Nothing, "send", plain),
    }
