from tests.conftest import Cast, SetClock, say


async def test_a_message_is_answered_as_it_is_stored(cast: Cast) -> None:
    sent = await say(cast.pat, "On my way")
    history = (await cast.carol.get("/chat/booking/1/history")).json()
    assert history == {"items": [sent], "hasMoreBefore": False, "hasMoreAfter": False}
    assert sent["sender"] == {"id": "pat", "role": "provider", "name": "Pat"}


async def test_seq_counts_from_one_in_each_room(cast: Cast) -> None:
    assert [(await say(who))["seq"] for who in (cast.pat, cast.carol)] == [1, 2]
    assert (await say(cast.otto, booking="2"))["seq"] == 1


async def test_a_repeated_client_id_answers_the_first_message(cast: Cast) -> None:
    first = await say(cast.pat, "One", clientMessageId="a-1")
    assert await say(cast.pat, "Another text", clientMessageId="a-1") == first
    assert (await say(cast.pat, "Two"))["seq"] == 2


async def test_a_client_id_is_the_senders_own(cast: Cast) -> None:
    first = await say(cast.pat, clientMessageId="a-1")
    other = await say(cast.carol, clientMessageId="a-1")
    assert first["id"] != other["id"]


async def test_a_clock_set_back_makes_no_message_older_than_the_one_before(cast: Cast, clock: SetClock) -> None:
    first = await say(cast.pat)
    clock.advance(-40)
    assert (await say(cast.pat))["createdAt"] == first["createdAt"]


async def test_a_text_of_a_thousand_characters_is_the_longest(cast: Cast) -> None:
    assert (await say(cast.pat, "ü" * 1000))["text"] == "ü" * 1000
    answer = await cast.pat.post("/chat/booking/1/message", json={"text": "ü" * 1001})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/text"


async def test_a_text_of_blanks_is_refused(cast: Cast) -> None:
    answer = await cast.pat.post("/chat/booking/1/message", json={"text": " \n\t "})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "blank")
    assert (await say(cast.pat))["seq"] == 1


async def test_text_comes_back_as_it_was_written(cast: Cast) -> None:
    text = "<b>Tom & “Jerry”</b> {{7*7}} 👩🏽‍🔧\n'; drop table messages; --"
    assert (await say(cast.pat, text))["text"] == text
