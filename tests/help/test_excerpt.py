from api.help.excerpt import LENGTH, excerpt

TEXT = "First words. " * 30 + "The payout is late. " + "Last words. " * 30


def test_a_short_text_is_its_own_excerpt() -> None:
    assert excerpt("The payout is late.", ["payout"]) == "The payout is late."


def test_a_long_text_is_cut_between_words_around_the_first_match() -> None:
    cut = excerpt(TEXT, ["payout"])
    assert "The payout is late." in cut
    assert cut.startswith("… ")
    assert cut.endswith(" …")
    assert cut.strip("… ") in TEXT
    assert len(cut) <= LENGTH + 4


def test_a_word_inside_another_is_no_match() -> None:
    assert excerpt("repayout " * 30 + "payout", ["payout"]).endswith("payout")


def test_without_a_match_the_beginning_is_shown() -> None:
    assert excerpt(TEXT, []).startswith("First words.")


def test_a_word_without_end_is_cut_at_the_length() -> None:
    assert excerpt("a" * 500, []) == "a" * LENGTH + " …"
