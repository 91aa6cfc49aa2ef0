import pytest

from api.chat.filter.judge import flags, judge
from api.chat.filter.rules import SHIPPED, read

RULES = read(SHIPPED)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Call 07700 900123, thanks", "Call •••••, thanks"),
        ("(415) 555-0132 or joe@example.com.", "••••• or •••••."),
        ("Größe 5, ruf 0️⃣1️⃣7️⃣0️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣ an", "Größe 5, ruf ••••• an"),
        ("joe (at) gmail (dot) com, or so", "•••••, or so"),
        ("What a b.i.t.c.h!", "What a •••••!"),
    ],
)
def test_masking_hides_the_whole_span_and_nothing_else(text: str, shown: str) -> None:
    verdict = judge(text, RULES, confirmed=False)
    assert (verdict.outcome, verdict.text) == ("mask", shown)


def test_a_masked_text_is_never_longer() -> None:
    text = "fuck 1 fuck 2 fuck 3"
    assert len(judge(text, RULES, confirmed=True).text) <= len(text)


def test_the_gravest_finding_decides_and_what_is_masked_stays_masked() -> None:
    verdict = judge("you bastard, I will kill you", RULES, confirmed=True)
    assert (verdict.outcome, verdict.text) == ("hold", "you •••••, I will kill you")
    assert [finding.outcome for finding in verdict.findings] == ["mask", "hold"]


@pytest.mark.parametrize(
    "text",
    [
        "you FUCKER",
        "fuuuuck",
        "f u c k",
        "f-u-c-k off",
        "sh1thead",
        "\uff21\uff53\uff53\uff48\uff4f\uff4c\uff45",
        "a\u200bs\u200bs\u200bh\u200bo\u200bl\u200be",
        "Conn\u0430rd",
        "hijo de PUTA",
    ],
)
def test_a_listed_word_is_found_however_it_is_dressed(text: str) -> None:
    assert judge(text, RULES, confirmed=True).findings[0].kind == "word"


@pytest.mark.parametrize(
    "text",
    ["Scunthorpe", "assess the damage", "a cockpit switch", "Mr Dickinson", "kill the power", "I know where it is"],
)
def test_a_word_inside_another_is_none(text: str) -> None:
    assert judge(text, RULES, confirmed=True).outcome == "allow"


@pytest.mark.parametrize(
    "text",
    [
        "http://bit.ly/3x",
        "bit.ly/3x",
        "go to https://www.BIT.ly/x?y=1",
        "bit (dot) ly/3x",
        "bit dot ly/3x",
        "https://a@bit.ly/",
    ],
)
def test_a_link_to_a_listed_host_is_held(text: str) -> None:
    assert judge(text, RULES, confirmed=True).outcome == "hold"


@pytest.mark.parametrize("text", ["https://orbit.ly.example.com/", "a bit. Lying there", "https://example.com/bit.ly"])
def test_a_link_to_another_host_is_not(text: str) -> None:
    assert judge(text, RULES, confirmed=True).outcome == "allow"


def test_tickets_and_reports_are_flagged_for_words_and_links_only() -> None:
    assert [finding.kind for finding in flags("bastard, bit.ly/3x, 07700 900123", RULES)] == ["word", "link"]
    assert flags("My number is 07700 900123", RULES) == ()
