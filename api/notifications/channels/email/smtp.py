"""Mail over SMTP: one connection for many letters, opened again when it is gone."""

import asyncio
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from api.db import Tx
from api.notifications.channels.email.message import mail
from api.notifications.channels.email.queries import MOST_A_DAY, mails_today
from api.notifications.channels.types import Letter, Refused, Sent
from api.platform import queries as platform

TIMEOUT_SECONDS = 15.0
PERMANENT = 500


class Email:
    """`url`: `smtp://` (STARTTLS where the server offers it) or `smtps://`, with user and password if it wants them."""

    repeatable = True

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        self._sender = sender
        self._smtp = SMTP(
            hostname=parts.hostname,
            port=parts.port or (465 if tls else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=tls,
            timeout=TIMEOUT_SECONDS,
        )
        # A connection carries one letter at a time.
        self._turn = asyncio.Lock()

    def addresses(self, tx: Tx, user_id: str) -> list[str]:
        """The address that the platform has on record, and so has verified; nobody can write another one here."""
        user = platform.user(tx, user_id)
        return [user.email] if user is not None and user.email else []

    def within_caps(self, tx: Tx, user_id: str, address: str) -> bool:
        return mails_today(tx, user_id) < MOST_A_DAY

    async def send(self, letter: Letter) -> Sent:
        message = mail(letter, self._sender)
        async with self._turn:
            try:
                await self._hand_over(message)
            except SMTPServerDisconnected:
                # It was idle for longer than the server likes: a fresh connection is the same try.
                self._smtp.close()
                await self._hand_over(message)
        return Sent(str(message["Message-ID"]))

    async def _hand_over(self, message: object) -> None:
        if not self._smtp.is_connected:
            await self._smtp.connect()
        try:
            await self._smtp.send_message(message)  # type: ignore[arg-type]
        except SMTPRecipientsRefused as refused:
            _raise_permanent(refused.recipients[0])
        except (SMTPRecipientRefused, SMTPSenderRefused, SMTPDataError) as refused:
            _raise_permanent(refused)

    async def close(self) -> None:
        if self._smtp.is_connected:
            with suppress(SMTPException):
                await self._smtp.quit()
        self._smtp.close()


def _raise_permanent(answer: SMTPException) -> None:
    """A 5xx is for good (RFC 5321 section 4.2.1), a 4xx for now."""
    if getattr(answer, "code", 0) >= PERMANENT:
        raise Refused("The mail server takes nothing for this address.")
    raise answer
