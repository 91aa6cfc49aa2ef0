from pathlib import Path

import pytest

from api.app import create_app
from api.chat.filter.judge import judge
from api.chat.filter.rules import SHIPPED, BadRules, Rules, mistakes, read
from api.settings import BadSettings, Settings
from tests.conftest import SECRET


def written(path: Path, text: str) -> Rules:
    (path / "rules.txt").write_text(text)
    return read(path / "rules.txt")


def test_each_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadRules) as found:
        written(
            tmp_path, "# mine\nguard phone hide\n\nwords mask x\nword mask ab*\nlink hold not a host\nguard fax mask\n"
        )
    assert [mistake.partition("rules.txt")[2][:4] for mistake in found.value.mistakes] == [
        ":2: ",
        ":4: ",
        ":5: ",
        ":6: ",
        ":7: ",
    ]
    assert "'hide' is none of allow, flag, warn, mask, hold, reject" in found.value.mistakes[0]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match=r"none\.txt: cannot be read"):
        read(tmp_path / "none.txt")


def test_what_no_rule_names_is_allowed(tmp_path: Path) -> None:
    text = "07700 900123, joe@example.com, whatsapp me, off the app, bit.ly/3x, bastard"
    assert judge(text, written(tmp_path, "# nothing"), confirmed=False).outcome == "allow"


def test_the_rule_for_all_other_hosts_spares_those_with_one_of_their_own(tmp_path: Path) -> None:
    rules = written(tmp_path, "link allow example.com\nlink reject bad.example.com\nlink flag *")
    texts = ["https://www.example.com/a", "https://bad.example.com", "https://other.org"]
    assert [judge(text, rules, confirmed=True).outcome for text in texts] == ["allow", "reject", "flag"]


def test_a_rule_may_hold_digits(tmp_path: Path) -> None:
    rules = written(tmp_path, "word hold 419\nword warn pay 50 now")
    texts = ["A 419 again", "You pay 50 now, please", "Pay 4190 or 50 later"]
    assert [judge(text, rules, confirmed=True).outcome for text in texts] == ["hold", "warn", "allow"]


@pytest.mark.parametrize("outcome", ["flag", "warn", "mask", "hold", "reject"])
def test_a_guard_does_what_its_rule_says_until_the_booking_is_confirmed(tmp_path: Path, outcome: str) -> None:
    rules = written(tmp_path, f"guard phone {outcome}")
    verdicts = [judge("call 07700 900123", rules, confirmed=confirmed) for confirmed in (False, True)]
    assert [verdict.outcome for verdict in verdicts] == [outcome, "allow"]


def test_the_shipped_rules_are_good() -> None:
    assert read(SHIPPED).guard == {"phone": "mask", "email": "mask", "messenger": "warn", "lure": "flag"}


def test_a_rule_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("word hide idiot\n")
    settings = Settings(env="development", jwt_secret=SECRET, filter_rules=str(tmp_path / "rules.txt"))
    with pytest.raises(BadSettings, match=r"rules\.txt:1: 'hide' is none of"):
        create_app(settings)
    assert mistakes(settings)[0].startswith(f"{tmp_path}/rules.txt:1: ")
