"""In development mail goes into files instead, to be looked at."""

import asyncio
from pathlib import Path

from api.db import Tx
from api.notifications.channels.email.message import mail
from api.notifications.channels.email.queries import MOST_A_DAY, mails_today
from api.notifications.channels.types import Letter, Sent
from api.platform import queries as platform


class Folder:
    """A file `<key>.eml` for each letter; the same key writes the same file."""

    repeatable = True

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    def addresses(self, tx: Tx, user_id: str) -> list[str]:
        """Everybody has one here: a demo without addresses would show no mail."""
        user = platform.user(tx, user_id)
        return [user.email or f"{user_id}@example.com"] if user is not None else []

    async def close(self) -> None: ...

    def within_caps(self, tx: Tx, user_id: str, address: str) -> bool:
        return mails_today(tx, user_id) < MOST_A_DAY

    async def send(self, letter: Letter) -> Sent:
        message = mail(letter, self._sender)
        await asyncio.to_thread(self._write, f"{letter.key}.eml", bytes(message))
        return Sent(str(message["Message-ID"]))

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / name).write_bytes(content)
