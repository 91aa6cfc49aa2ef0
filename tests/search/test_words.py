import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.search.words import LONGEST, MOST_ASKED, MOST_WORDS, Query, query, words


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("The valve, the tap!", ["the", "valve", "tap"]),
        ("Café CAFÉ cafe\u0301", ["cafe"]),
        ("12.50 € for foo-bar", ["12", "50", "for", "foo", "bar"]),
        ("pat_o@example.com", ["pat", "o", "example", "com"]),
        ("Straße STRASSE", ["strasse"]),
        ("\uff21\uff22\uff23 ﬁne ① ²", ["abc", "fine", "1", "2"]),
        ("\U0001d401old \u210c", ["bold", "h"]),
        ("İstanbul Ǆ", ["istanbul", "dz"]),
        ("Γιάννης ΓΙΆΝΝΗΣ", ["γιαννησ"]),
        ("مُحَمَّد محمد", ["محمد"]),
        ("хорошо ХОРОШО", ["хорошо"]),
        ("水道の蛇口 直して", ["水道の蛇口", "直して"]),
        ("don't", ["don", "t"]),
        ("👍 … — !?", []),
        ("", []),
    ],
)
def test_a_text_is_cut_and_folded(text: str, cut: list[str]) -> None:
    assert words(text) == cut


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("leaking ta", Query(("leaking",), "ta")),
        ("ta sink ta", Query(("sink",), "ta")),
        ("tap t", Query(("tap", "t"), None)),
        ("水", Query((), "水")),
        ('"tap" AND (x:y*', Query(("tap", "and", "x", "y"), None)),
        ("!!", None),
    ],
)
def test_the_last_word_typed_may_go_on(typed: str, asked: Query | None) -> None:
    assert query(typed) == asked


def test_endless_words_and_texts_are_cut_short_alike() -> None:
    assert words("x" * 50) == ["x" * LONGEST, "x" * 10]
    assert query("x" * 45) == Query(("x" * LONGEST,), "x" * 5)
    assert len(words(" ".join(map(str, range(5000))))) == MOST_WORDS
    asked = query(" ".join(map(str, range(100, 200))))
    assert asked is not None
    assert len(asked.words) + 1 == MOST_ASKED


@given(st.text(max_size=60))
def test_a_word_is_cut_into_itself_and_holds_nothing_an_engine_could_read(text: str) -> None:
    found = words(text)
    assert words(" ".join(found)) == found
    assert all(word.isalnum() and word == word.lower() for word in found)
