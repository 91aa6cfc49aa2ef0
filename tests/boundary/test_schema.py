import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import PREFIX, create_app
from api.reference import document
from api.settings import Settings
from tests.conftest import ROLES, SECRET, SetClock, serving

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
MODES = list(schemathesis.GenerationMode)
POSITIVE = schemathesis.GenerationMode.POSITIVE
SCHEMA = schemathesis.openapi.from_dict(document(create_app(Settings(env="development", jwt_secret=SECRET))._app))
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def address(settings: Settings, clock: SetClock, published: Path) -> Iterator[str]:
    """A server with a help centre, on a thread of its own: schemathesis asks without asyncio."""
    helped = msgspec.structs.replace(settings, site_dir=published)
    ready, stop = threading.Event(), asyncio.Event()
    found: dict[str, Any] = {}

    async def run() -> None:
        found["loop"] = asyncio.get_running_loop()
        async with serving(create_app(helped, clock)) as found["address"]:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(10)
    yield found["address"]
    found["loop"].call_soon_threadsafe(stop.set)
    thread.join()


@pytest.fixture(scope="module")
def tokens(address: str, token: Any) -> dict[str, dict[str, str]]:
    found = {name: {"Authorization": f"Bearer {token(name)}"} for name in ROLES} | {"anon": {}}
    booking = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "confirmed"}
    with httpx.Client(base_url=address + PREFIX, headers=found["plat"]) as plat:
        for name, role in ROLES.items():
            plat.put(f"/platform/users/{name}", json={"role": role, "name": name})
        assert plat.put("/platform/bookings/booking-1", json=booking).status_code == 201
    return found


def has_input(operation: Any) -> bool:
    # Whatever stands in If-None-Match is right.
    parameters = operation.definition.raw.get("parameters", [])
    return bool(operation.body or [found for found in parameters if found["in"] != "header"])


# There is no wrong way to ask for what takes no input.
CASES = [(label, mode) for label in OPERATIONS for mode in MODES if mode is POSITIVE or has_input(OPERATIONS[label])]


@pytest.mark.parametrize(("label", "mode"), CASES)
def test_every_answer_is_one_that_the_document_names(
    address: str, tokens: dict[str, dict[str, str]], label: str, mode: schemathesis.GenerationMode
) -> None:
    operation = OPERATIONS[label]
    roles = operation.definition.raw.get("x-roles", [])
    callers = [name for name in ("pat", "plat", "ada") if ROLES[name] in roles] or ["anon"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @examples(
        max_examples=25,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        for name in callers:
            answer = case.call(base_url=address, headers=tokens[name])
            case.validate_response(answer, checks=CHECKS)

    ask()


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_route_says_what_it_refuses(label: str) -> None:
    operation = OPERATIONS[label].definition.raw
    needed = {"400"} | ({"401", "403", "429", "503"} if "x-roles" in operation else set())
    needed |= {"413", "415"} if "requestBody" in operation else set()
    needed |= {"409", "422"} if label.startswith("POST") else set()
    needed |= {"404"} if "{" in label and not label.startswith("PUT") else set()
    assert needed <= set(operation["responses"])
    problems = [answer for status, answer in operation["responses"].items() if status >= "400" and "x-codes" in answer]
    assert all("application/problem+json" in answer["content"] for answer in problems)


@pytest.mark.parametrize("label", OPERATIONS)
async def test_a_caller_without_token_or_role_is_answered_as_the_document_says(
    address: str, token: Any, label: str
) -> None:
    operation = OPERATIONS[label]
    method, _, path = label.partition(" ")
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        ids = {"bookingId": "1", "userId": "pat", "id": "late-withdrawal", "socketId": "sock_9", "dueId": "due_9"}
        ids |= {"filteredId": "flt_9"}
        ids |= {"fileId": "file_9", "messageId": "msg_9", "responseKey": "parking", "blockedId": "pat"}
        url = path.format(**ids)
        for headers in ({}, {"Authorization": f"Bearer {token('plat')}"}, {"Authorization": f"Bearer {token('pat')}"}):
            answer = await client.request(method, url, headers=headers)
            assert str(answer.status_code) in operation.definition.raw["responses"]
