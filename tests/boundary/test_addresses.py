import pytest

from tests.boundary.test_problems import check_problem
from tests.conftest import Cast

HISTORY = "/chat/booking/1/history"

# A query, and what the problem points at.
QUERIES = {
    "unknown": ("limit=5&offset=3", "?"),
    "unknown, in another case": ("Limit=5", "?"),
    "twice": ("limit=5&limit=5", "?limit"),
    "twice, escaped": ("limit=5&%6cimit=6", "?limit"),
    "empty": ("limit=", "?limit"),
    "exponent": ("limit=1e1", "?limit"),
    "decimal": ("limit=1.0", "?limit"),
    "hexadecimal": ("limit=0x10", "?limit"),
    "Arabic digits": ("limit=%D9%A1%D9%A2", "?limit"),
    "underscore": ("limit=1_0", "?limit"),
    "plus": ("limit=%2B1", "?limit"),
    "space before": ("limit=%201", "?limit"),
    "space, as forms write it": ("limit=+1", "?limit"),
    "newline": ("limit=1%0A", "?limit"),
    "NUL": ("limit=1%00", "?limit"),
    "zero": ("limit=0", "?limit"),
    "negative": ("limit=-1", "?limit"),
    "too many": ("limit=101", "?limit"),
    "a text": ("limit=all", "?limit"),
    "2 to the 31": ("limit=2147483648", "?limit"),
    "2 to the 53": ("before=9007199254740992", "?before"),
    "2 to the 63": ("before=9223372036854775808", "?before"),
    "30 digits": ("after=" + "9" * 30, "?after"),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_that_means_nothing_is_refused(cast: Cast, name: str) -> None:
    query, pointer = QUERIES[name]
    problem = check_problem(await cast.pat.get(f"{HISTORY}?{query}"), 400, "invalid_request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize("query", ["cursor=%FF", "limit=%FF", "bookingStatus=%ED%A0%80", "%FF=1"])
async def test_a_query_is_utf_8(cast: Cast, query: str) -> None:
    check_problem(await cast.pat.get(f"/chat/conversations?{query}"), 400, "invalid_request")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("bookingStatus=", "?bookingStatus"),
        ("bookingStatus=done", "?bookingStatus"),
        ("bookingStatus=confirmed%00", "?bookingStatus"),
        ("withTotal=maybe", "?withTotal"),
        ("withTotal=", "?withTotal"),
        ("cursor=", "?cursor"),
        ("cursor=" + "a" * 513, "?cursor"),
    ],
)
async def test_a_filter_that_means_nothing_is_refused(cast: Cast, query: str, pointer: str) -> None:
    problem = check_problem(await cast.pat.get(f"/chat/conversations?{query}"), 400, "invalid_request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("before=99999999999999999999", "is a number out of range"),
        ("before=9007199254740992", "must be at most 9007199254740991"),
        ("limit=0", "must be at least 1"),
        ("limit=101", "must be at most 100"),
        ("limit=007", "is not a whole number, written without leading zeros"),
        ("limit=all", "is not a whole number, written without leading zeros"),
    ],
)
async def test_what_is_wrong_with_a_number_is_said_in_words(cast: Cast, query: str, message: str) -> None:
    problem = check_problem(await cast.pat.get(f"{HISTORY}?{query}"), 400, "invalid_request")
    assert problem["errors"][0]["message"] == message


async def test_a_text_too_long_says_how_long_it_may_be(cast: Cast) -> None:
    answer = await cast.pat.post("/chat/booking/1/message", json={"text": "a", "clientMessageId": "a" * 300})
    assert "Expected" not in answer.text
    answer = await cast.pat.get(f"/chat/conversations?cursor={'a' * 513}")
    assert answer.json()["detail"] == "?cursor: must have at most 512 characters"


async def test_the_largest_seq_is_one_that_can_be_asked_for(cast: Cast) -> None:
    assert (await cast.pat.get(f"{HISTORY}?before=9007199254740991")).status_code == 200


@pytest.mark.parametrize(
    "segment", ["%00", "1%00", "%0a", "1%0A", "%0d%0aX-A:b", "%1b[31m", "%ff", "%c0%af", "%E2%80%A8"]
)
async def test_a_path_is_text(cast: Cast, segment: str) -> None:
    check_problem(await cast.pat.get(f"/chat/booking/{segment}/history"), 400, "invalid_request")


@pytest.mark.parametrize(
    "path", ["/chat/conversations%00", "/chat/unread-count%0a", "/%1b", "/%ff", "/nothing%E2%80%AE"]
)
async def test_so_is_a_path_without_an_id(cast: Cast, path: str) -> None:
    check_problem(await cast.pat.get(path), 400, "invalid_request")


@pytest.mark.parametrize("segment", ["a b", "1%22", "1'--", "a" * 65, "%D9%A1", "-1;", "a" * 30_000])
async def test_an_id_that_cannot_be_one_is_refused(cast: Cast, segment: str) -> None:
    problem = check_problem(await cast.pat.get(f"/chat/booking/{segment}/history"), 400, "invalid_request")
    found = {"pointer": "{bookingId}", "code": "invalid", "message": "is not written as the reference says"}
    assert problem["errors"] == [found]


@pytest.mark.parametrize("segment", ["2147483648", "9007199254740993", "9223372036854775808", "-1", "1e3", "9" * 30])
async def test_an_id_that_looks_like_a_number_is_only_a_text(cast: Cast, segment: str) -> None:
    check_problem(await cast.pat.get(f"/chat/booking/{segment}/history"), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/.git/HEAD", "/.env", "/porchlight.db", "/data/porchlight.db-wal", "/docs", "/metrics"]
)
async def test_nothing_of_the_machine_is_served(cast: Cast, path: str) -> None:
    check_problem(await cast.anon.get(str(cast.anon.base_url.join(path))), 404, "not_found")
