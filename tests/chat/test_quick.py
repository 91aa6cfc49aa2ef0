import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.chat.quick import texts
from api.chat.quick.actions import MOST_TEMPLATES
from tests.conftest import Cast

# contract.md 5, word for word.
CONTRACT = """`greeting` "Hello! I'm on my way to provide your service." · `on_way` "I'm on my way to your
location. I'll arrive in about 10-15 minutes." · `arrived` "I've arrived at your location. Please let me know
where you'd like me to start." · `completed` "The service has been completed. Thank you for choosing our
service!" · `custom` needs `text`"""


async def respond(who: httpx.AsyncClient, booking: str = "1", **draft: Any) -> httpx.Response:
    return await who.post(f"/chat/booking/{booking}/quick-response", json=draft)


async def saved(who: httpx.AsyncClient, text: str, key: str = "mine", **fields: str) -> httpx.Response:
    return await who.post("/chat/quick-responses", json={"key": key, "text": text, **fields})


async def test_the_four_are_those_of_the_contract_word_for_word(cast: Cast) -> None:
    promised = re.findall(r'`(\w+)` "(.*?)"', CONTRACT.replace("\n", " "))
    assert len(promised) == 4
    for key, text in promised:
        sent = (await respond(cast.pat, key=key)).json()
        assert (sent["type"], sent["text"], sent["sender"]["id"]) == ("text", text, "pat")


def test_the_providers_article_shows_the_same_four() -> None:
    page = Path("docs/communication/quick-responses.md").read_text()
    assert [text for text in texts.BUILT_IN.values() if f"| {text} |" not in page] == []


async def test_custom_says_what_was_written_and_nothing_else(cast: Cast) -> None:
    text = "Hi {customerName} {{7*7}} {% for %} {0.__class__} %(x)s ${x} <b>"
    assert (await respond(cast.pat, key="custom", text=text)).json()["text"] == text


@pytest.mark.parametrize(
    ("draft", "pointer", "code"),
    [
        ({"key": "custom"}, "/text", "required"),
        ({"key": "custom", "text": " "}, "/text", "blank"),
        ({"key": "custom", "text": "x" * 1001}, "/text", "too_long"),
        ({"key": "greeting", "text": "Hi"}, "/text", "misplaced"),
        ({"key": "greeting", "variables": {"price": "9"}}, "/variables", "unknown_variable"),
    ],
)
async def test_a_response_must_fit_its_key(cast: Cast, draft: Any, pointer: str, code: str) -> None:
    answer = await respond(cast.pat, **draft)
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["pointer"], error["code"]) == (400, pointer, code)


async def test_ones_own_text_knows_its_booking(cast: Cast) -> None:
    await saved(cast.pat, "Hello {customerName}, {providerName} comes for {service} in {etaMinutes} minutes.")
    sent = await respond(cast.pat, key="mine", variables={"etaMinutes": 25})
    assert sent.json()["text"] == "Hello Carol, Pat comes for Tap in 25 minutes."


async def test_a_missing_value_has_a_default(cast: Cast) -> None:
    await saved(cast.pat, "I am {etaMinutes} minutes away.")
    for variables in ({}, {"etaMinutes": " "}):
        sent = await respond(cast.pat, key="mine", variables=variables)
        assert sent.json()["text"] == "I am 10-15 minutes away."


async def test_a_value_is_never_read_as_a_template(cast: Cast) -> None:
    await saved(cast.pat, "{customerName}: {etaMinutes}")
    sent = await respond(cast.pat, key="mine", variables={"customerName": "{service}{{1}}", "etaMinutes": "$x"})
    assert sent.json()["text"] == "{service}{{1}}: $x"


@pytest.mark.parametrize(
    "text",
    [
        "{name}",
        "{customername}",
        "{ customerName }",
        "{}",
        "{{7*7}}",
        "{% for %}",
        "{0.__class__}",
        "${x}",
        "a } b",
        "{",
    ],
)
async def test_an_unknown_field_is_refused_at_save(cast: Cast, text: str) -> None:
    await saved(cast.pat, "Fine")
    for answer in (
        await saved(cast.pat, text, "other"),
        await cast.pat.put("/chat/quick-responses/mine", json={"text": text}),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/text")
    assert (await respond(cast.pat, key="mine")).json()["text"] == "Fine"


async def test_a_text_with_its_values_keeps_to_the_limit(cast: Cast) -> None:
    await saved(cast.pat, "x" * 986 + "{customerName}")
    assert (await respond(cast.pat, key="mine", variables={"customerName": "y" * 14})).status_code == 201
    late = await respond(cast.pat, key="mine", variables={"customerName": "y" * 15})
    assert late.json()["errors"][0]["code"] == "too_long"


async def test_ones_own_are_listed_changed_and_removed(cast: Cast) -> None:
    await saved(cast.pat, "Where may I park?", "parking", title="Parking")
    change = {"text": "May I park in the yard?"}
    assert (await cast.pat.put("/chat/quick-responses/parking", json=change)).json()["text"] == change["text"]
    listed = (await cast.pat.get("/chat/quick-responses")).json()
    assert [item["key"] for item in listed["items"]] == ["greeting", "on_way", "arrived", "completed", "parking"]
    assert [item["builtIn"] for item in listed["items"]] == [True] * 4 + [False]
    assert listed["variables"] == texts.DEFAULTS
    assert (await cast.pat.delete("/chat/quick-responses/parking")).status_code == 204
    assert (await respond(cast.pat, key="parking")).status_code == 404


async def test_a_key_stands_for_one_response(cast: Cast) -> None:
    assert (await saved(cast.pat, "One")).status_code == 201
    assert (await saved(cast.carol, "Mine")).status_code == 201
    assert (await saved(cast.pat, "One")).status_code == 201
    for key in ("mine", "greeting", "custom"):
        answer = await saved(cast.pat, "Two", key)
        assert (answer.status_code, answer.json()["code"]) == (409, "key_taken")


async def test_what_is_somebody_elses_is_not_there(cast: Cast) -> None:
    await saved(cast.pat, "Mine")
    for answer in (
        await respond(cast.carol, key="mine"),
        await respond(cast.otto, key="greeting"),
        await cast.otto.put("/chat/quick-responses/mine", json={"text": "Yours"}),
        await cast.otto.delete("/chat/quick-responses/mine"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await respond(cast.pat, key="mine")).json()["text"] == "Mine"


async def test_nobody_keeps_more_than_there_may_be(cast: Cast) -> None:
    for number in range(MOST_TEMPLATES):
        assert (await saved(cast.pat, "Hello", f"k-{number}")).status_code == 201
    assert (await saved(cast.pat, "Hello", "one-more")).json()["code"] == "too_many"


async def test_a_repeat_answers_the_first_message(cast: Cast) -> None:
    first = (await respond(cast.pat, key="arrived", clientMessageId="a-1")).json()
    assert (await respond(cast.pat, key="arrived", clientMessageId="a-1")).json() == first
