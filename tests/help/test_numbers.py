"""Numbers that articles quote are those of the settings."""

import re

import pytest

from api.idempotency import HOURS_KEPT
from api.settings import Settings
from tests.conftest import PROJECT
from tests.help.test_content import SOURCES

DEFAULTS = Settings()
MEBIBYTE = 1 << 20
DEVELOPERS = PROJECT / "docs" / "developers"


def numbers(pattern: str, text: str) -> set[int]:
    return {int(found.replace(",", "")) for found in re.findall(pattern, text)}


@pytest.mark.parametrize("path", SOURCES)
def test_an_article_quotes_the_limits_of_the_chat(path: str) -> None:
    text = SOURCES[path].body + SOURCES[path].front.summary
    assert numbers(r"([\d,]+)\**\s+characters", text) <= {DEFAULTS.chat_message_limit}
    assert {megabytes * MEBIBYTE for megabytes in numbers(r"([\d,]+)\**\s+MB", text)} <= {DEFAULTS.chat_file_size_limit}


def test_some_articles_do_quote_them() -> None:
    text = "".join(source.body for source in SOURCES.values())
    assert numbers(r"([\d,]+)\**\s+characters", text)
    assert numbers(r"([\d,]+)\**\s+MB", text)


@pytest.mark.parametrize(
    "path", ["index.md", "support-issues/open-a-ticket.md", "payments-earnings/missing-payment.md"]
)
def test_the_first_answer_comes_when_the_settings_say(path: str) -> None:
    text = (PROJECT / "docs" / path).read_text()
    assert numbers(r"(\d+)\**\s+hours", text) == {DEFAULTS.support_response_time_limit}


def test_the_developers_page_quotes_the_limits() -> None:
    text = (DEVELOPERS / "index.md").read_text()
    assert numbers(r"([\d,]+)\s+bytes", text) == {DEFAULTS.chat_file_size_limit}
    assert f"kept {HOURS_KEPT} hours" in text
