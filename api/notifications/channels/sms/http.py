"""Text messages through a provider's HTTP interface."""

import re

import httpx
import phonenumbers

from api.db import Tx
from api.notifications.channels.sms import queries
from api.notifications.channels.types import Letter, Refused, Sent, Unclear
from api.outbound import client
from api.platform import queries as platform

# E.164: the only numbers that mean the same everywhere.
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
LONGEST = 300
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MOST_FOR_A_USER_A_DAY = 20
MOST_FOR_A_NUMBER_AN_HOUR = 5
MOST_FOR_A_COUNTRY_A_DAY = 200


class Sms:
    """POSTs `{"to", "text", "key"}` with a bearer token. A 2xx takes it, with `{"id"}`; a 4xx refuses it for good.

    `repeatable`: the provider keeps its promise to send one `key` once; without it an unclear try is not repeated.
    """

    def __init__(self, url: str, token: str, *, repeatable: bool) -> None:
        self._url, self._token, self.repeatable = url, token, repeatable

    def addresses(self, tx: Tx, user_id: str) -> list[str]:
        user = platform.user(tx, user_id)
        return [user.phone] if user is not None and user.phone and NUMBER.fullmatch(user.phone) else []

    async def close(self) -> None: ...

    def within_caps(self, tx: Tx, user_id: str, address: str) -> bool:
        country = phonenumbers.parse(address).country_code or 0
        allowed = (
            queries.to_user(tx, user_id, tx.now - DAY_MS) < MOST_FOR_A_USER_A_DAY
            and queries.to_number(tx, address, tx.now - HOUR_MS) < MOST_FOR_A_NUMBER_AN_HOUR
            and queries.to_country(tx, country, tx.now - DAY_MS) < MOST_FOR_A_COUNTRY_A_DAY
        )
        if allowed:
            queries.add(tx, user_id, address, country)
        return allowed

    async def send(self, letter: Letter) -> Sent:
        text = f"{letter.title}{f' {letter.action}' if letter.action else ''}"[:LONGEST]
        content = {"to": letter.addresses[0], "text": text, "key": letter.key}
        async with client() as http:
            try:
                answer = await http.post(self._url, json=content, headers={"Authorization": f"Bearer {self._token}"})
            except httpx.ConnectError:
                # Nothing was handed over.
                raise
            except httpx.HTTPError:
                if self.repeatable:
                    raise
                raise Unclear("The provider did not say whether it took it.") from None
        if answer.status_code == 429 or (answer.status_code >= 500 and self.repeatable):
            raise ConnectionError(f"the provider answered {answer.status_code}")
        if answer.status_code >= 500:
            raise Unclear("The provider did not say whether it took it.")
        if answer.status_code >= 400:
            raise Refused("The provider does not send to this number.")
        return Sent(_id_of(answer))


def _id_of(answer: httpx.Response) -> str | None:
    try:
        found = answer.json()
    except ValueError:
        return None
    given = found.get("id") if isinstance(found, dict) else None
    return given if isinstance(given, str) and len(given) <= 200 else None
