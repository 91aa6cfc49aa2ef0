"""WebSocket frames as a client writes and reads them (RFC 6455 section 5), with as little work as can be."""

import struct
from collections.abc import Iterator

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
# A client has to mask. With a mask of zeros the bytes stay as they are, and the server's work stays the same.
MASK = b"\0\0\0\0"


def written(payload: bytes, kind: int = TEXT) -> bytes:
    size = len(payload)
    head = bytes((kind, 0x80 | size)) if size < 126 else struct.pack("!BBH", kind, 0x80 | 126, size)
    return head + MASK + payload


def handshake(path: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


class Reader:
    """What comes in, cut into frames; a frame's beginning is kept for the next time."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def read(self, received: bytes) -> Iterator[tuple[int, bytes]]:
        """The kind and the payload of each."""
        data = self._rest + received if self._rest else received
        at, end = 0, len(data)
        while end - at >= 2:
            size, head = data[at + 1], 2
            if size >= 126:
                head = 4 if size == 126 else 10
                size = int.from_bytes(data[at + 2 : at + head], "big")
            if end - at < head + size:
                break
            yield data[at], data[at + head : at + head + size]
            at += head + size
        self._rest = data[at:]
