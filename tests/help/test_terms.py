import pytest

from api.help.terms import MAX_CHARACTERS, MAX_TERMS, Term, read_terms


def prefix(text: str, weight: int = 1) -> Term:
    return Term(text, prefix=True, required=False, weight=weight)


def exact(text: str, weight: int = 1) -> Term:
    return Term(text, prefix=False, required=False, weight=weight)


def required(text: str) -> Term:
    return Term(text, prefix=False, required=True)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("", []),
        ("  ", []),
        ("Late PAYOUT", [prefix("late"), prefix("payout")]),
        ("pay pay", [prefix("pay", weight=2)]),
        ("no-show", [exact("no", weight=2), prefix("show", weight=2)]),
        ("10:40", [exact("10"), prefix("40")]),
        ('"quiet hours"', [required("quiet"), required("hours")]),
        ('"quiet" hours', [required("quiet"), prefix("hours")]),
        ('"open', [prefix("open")]),
        ('"éclair"', [prefix("éclair")]),
        ("term~10", [prefix("term"), prefix("10")]),
        ("*", []),
        ("*a*", [prefix("a")]),
        ("+must -not", [prefix("must"), prefix("not")]),
        ("a ^ 2 -- : b", [prefix("a"), prefix("2"), prefix("b")]),
        ("title:pay", [exact("title"), prefix("pay")]),
        ("\\", []),
    ],
)
def test_typed_text_becomes_terms_and_never_a_query_language(typed: str, terms: list[Term]) -> None:
    assert read_terms(typed) == terms


def test_length_and_number_of_terms_are_bounded() -> None:
    assert read_terms("a" * 500) == [prefix("a" * MAX_CHARACTERS)]
    assert len(read_terms(" ".join(f"w{number}" for number in range(500)))) == MAX_TERMS
