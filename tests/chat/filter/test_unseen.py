"""Fifty messages by somebody who had not seen the filter, kept apart until it was done."""

from pathlib import Path

from api.chat.filter.judge import judge
from api.chat.filter.rules import rules_of
from api.settings import Settings

ROWS = [
    (wanted == "caught", text)
    for wanted, text in (
        line.split("\t")
        for line in (Path(__file__).parent / "unseen.txt").read_text().splitlines()
        if not line.startswith("#")
    )
]
# "double seven hundred": 7700, as some British people say it.
MISSED = {"07 double seven hundred, nine zero zero, four six one"}


def test_fifty_unseen_messages_are_told_apart() -> None:
    rules = rules_of(Settings(env="development"))
    judged = [(wanted, judge(text, rules, confirmed=False).outcome != "allow", text) for wanted, text in ROWS]
    caught = [wanted for wanted, found, _ in judged if found]
    missed = {text for wanted, found, text in judged if wanted and not found}
    assert len(ROWS) == 50
    assert sum(caught) / len(caught) >= 0.95
    assert sum(caught) / sum(wanted for wanted, _, _ in judged) >= 0.85
    assert missed == MISSED
