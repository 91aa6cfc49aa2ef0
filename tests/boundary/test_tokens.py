import base64
import hmac
import json
import re
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.boundary.test_problems import check_problem
from tests.conftest import SECRET, Cast, SetClock

HEADER = {"alg": "HS256", "typ": "JWT"}
NOW = SetClock().now // 1000
CLAIMS = {"sub": "pat", "role": "provider", "iss": "porchlight", "aud": "porchlight", "iat": NOW, "exp": NOW + 600}
OTHER_KEY = rsa.generate_private_key(65537, 2048)


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(secret: str = SECRET, headers: dict[str, Any] | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    """A token that is good but for what is given; without a claim that is None. Libraries refuse to sign some."""
    given = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    text = f"{part(HEADER | {'alg': algorithm} | (headers or {}))}.{part(given)}"
    return f"{text}.{part(hmac.digest(secret.encode(), text.encode(), algorithm.replace('HS', 'sha')))}"


GOOD = signed()
H, P, S = GOOD.split(".")

NOT_UTF_8 = b'{"alg":"HS256","x":"\xff"}'

REFUSED: dict[str, str] = {
    "alg none": f"{part({'alg': 'none'})}.{P}.",
    "alg None": f"{part({'alg': 'None'})}.{P}.{S}",
    "alg nOnE": f"{part({'alg': 'nOnE'})}.{P}.{S}",
    "no alg": f"{part({'typ': 'JWT'})}.{P}.{S}",
    "alg a list": f"{part({'alg': ['HS256']})}.{P}.{S}",
    "HS512": signed(algorithm="HS512"),
    "HS384": signed(algorithm="HS384"),
    "RS256": jwt.encode(CLAIMS, OTHER_KEY, "RS256"),
    "another secret": signed("another-owl-hunts-loudly-over-dry-meadows-at-noon"),
    "crit": signed(headers={"crit": ["exp"]}),
    "crit unknown": signed(headers={"crit": ["b64x"], "b64x": True}),
    "not its payload": f"{H}.{part(CLAIMS | {'role': 'service'})}.{S}",
    "truncated signature": GOOD[:-4],
    "no signature": f"{H}.{P}.",
    "two dots only": "..",
    "two parts": f"{H}.{P}",
    "four parts": f"{GOOD}.{S}",
    "more behind": f"{GOOD} extra",
    "junk that base64 skips": f"{H}.{P}.!{S}",
    "padding": f"{GOOD}=",
    "embedded key": signed("x" * 40, headers={"jwk": {"kty": "oct", "k": part(b"x" * 40)}}),
    "jku": signed("x" * 40, headers={"jku": "http://127.0.0.1:1/keys"}),
    "x5u": signed("x" * 40, headers={"x5u": "http://127.0.0.1:1/cert"}),
    "kid of an empty file": f"{part(HEADER | {'kid': '../../dev/null'})}.{P}.{S}",
    "kid a number": f"{part(HEADER | {'kid': 1})}.{P}.{S}",
    "header a list": f"{part([])}.{P}.{S}",
    "header deep": f"{part(b'[' * 6000)}.{P}.{S}",
    "header not UTF-8": f"{part(NOT_UTF_8)}.{P}.{S}",
    "a megabyte": f"{H}.{part(b'x' * 40_000)}.{S}",
    "another typ": signed(headers={"typ": "refresh+jwt"}),
    "audience": signed(aud="another"),
    "audience missing": signed(aud=None),
    "issuer": signed(iss="another"),
    "issuer missing": signed(iss=None),
    "sub missing": signed(sub=None),
    "sub empty": signed(sub=""),
    "sub not an id": signed(sub="pat\n"),
    "sub too long": signed(sub="p" * 65),
    "role missing": signed(role=None),
    "role unknown": signed(role="root"),
    "role a list": signed(role=["provider"]),
    "iat missing": signed(iat=None),
    "exp missing": signed(exp=None),
    "exp in 30 billion years": signed(exp=10**18),
    "exp a string": signed(exp=str(NOW + 600)),
    "exp true": signed(exp=True),
    "exp negative": signed(exp=-1),
    "iat a string": signed(iat="now"),
    "issued 61 s from now": signed(iat=NOW + 61),
    "good from 61 s from now": signed(nbf=NOW + 61),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_token_that_is_not_ours_is_refused(cast: Cast, name: str) -> None:
    answer = await cast.anon.get("/chat/conversations", headers={"Authorization": f"Bearer {REFUSED[name]}"})
    problem = check_problem(answer, 401, "invalid_token")
    assert not re.search(r"HS256|signature|Signature|jwt|key", problem["detail"])


@pytest.mark.parametrize(
    "good",
    [
        GOOD,
        signed(headers={"typ": "at+jwt"}),
        signed(headers={"kid": "of-another-key"}),
        signed(iat=NOW + 60),
        signed(nbf=NOW + 60),
        signed(exp=NOW - 59),
        signed(exp=NOW + 0.5),
        signed(aud=["another", "porchlight"]),
    ],
)
async def test_a_token_within_the_rules_is_taken(cast: Cast, good: str) -> None:
    answer = await cast.anon.get("/chat/conversations", headers={"Authorization": f"Bearer {good}"})
    assert answer.status_code == 200


async def test_an_expired_token_is_told_apart(cast: Cast) -> None:
    answer = await cast.anon.get("/chat/conversations", headers={"Authorization": f"Bearer {signed(exp=NOW - 60)}"})
    check_problem(answer, 401, "token_expired")


async def test_a_remembered_token_expires_with_its_leeway(cast: Cast, clock: SetClock) -> None:
    headers = {"Authorization": f"Bearer {signed(exp=NOW + 10)}"}
    answers = []
    for seconds in (0, 69, 1):
        clock.advance(seconds)
        answers.append((await cast.anon.get("/chat/conversations", headers=headers)).status_code)
    clock.advance(-70)
    assert answers == [200, 200, 401]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([f"bearer {GOOD}"], 200),
        ([f"BEARER {GOOD}"], 200),
        ([f"Basic {GOOD}"], 401),
        ([f"Token {GOOD}"], 401),
        ([GOOD], 401),
        (["Bearer"], 401),
        ([f"Bearer  {GOOD}"], 401),
        ([f"Bearer {GOOD}", f"Bearer {GOOD}"], 401),
        ([f"Bearer {GOOD}, Bearer {GOOD}"], 401),
    ],
)
async def test_a_token_comes_in_one_header_as_bearer(cast: Cast, values: list[str], status: int) -> None:
    answer = await cast.anon.get("/chat/conversations", headers=[("Authorization", value) for value in values])
    assert answer.status_code == status


async def test_a_token_in_the_address_is_none(cast: Cast) -> None:
    answer = await cast.anon.get(f"/chat/conversations?access_token={GOOD}")
    check_problem(answer, 401, "unauthenticated")
    assert GOOD not in answer.text


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("Zoe\u0308", "Zo\u00eb"),
        ("a\0b\ud800c\nd", "abcd"),
        ("n" * 500, "n" * 200),
        ("", "new"),
        (None, "new"),
        ([1], "new"),
        ({"$ne": ""}, "new"),
    ],
)
async def test_a_new_caller_gets_a_row_with_the_name_of_the_token(
    cast: Cast, name: Any, stored: str, request: pytest.FixtureRequest
) -> None:
    sub = f"new-{abs(hash(request.node.name))}"
    token = signed(sub=sub, name=name)
    answer = await cast.anon.get("/chat/conversations", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    user = (await cast.plat.get(f"/platform/users/{sub}")).json()
    assert (user["role"], user["name"].replace(sub, "new")) == ("provider", stored)


async def test_a_token_with_another_role_than_the_record_is_refused(cast: Cast) -> None:
    token = signed(sub="agnes", role="admin")
    answer = await cast.anon.get("/chat/conversations", headers={"Authorization": f"Bearer {token}"})
    check_problem(answer, 401, "role_changed")
