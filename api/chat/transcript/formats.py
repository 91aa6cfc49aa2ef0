"""A transcript as JSON, text or HTML, in pieces: what comes before, messages by the page, what comes after."""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from html import escape

import msgspec

from api.chat.transcript.types import Heading
from api.chat.types import Message, Person

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 44rem; overflow-wrap: anywhere; padding: 1rem; }
ol { list-style: none; padding: 0; } li { border-top: 1px solid #8884; padding: .6rem 0; }
li p { margin: .2rem 0; white-space: pre-wrap; } li p.note { font-style: italic; } time { font-size: .85rem; }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# In the page too: it is kept as a file, and opened without any header.
_WITHIN = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
POLICY = f"{_WITHIN}; frame-ancestors 'none'; sandbox"
# What moves a terminal's cursor or turns the direction of a line would let a text speak for somebody else.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
DELETED = "This message was deleted."
HELD = "This message is being checked."


class Format(msgspec.Struct, frozen=True):
    """`joint` stands between two pages of messages."""

    media_type: str
    suffix: str
    before: Callable[[Heading], str]
    page: Callable[[Sequence[Message]], str]
    joint: str
    after: str


def _json_before(heading: Heading) -> str:
    return f'{msgspec.json.encode(heading)[:-1].decode()},"messages":['


def _json_page(messages: Sequence[Message]) -> str:
    return msgspec.json.encode(messages)[1:-1].decode()


def _text_before(heading: Heading) -> str:
    people = ", ".join(map(_called, heading.members))
    return f"Booking {heading.booking_id}: {_line(heading.service)}\nBetween {people}\nAs of {heading.made_at}\n\n"


def _text_page(messages: Sequence[Message]) -> str:
    return "".join(map(_text, messages))


def _text(message: Message) -> str:
    """Only a first line begins at the margin, so that no text can look like another message."""
    changed = " (edited)" if message.edited_at is not None and message.deleted_at is None else ""
    lines = [line for part in _parts(message) for line in _UNSAFE.sub("", part).split("\n")]
    return f"{message.created_at} {_called(message.sender)}{changed}\n" + "".join(f"    {line}\n" for line in lines)


def _html_before(heading: Heading) -> str:
    title = f"Booking {escape(heading.booking_id)}: {escape(heading.service)}"
    people = ", ".join(f"<bdi>{escape(_called(member))}</bdi>" for member in heading.members)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_WITHIN}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>"
        f'<p>Between {people}, as of <time datetime="{heading.made_at}">{heading.made_at}</time></p><ol>\n'
    )


def _html_page(messages: Sequence[Message]) -> str:
    return "".join(map(_html, messages))


def _html(message: Message) -> str:
    changed = " (edited)" if message.edited_at is not None and message.deleted_at is None else ""
    own = ' class="note"' if message.deleted_at is not None else ' dir="auto"'
    return (
        f'<li id="{escape(message.id)}"><b><bdi>{escape(_called(message.sender))}</bdi></b> '
        f'<time datetime="{message.created_at}">{message.created_at}</time>{changed}'
        + "".join(f"<p{own}>{escape(_UNSAFE.sub('', part))}</p>" for part in _parts(message))
        + "</li>\n"
    )


def _parts(message: Message) -> list[str]:
    """What a message says, and what belongs to it."""
    if message.deleted_at is not None:
        return [DELETED]
    if message.held and not message.text:
        return [HELD]
    parts = [message.text] if message.text else []
    parts += [f"[{message.type}: {_line(attachment.name)}]" for attachment in message.attachments]
    if message.location is not None:
        parts.append(f"[place: {message.location.latitude}, {message.location.longitude}]")
    return parts


def _called(person: Person) -> str:
    return f"{_line(person.name)} ({person.role})"


def _line(text: str) -> str:
    return " ".join(_UNSAFE.sub("", text).split())


FORMATS = {
    "json": Format("application/json", "json", _json_before, _json_page, ",", "]}"),
    "text": Format("text/plain", "txt", _text_before, _text_page, "", ""),
    "html": Format("text/html", "html", _html_before, _html_page, "", "</ol></main></body></html>\n"),
}
