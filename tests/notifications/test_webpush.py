import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.notifications.channels.push import webpush
from api.notifications.channels.push.webpush import BadSubscription, Vapid, bytes_of, new_vapid_key, raw, text_of

# RFC 8291, appendix A.
PLAINTEXT = b"When I grow up, I want to be a watermelon"
OWN = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
    "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
HOSTS = ("fcm.googleapis.com", "*.notify.windows.com")


def opened(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """As a browser opens it."""
    salt, theirs, sealed = body[:16], body[21:86], body[86:]
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))

    def derived(material: bytes, salted: bytes, info: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salted, info).derive(material)

    material = derived(shared, auth, b"WebPush: info\0" + raw(key.public_key()) + theirs, 32)
    secret = derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = derived(material, salt, b"Content-Encoding: nonce\0", 12)
    return AESGCM(secret).decrypt(nonce, sealed, None).rstrip(b"\x02")


def test_a_message_is_sealed_as_the_vector_of_the_rfc() -> None:
    sealed = webpush.sealed(PLAINTEXT, THEIRS, AUTH, own=webpush.vapid_key(OWN), salt=bytes_of(SALT))
    assert text_of(sealed) == BODY


def test_each_message_has_a_key_and_a_salt_of_its_own() -> None:
    browser, auth = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    sealed = [webpush.sealed(PLAINTEXT, text_of(raw(browser.public_key())), text_of(auth)) for _ in range(2)]
    assert [opened(one, browser, auth) for one in sealed] == [PLAINTEXT] * 2
    assert sealed[0][:16] != sealed[1][:16]
    assert sealed[0][21:86] != sealed[1][21:86]


@pytest.mark.parametrize(("p256dh", "auth"), [("AAAA", AUTH), (THEIRS[:-4], AUTH), (THEIRS, "AAAA"), (THEIRS, "")])
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(BadSubscription):
        webpush.sealed(PLAINTEXT, p256dh, auth)


def test_the_server_signs_for_the_push_service_of_the_endpoint() -> None:
    vapid = Vapid(webpush.vapid_key(new_vapid_key()), "mailto:help@example.com")
    scheme, _, rest = vapid.authorization("https://push.example.com/send/1", 1_795_336_200).partition(" ")
    token, key = (part.strip().partition("=")[2] for part in rest.split(","))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(key))
    options: Any = {"verify_exp": False}
    claims = jwt.decode(token, public, ["ES256"], audience="https://push.example.com", options=options)
    assert (scheme, claims["sub"], claims["exp"] - 1_795_336_200) == ("vapid", "mailto:help@example.com", 43_200)


def test_what_replaces_another_has_its_topic() -> None:
    vapid = Vapid(webpush.vapid_key(new_vapid_key()), "mailto:help@example.com")
    topics = [vapid.headers("https://a", collapse, urgent=False)["Topic"] for collapse in ("1", "1", "2")]
    assert topics[0] == topics[1] != topics[2]
    # RFC 8030 section 5.4.
    assert len(topics[0]) <= 32
    assert len(base64.urlsafe_b64decode(topics[0])) == 24


@pytest.mark.parametrize(
    ("endpoint", "good"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://fcm.googleapis.com:443/fcm/send/abc", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=x", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:22/", False),
        ("https://fcm.googleapis.com.evil.example/", False),
        ("https://evilfcm.googleapis.com/", False),
        ("https://notify.windows.com.evil.example/", False),
        ("https://notify.windows.com/", False),
        ("https://fcm.googleapis.com@127.0.0.1/", False),
        ("https://user@fcm.googleapis.com/", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://localhost/", False),
        ("https://2130706433/", False),
        ("https://fcm.googleapis.com./", False),
        ("https://fcm.googleapis.com\\@127.0.0.1/", False),
        ("https://\uff46cm.googleapis.com/", False),
        ("file:///etc/passwd", False),
        ("gopher://fcm.googleapis.com/", False),
        ("//fcm.googleapis.com/", False),
        ("https://[/", False),
        ("", False),
    ],
)
def test_only_push_services_are_called(endpoint: str, good: bool) -> None:
    assert webpush.is_push_service(endpoint, HOSTS) is good


def test_json_survives_the_seal() -> None:
    browser, auth = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    content = json.dumps({"title": "Größe 🙂"}).encode()
    assert opened(webpush.sealed(content, text_of(raw(browser.public_key())), text_of(auth)), browser, auth) == content
