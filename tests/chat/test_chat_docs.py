import re
from pathlib import Path
from typing import get_args

import pytest

from api.chat.location.actions import DEFAULT_SHARE_SECONDS
from api.chat.location.queries import ACTIVE
from api.chat.members.actions import MOST_MEMBERS
from api.chat.quick import texts
from api.chat.quick.actions import MOST_TEMPLATES
from api.chat.types import MOST_ATTACHMENTS, SYSTEM, DraftType
from api.limits import POLICIES
from api.settings import Settings

PAGE = Path("docs/developers/chat.md").read_text()
DEFAULTS = Settings()
SENTENCES = [
    f"at most {DEFAULTS.voice_seconds} seconds and {DEFAULTS.voice_size_limit:,} bytes",
    f"`CHAT_MESSAGE_LIMIT` characters ({DEFAULTS.chat_message_limit:,})",
    f"at most {MOST_ATTACHMENTS} attachments",
    f"at most {POLICIES['send'].quota} messages in {POLICIES['send'].window} seconds",
    f"For {DEFAULTS.message_edit_minutes} minutes (`PORCHLIGHT_MESSAGE_EDIT_MINUTES`)",
    f"{DEFAULTS.room_close_hours} hours (`PORCHLIGHT_ROOM_CLOSE_HOURS`)",
    f"keep {MOST_TEMPLATES} more",
    f"at most {MOST_MEMBERS} members",
    f"for {DEFAULT_SHARE_SECONDS // 60} minutes or for `shareForSeconds`",
    " or ".join(f"`{status}`" for status in ACTIVE) + ", for",
    f'{{"id": "{SYSTEM.id}", "role": "{SYSTEM.role}", "name": "{SYSTEM.name}"}}',
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_the_page_says_is_what_the_code_does(sentence: str) -> None:
    assert sentence in PAGE


def rows(head: str) -> dict[str, str]:
    """First and last cell of the table with this head."""
    table = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {row[0].strip("`"): row[-1] for row in cells}


def test_every_type_of_message_has_its_row() -> None:
    assert set(rows("`type`")) == set(get_args(DraftType))


def test_every_quick_response_and_field_has_its_row() -> None:
    told = rows("`key`")
    assert {key: told[key] for key in texts.BUILT_IN} == texts.BUILT_IN
    assert set(told) == {*texts.BUILT_IN, texts.CUSTOM}
    assert {field.strip("{}"): text for field, text in rows("field").items()} == texts.DEFAULTS


def test_every_path_of_the_page_is_a_route() -> None:
    named = set(re.findall(r"`(?:GET|POST|PUT|PATCH|DELETE) (chat/[\w/{}-]+)", PAGE))
    assert len(named) > 5
    sources = "".join(path.read_text() for path in Path("api/chat").rglob("routes.py"))
    for path in named:
        pattern = re.sub(r"\\{\w+\\}", r"{\\w+:str}", re.escape("/" + path.partition("/")[2]))
        assert re.search(f'"{pattern}"', sources), path
