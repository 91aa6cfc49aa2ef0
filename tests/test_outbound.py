import asyncio
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from api.outbound import Line
from tests.conftest import free_socket


@pytest.fixture
def slammed() -> Iterator[str]:
    """The address of a server that takes every connection and resets it at once."""

    def slam() -> None:
        while True:
            try:
                taken = listener.accept()[0]
            except OSError:
                return
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            taken.close()

    with free_socket() as listener:
        listener.listen(100)
        slamming = threading.Thread(target=slam)
        slamming.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
        slamming.join()


async def in_bursts() -> None:
    """Keeps the loop from looking at a connection just when it is made."""
    while True:
        end = time.perf_counter() + random.uniform(0, 0.0006)
        while time.perf_counter() < end:
            pass
        await asyncio.sleep(0)


async def test_a_line_that_is_cut_at_whatever_moment_is_a_transport_error(slammed: str) -> None:
    async def ask() -> None:
        for _ in range(60):
            with pytest.raises(httpx.TransportError):
                await client.get(slammed)

    busy = asyncio.create_task(in_bursts())
    async with httpx.AsyncClient(transport=Line(verify=False)) as client:
        await asyncio.gather(*[ask() for _ in range(20)])
    busy.cancel()
