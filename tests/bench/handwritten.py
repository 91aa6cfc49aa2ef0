"""A chat's socket as a team writes it in an afternoon: one transaction with one insert for each message, nothing else.

No token is checked, no membership, nobody else is told: all of that would make it slower.
"""

import asyncio
import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosqlite
import uvicorn

TABLE = """
create table if not exists messages (
  id text primary key, booking_id text not null, sender_id text not null, client_message_id text not null,
  text text not null, created_at text not null, unique (sender_id, client_message_id)
)
"""


class App:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        match scope["type"]:
            case "lifespan":
                await self._live(receive, send)
            case "http":
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
                await send({"type": "http.response.body", "body": b""})
            case "websocket":
                await self._serve(receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        async with aiosqlite.connect(self._path) as self._db:
            await self._db.execute("PRAGMA journal_mode = wal")
            await self._db.execute("PRAGMA synchronous = full")
            await self._db.execute(TABLE)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        user_id = uuid.uuid4().hex
        while (event := await receive())["type"] == "websocket.receive":
            frame = json.loads(event["text"])
            answer: dict[str, Any] = {"type": "welcome"}
            if frame["type"] == "message.send":
                answer = {"type": "ack", "id": frame["id"], "result": await self._store(user_id, frame)}
            await send({"type": "websocket.send", "text": json.dumps(answer, separators=(",", ":"))})

    async def _store(self, user_id: str, frame: Any) -> dict[str, str]:
        draft = frame["message"]
        message = {
            "id": uuid.uuid4().hex,
            "bookingId": frame["bookingId"],
            "senderId": user_id,
            "clientMessageId": draft["clientMessageId"],
            "text": draft["text"],
            "createdAt": datetime.now(UTC).isoformat(),
        }
        async with self._lock:
            await self._db.execute("insert into messages values (?, ?, ?, ?, ?, ?)", tuple(message.values()))
            await self._db.commit()
        return message


def main() -> None:
    uvicorn.run(
        App(Path(os.environ["PORCHLIGHT_DATA_DIR"]) / "handwritten.db"),
        host="127.0.0.1",
        port=int(os.environ["PORCHLIGHT_PORT"]),
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
