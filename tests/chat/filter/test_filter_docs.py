import re
from pathlib import Path
from typing import get_args

from api.chat.filter import emails, messengers, phones
from api.chat.filter.phrases import MOST_WORDS
from api.chat.filter.rules import read
from api.chat.filter.types import OUTCOMES, Kind

PAGE = Path("docs/developers/filter.md").read_text()


def first_cells(heading: str) -> set[str]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = section.partition("|---|---|---|\n")[2]
    return set(re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE))


def test_every_kind_and_outcome_has_its_row() -> None:
    assert first_cells("What it finds") == set(get_args(Kind))
    assert first_cells("What becomes of it") == set(OUTCOMES)


def test_the_rules_of_the_page_are_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text(PAGE.partition("\n## Rules\n")[2].split("```")[1])
    assert read(tmp_path / "rules.txt").links == {"bit.ly": "hold", "example.com": "allow", "*": "flag"}


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    assert f"phrases of up to {MOST_WORDS} words" in PAGE
    numbers, signs, names = phones.MOST_GROUPS, emails.MOST_SIGNS, messengers.MOST_NAMED
    assert f"More than {numbers:,} numbers, {signs:,} mail signs or {names} names" in PAGE
