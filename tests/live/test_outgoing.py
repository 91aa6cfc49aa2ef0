import asyncio
from typing import Any

from api.live.outgoing import Outgoing


class Peer:
    """Takes frames only while `ready`, as a server's `send` does that waits for the line before it writes."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.taken: list[str] = []
        self.out = Outgoing(self._send, lambda: None)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.ready.wait()
        self.taken.append(message["text"])


async def test_a_slow_peer_pays_nothing_for_what_may_be_dropped() -> None:
    peer = Peer()
    for _ in range(1000):
        peer.out.push_or_drop("typing")
    assert (peer.out.behind, peer.out.closed) == (False, False)
    peer.ready.set()
    peer.out.push("message")
    assert peer.taken == ["message"]


async def test_what_may_be_dropped_is_dropped_before_anything_that_may_not() -> None:
    peer = Peer()
    peer.out.push("first")
    peer.out.push_or_drop("typing")
    peer.out.push("second")
    peer.ready.set()
    await peer.out.taken()
    peer.out.push_or_drop("later")
    assert peer.taken == ["first", "second", "later"]
