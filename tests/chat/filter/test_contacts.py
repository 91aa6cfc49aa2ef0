"""What leads away from the platform, row by row, and what only looks like it."""

from pathlib import Path

import pytest

from api.chat.filter.judge import judge
from api.chat.filter.rules import SHIPPED, read

RULES = read(SHIPPED)
ROWS = [
    (kind.strip(), text.strip())
    for line in Path(__file__).with_name("rows.txt").read_text().splitlines()
    if line and not line.startswith("#")
    for kind, _, text in [line.partition("|")]
]


@pytest.mark.parametrize(("kind", "text"), ROWS, ids=[text for _, text in ROWS])
def test_a_text_is_found_to_lead_away_or_not(kind: str, text: str) -> None:
    found = {finding.kind for finding in judge(text, RULES, confirmed=False).findings}
    assert kind in found if kind != "-" else not found


@pytest.mark.parametrize("text", [text for _, text in ROWS])
def test_everything_may_be_told_once_the_booking_is_confirmed(text: str) -> None:
    assert judge(text, RULES, confirmed=True).outcome == "allow"


def test_there_are_at_least_a_hundred_and_fifty_rows() -> None:
    assert len(set(ROWS)) >= 150
