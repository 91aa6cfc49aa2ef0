"""Mail through a real SMTP server on this machine, and the page that its link opens."""

import asyncio
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from api.app import create_app
from api.boundary import Boundary
from api.notifications.channels.email.message import mail, on_one_line
from api.notifications.channels.email.smtp import Email
from api.notifications.channels.types import Letter, Refused
from api.settings import Settings
from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, SetClock, free_port
from tests.notifications.conftest import Tell, standing, until

LETTER = Letter(
    key="due_1",
    user_id="pat",
    addresses=["pat@example.com"],
    title="Payment received",
    body="80.00 EUR has arrived.",
    html="<p>80.00 EUR has arrived.</p>",
    collapse="ntf_1",
    priority="medium",
    action="https://help.example.com/earnings",
    preferences="https://help.example.com/mail/token",
)


class Postbox:
    """What an SMTP server was handed; it answers `refusal` where one is set."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.connections = 0
        self.refusal = ""

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refusal:
            return self.refusal
        self.recipients.append(envelope.rcpt_tos)
        found: Any = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(found)
        return "250 OK"


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def smtp(postbox: Postbox) -> Iterator[str]:
    controller = Controller(postbox, hostname="127.0.0.1", port=(port := free_port()))
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


@pytest.fixture
def app(settings: Settings, clock: SetClock, smtp: str) -> Boundary:
    way = Email(smtp, "help@example.com")
    return create_app(settings, clock, lambda *_: {"email": way})


async def mailed(cast: Cast, tell: Tell, clock: SetClock, status: str = "sent", **notice: Any) -> None:
    """Pat has an address, is told something, and does not read it for half an hour."""
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat", "email": "pat@example.com"})
    await tell("pat", **notice)

    async def email() -> Any:
        return (await standing(cast.pat)).get("email")

    await until(email, ("queued", "after_the_ways_before"))
    clock.advance(1800)
    await until(email, (status, "after_the_ways_before"))


async def test_what_was_not_read_is_mailed_as_text_and_html(
    cast: Cast, tell: Tell, clock: SetClock, postbox: Postbox
) -> None:
    await mailed(cast, tell, clock)
    message = postbox.mails[0]
    assert (message["to"], message["subject"]) == ("pat@example.com", "Payment received: 80.00 EUR")
    assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    parts = [part.get_content_type() for part in message.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    assert all("80.00 EUR" in part.get_content() for part in message.iter_parts())


async def test_a_mail_goes_only_to_the_address_on_the_platforms_record(
    cast: Cast, tell: Tell, postbox: Postbox
) -> None:
    await tell("pat")

    async def email() -> Any:
        return (await standing(cast.pat)).get("email")

    await until(email, ("not_sent", "no_address"))
    assert postbox.mails == []


@pytest.mark.parametrize(
    "hostile",
    [
        "a\r\nBcc: evil@example.com",
        "a\nX: y",
        "a\u2028Bcc: evil@example.com",
        "a\x85Bcc: e@e.ee",
        "\u202etxt.exe",
    ],
)
async def test_no_text_becomes_a_header(
    cast: Cast, tell: Tell, clock: SetClock, postbox: Postbox, hostile: str
) -> None:
    await mailed(cast, tell, clock, values={"amount": hostile})
    message = postbox.mails[0]
    assert postbox.recipients == [["pat@example.com"]]
    assert set(map(str.lower, message.keys())) & {"bcc", "x", "cc"} == set()
    assert message["subject"] == f"Payment received: {on_one_line(hostile)}"


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example, evil@example.com",
        "evil@example.com>",
        '"a b"@example.com',
        "a@b",
        "",
        "a@@example.com",
        "a@x.y\nz",
        "Pat <pat@example.com>",
        "a..b@example.com",
        "(c)a@example.com",
        "a@[127.0.0.1]",
    ],
)
def test_an_address_that_is_more_than_one_mailbox_is_refused(address: str) -> None:
    letter = LETTER.__class__(
        **{name: getattr(LETTER, name) for name in LETTER.__struct_fields__} | {"addresses": [address]}
    )
    with pytest.raises(Refused):
        mail(letter, "help@example.com")


async def test_one_connection_carries_many_mails_and_is_opened_again(smtp: str, postbox: Postbox) -> None:
    way = Email(smtp, "help@example.com")
    for _ in range(3):
        await way.send(LETTER)
    assert (len(postbox.mails), postbox.connections) == (3, 1)
    await way.close()
    await way.send(LETTER)
    await way.close()
    assert (len(postbox.mails), postbox.connections) == (4, 2)
    assert {str(message["message-id"]) for message in postbox.mails} == {"<due_1@example.com>"}


async def test_an_address_that_takes_nothing_is_not_tried_again(
    cast: Cast, tell: Tell, clock: SetClock, postbox: Postbox
) -> None:
    postbox.refusal = "550 No such mailbox"
    await mailed(cast, tell, clock, status="failed")
    assert postbox.mails == []


async def test_a_server_that_is_busy_is_asked_again(cast: Cast, tell: Tell, clock: SetClock, postbox: Postbox) -> None:
    postbox.refusal = "451 Try again later"
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat", "email": "pat@example.com"})
    await tell("pat", kind="booking.created", values={"service": "Tap", "when": None}, cause="booking:1")
    clock.advance(300)
    async with asyncio.timeout(30):
        while not postbox.mails:
            clock.advance(1)
            await asyncio.sleep(0.05)
            if postbox.connections:
                postbox.refusal = ""
    assert len(postbox.mails) == 1


def link_of(postbox: Postbox) -> str:
    found = re.search(r"<(.*)>", str(postbox.mails[0]["list-unsubscribe"]))
    assert found is not None
    return found[1].partition("/api/provider-communication")[2]


async def test_looking_at_the_page_changes_nothing_and_its_form_does(
    cast: Cast, tell: Tell, clock: SetClock, postbox: Postbox
) -> None:
    await mailed(cast, tell, clock)
    link = link_of(postbox)
    before = (await cast.pat.get("/notifications/preferences")).json()
    page = await cast.anon.get(link)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text.count(" checked") == 5
    assert (await cast.pat.get("/notifications/preferences")).json() == before
    saved = await cast.anon.post(link, data={"category": ["booking", "payment"]})
    assert (saved.status_code, saved.text.count(" checked")) == (200, 2)
    matrix = (await cast.pat.get("/notifications/preferences")).json()["matrix"]
    assert {name: row["email"]["value"] for name, row in matrix.items()} == {
        "booking": "on",
        "payment": "on",
        "review": "off",
        "system": "off",
        "support": "off",
    }
    assert all(row["push"]["source"] == "default" for row in matrix.values())


async def test_one_click_ends_mail_and_the_form_brings_it_back(
    cast: Cast, tell: Tell, clock: SetClock, postbox: Postbox
) -> None:
    await mailed(cast, tell, clock)
    link = link_of(postbox)
    assert (await cast.anon.post(link, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    channels = (await cast.pat.get("/notifications/preferences")).json()["channels"]
    assert (channels["email"], channels["push"]["value"]) == ({"value": False, "source": "user"}, False)
    await cast.anon.post(link, data={"category": "booking"})
    assert (await cast.pat.get("/notifications/preferences")).json()["channels"]["email"]["value"] is True


@pytest.mark.parametrize("change", ["cut", "swapped", "other-user", "empty-proof"])
async def test_a_link_that_is_not_ours_is_a_404(
    cast: Cast, tell: Tell, clock: SetClock, postbox: Postbox, change: str
) -> None:
    await mailed(cast, tell, clock)
    link = link_of(postbox)
    head, _, proof = link.rpartition(".")
    changed = {
        "cut": link[:-1],
        "swapped": f"{head}.{proof[::-1]}",
        "other-user": f"{head.rpartition('/')[0]}/b3R0bw.{proof}",
        "empty-proof": f"{head}.AA",
    }[change]
    for answer in (await cast.anon.get(changed), await cast.anon.post(changed, data={"category": "booking"})):
        check_problem(answer, 404, "not_found")
