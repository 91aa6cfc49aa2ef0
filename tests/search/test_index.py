import pytest

from api.db import Database, Tx
from api.search import index
from api.search.index import NEWEST, mark
from api.search.words import query

ROOM, OTHER = mark("room", "1"), mark("room", "2")


@pytest.fixture
async def texts(db: Database) -> None:
    for subject, text in (("a", "The tap leaks"), ("b", "Tap and sink"), ("c", "Taps everywhere"), ("d", "A café")):
        await db.write(index.add, subject, text, [ROOM])
    await db.write(index.add, "e", "The tap of others", [OTHER])


def subjects(tx: Tx, typed: str, marks: list[str], place: int = NEWEST, limit: int = 10, *, back: bool = False) -> str:
    asked = query(typed)
    assert asked is not None
    return "".join(hit.subject for hit in index.find(tx, asked, marks, place, limit, back=back))


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize(
    ("typed", "found"),
    [("tap", "cba"), ("TAP the", "a"), ("tap sink", "b"), ("ta", "cba"), ("ta sink", ""), ("Café", "d"), ("t", "")],
)
async def test_all_words_are_found_and_the_last_may_go_on(db: Database, typed: str, found: str) -> None:
    assert await db.read(subjects, typed, [ROOM]) == found


@pytest.mark.usefixtures("texts")
async def test_only_what_carries_every_mark_is_found(db: Database) -> None:
    await db.write(index.add, "f", "A tap of both", [ROOM, OTHER])
    assert await db.read(subjects, "tap", [OTHER]) == "fe"
    assert await db.read(subjects, "tap", [ROOM, OTHER]) == "f"
    assert await db.read(subjects, "tap", [mark("room", "3")]) == ""


@pytest.mark.usefixtures("texts")
async def test_pages_go_on_from_a_place_both_ways(db: Database) -> None:
    def second(tx: Tx) -> int:
        asked = query("tap")
        assert asked is not None
        return index.find(tx, asked, [ROOM], NEWEST, 2)[1].id

    place = await db.read(second)
    assert await db.read(subjects, "tap", [ROOM], limit=2) == "cb"
    assert await db.read(subjects, "tap", [ROOM], place) == "a"
    assert await db.read(subjects, "tap", [ROOM], place, back=True) == "c"


@pytest.mark.usefixtures("texts")
async def test_a_changed_text_is_found_by_its_new_words_in_its_old_place(db: Database) -> None:
    await db.write(index.change, "a", "The pipe leaks", [ROOM])
    assert [await db.read(subjects, word, [ROOM]) for word in ("tap", "pipe", "leaks")] == ["cb", "a", "a"]
    await db.write(index.change, "b", "pipe", [ROOM])
    assert await db.read(subjects, "pipe", [ROOM]) == "ba"
    await db.write(index.change, "b", "…", [ROOM])
    assert await db.read(subjects, "pipe", [ROOM]) == "a"


@pytest.mark.usefixtures("texts")
async def test_what_was_removed_is_found_no_more_and_again_once_put(db: Database) -> None:
    for _ in range(2):
        await db.write(index.remove, "b")
    assert await db.read(subjects, "tap", [ROOM]) == "ca"
    await db.write(index.change, "b", "Tap", [ROOM])
    assert await db.read(subjects, "tap", [ROOM]) == "bca"


@pytest.mark.usefixtures("texts")
async def test_a_mark_that_is_added_opens_what_is_there(db: Database) -> None:
    for subject in ("a", "a", "none"):
        await db.write(index.add_marks, subject, [OTHER])
    assert await db.read(subjects, "tap", [OTHER]) == "ea"
    assert await db.read(subjects, "tap", [ROOM]) == "cba"


@pytest.mark.usefixtures("texts")
async def test_a_function_that_fails_leaves_the_index_as_it_was(db: Database) -> None:
    def failing(tx: Tx) -> None:
        index.change(tx, "a", "nothing of it", [ROOM])
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            await db.write(failing)
    assert await db.read(subjects, "tap", [ROOM]) == "cba"
    assert await db.read(subjects, "nothing", [ROOM]) == ""


@pytest.mark.parametrize(
    "typed",
    [
        '"',
        "tap -sink",
        "ta*",
        "x:y",
        "NEAR(tap sink)",
        "tap OR sink",
        "(" * 2000,
        "' | 'tap",
        "tap:* & !x",
        "a" * 50_000,
    ],
)
async def test_no_typed_text_is_a_query_language(db: Database, texts: None, typed: str) -> None:
    if asked := query(typed):
        await db.read(index.find, asked, [ROOM], NEWEST, 10)
