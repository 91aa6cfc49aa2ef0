import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from api.settings import SECRET, VARIABLES, BadSettings, Settings, load, shown

GOOD = "bK9dQx2LmV7pTz4RwY1cNf8HsJ3gUe6AoXiZ5vBq"
# contract.md 12, word for word.
KNOWN = {
    "CHAT_WEBSOCKET_PORT": "",
    "CHAT_MESSAGE_LIMIT": "1000",
    "CHAT_FILE_SIZE_LIMIT": "10485760",
    "NOTIFICATION_EMAIL_ENABLED": "true",
    "NOTIFICATION_PUSH_ENABLED": "true",
    "NOTIFICATION_SMS_ENABLED": "false",
    "SUPPORT_TICKET_AUTO_ASSIGN": "true",
    "SUPPORT_RESPONSE_TIME_LIMIT": "24",
    "SUPPORT_ESCALATION_ENABLED": "true",
    "HELP_CENTER_SEARCH_ENABLED": "true",
    "HELP_CENTER_CACHE_DURATION": "3600",
    "HELP_CENTER_ANALYTICS_ENABLED": "true",
}
OURS = (
    "ENV HOST PORT DATA_DIR SITE_DIR BASE_URL DATABASE_URL BUS_URL JWT_SECRET JWT_PUBLIC_KEYS JWT_ISSUER JWT_AUDIENCE "
    "ALLOWED_ORIGINS TRUSTED_PROXIES ENCRYPTION_KEY SMTP_URL LOG_LEVEL"
)


def mistakes(**environ: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load({"PORCHLIGHT_JWT_SECRET": GOOD} | environ)
    return caught.value.mistakes


def effective(**environ: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in shown(load({"PORCHLIGHT_JWT_SECRET": GOOD} | environ)))


def test_every_name_that_operators_know_has_its_default() -> None:
    values = effective()
    assert {name: values[name] for name in KNOWN} == KNOWN
    assert {f"PORCHLIGHT_{name}" for name in OURS.split()} <= set(values)
    assert (values["PORCHLIGHT_ENV"], values["PORCHLIGHT_PORT"]) == ("production", "8000")


def test_every_setting_has_its_row_in_the_docs_and_the_reverse() -> None:
    rows = [line.split(" | ") for line in Path("docs/developers/settings.md").read_text().splitlines()]
    documented = {cells[0].strip("| `"): cells[1].strip("`") for cells in rows if cells[0].startswith("| `")}
    assert set(documented) == set(VARIABLES)
    # Without their source: what a Settings of its own would be.
    defaults = dict(line.split("=", 1) for line in shown(Settings()))
    assert {name: "" if text in ("(none)", "(empty)") else text for name, text in documented.items()} == defaults


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("PORCHLIGHT_PORT", "9000", "port", 9000),
        ("NOTIFICATION_SMS_ENABLED", "true", "notification_sms_enabled", True),
        ("NOTIFICATION_SMS_ENABLED", "1", "notification_sms_enabled", True),
        ("CHAT_WEBSOCKET_PORT", "3002", "chat_websocket_port", 3002),
        ("CHAT_WEBSOCKET_PORT", "", "chat_websocket_port", None),
        ("PORCHLIGHT_PORT", "", "port", 8000),
        ("PORCHLIGHT_DATA_DIR", "/srv/porchlight", "data_dir", Path("/srv/porchlight")),
        ("PORCHLIGHT_ALLOWED_ORIGINS", "https://a.b, http://c:81", "allowed_origins", ("https://a.b", "http://c:81")),
        ("PORCHLIGHT_TRUSTED_PROXIES", "10.0.0.0/8,::1", "trusted_proxies", ("10.0.0.0/8", "::1")),
    ],
)
def test_a_setting_is_read_as_what_it_is(name: str, text: str, field: str, value: Any) -> None:
    assert getattr(load({"PORCHLIGHT_JWT_SECRET": GOOD, name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORCHLIGHT_ENV", "test"),
        ("PORCHLIGHT_PORT", "0"),
        ("PORCHLIGHT_PORT", "65536"),
        ("PORCHLIGHT_PORT", "http"),
        ("PORCHLIGHT_LOG_LEVEL", "loud"),
        ("PORCHLIGHT_BASE_URL", "help.example.com"),
        ("PORCHLIGHT_BASE_URL", "https://help.example.com/"),
        ("PORCHLIGHT_BASE_URL", "ftp://help.example.com"),
        ("PORCHLIGHT_BASE_URL", "http://["),
        ("PORCHLIGHT_DATABASE_URL", "mysql://db/porchlight"),
        ("PORCHLIGHT_DATABASE_URL", "postgresql://["),
        ("PORCHLIGHT_BUS_URL", "http://bus"),
        ("PORCHLIGHT_ALLOWED_ORIGINS", "*"),
        ("PORCHLIGHT_ALLOWED_ORIGINS", "null"),
        ("PORCHLIGHT_ALLOWED_ORIGINS", "https://"),
        ("PORCHLIGHT_ALLOWED_ORIGINS", "https://app.example.com/"),
        ("PORCHLIGHT_ALLOWED_ORIGINS", "http://["),
        ("PORCHLIGHT_ALLOWED_ORIGINS", "https://App.example.com"),
        ("PORCHLIGHT_TRUSTED_PROXIES", "*"),
        ("PORCHLIGHT_TRUSTED_PROXIES", "proxy.internal"),
        ("PORCHLIGHT_RATE_LIMIT_FACTOR", "nan"),
        ("PORCHLIGHT_RATE_LIMIT_FACTOR", "0"),
        ("CHAT_MESSAGE_LIMIT", "-1"),
        ("CHAT_MESSAGE_LIMIT", "many"),
        ("SUPPORT_ESCALATION_ENABLED", "yes"),
        ("HELP_CENTER_CACHE_DURATION", "1h"),
    ],
)
def test_a_mistake_names_its_setting(name: str, text: str) -> None:
    assert [mistake.partition(":")[0] for mistake in mistakes(**{name: text})] == [name]


def test_every_mistake_is_told_at_once() -> None:
    found = mistakes(
        PORCHLIGHT_PORT="x", CHAT_MESSAGE_LIMIT="0", PORCHLIGHT_BASE_URL="y", PORCHLIGHT_JWT_SECRET="short"
    )
    assert [mistake.partition(":")[0] for mistake in found] == [
        "CHAT_MESSAGE_LIMIT",
        "PORCHLIGHT_PORT",
        "PORCHLIGHT_BASE_URL",
        "PORCHLIGHT_JWT_SECRET",
    ]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("PORCHLIGHT_JWT_SECRT", "PORCHLIGHT_JWT_SECRET"),
        ("PORCHLIGHT_CHAT_MESSAGE_LIMIT", "CHAT_MESSAGE_LIMIT"),
        ("PORCHLIGHT_DATABSE_URL", "PORCHLIGHT_DATABASE_URL"),
        ("PORCHLIGHT_PORT_FILE", "PORCHLIGHT_PORT"),
    ],
)
def test_an_unknown_name_suggests_the_right_one(wrong: str, right: str) -> None:
    assert mistakes(**{wrong: "1"}) == [f"{wrong}: no such setting; did you mean {right}?"]


@pytest.mark.parametrize("field", SECRET)
def test_a_secret_may_stand_in_a_file(field: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    addresses = {"database_url": "postgresql://x", "bus_url": "redis://x", "smtp_url": "smtp://x"}
    path.write_text(f"{addresses.get(field, GOOD)}\n")
    environ = {f"PORCHLIGHT_{field.upper()}_FILE": str(path)}
    settings = load(({} if field == "jwt_secret" else {"PORCHLIGHT_JWT_SECRET": GOOD}) | environ)
    assert getattr(settings, field) == path.read_text().strip()


def test_a_secret_stands_in_one_place_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "full").write_text(GOOD)
    for name in ("nowhere", "empty", "full"):
        found = mistakes(PORCHLIGHT_JWT_SECRET_FILE=str(tmp_path / name))
        assert [mistake.partition(":")[0] for mistake in found] == ["PORCHLIGHT_JWT_SECRET_FILE"]
        assert GOOD not in found[0]


@pytest.mark.parametrize(
    "secret",
    [
        "short-but-otherwise-fine-9x7q2",
        "a" * 64,
        "abababababababababababababababababab",
        "changeme-changeme-changeme-changeme-1x9",
        "my-super-secret-key-for-this-server-0x9z",
        "your-256-bit-secret-goes-here-please-ok",
        "EXAMPLE-9dQx2LmV7pTz4RwY1cNf8HsJ3gUe6Ao",
        "0123456789abcdef0123456789abcdef",
    ],
)
@pytest.mark.parametrize("env", ["production", "development"])
def test_a_secret_that_can_be_guessed_is_refused(secret: str, env: str) -> None:
    (mistake,) = mistakes(PORCHLIGHT_JWT_SECRET=secret, PORCHLIGHT_ENV=env)
    assert mistake.startswith("PORCHLIGHT_JWT_SECRET: ")
    assert secret not in mistake


def test_without_any_key_production_does_not_start_and_a_public_key_is_enough() -> None:
    (mistake,) = mistakes(PORCHLIGHT_JWT_SECRET="")
    assert mistake.startswith("PORCHLIGHT_JWT_SECRET: missing")
    assert load({"PORCHLIGHT_JWT_PUBLIC_KEYS": "https://keys.example.com"}).jwt_secret == ""


def test_development_makes_its_secret_once_for_its_owner_only(tmp_path: Path) -> None:
    environ = {"PORCHLIGHT_ENV": "development", "PORCHLIGHT_DATA_DIR": str(tmp_path / "data")}
    first = load(environ).jwt_secret
    path = tmp_path / "data" / "jwt-secret"
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (first, 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (load(environ).jwt_secret, len(first) >= 32, list(path.parent.iterdir())) == (first, True, [path])


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    environ = {"PORCHLIGHT_ENV": "development", "PORCHLIGHT_DATA_DIR": str(tmp_path / "data")}
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(load(environ).jwt_secret)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (16, 1)


@pytest.mark.parametrize(
    ("host", "base_url"),
    [("localhost", "http://localhost:9"), ("::1", "http://[::1]:9"), ("::", "http://[::1]:9")],
)
def test_in_development_the_base_url_follows_host_and_port(tmp_path: Path, host: str, base_url: str) -> None:
    where = {"PORCHLIGHT_HOST": host, "PORCHLIGHT_PORT": "9", "PORCHLIGHT_DATA_DIR": str(tmp_path)}
    assert effective(**where, PORCHLIGHT_ENV="development")["PORCHLIGHT_BASE_URL"] == base_url
    assert effective(**where)["PORCHLIGHT_BASE_URL"] == "http://127.0.0.1:8000"
    given = effective(**where, PORCHLIGHT_ENV="development", PORCHLIGHT_BASE_URL="https://a.b")
    assert given["PORCHLIGHT_BASE_URL"] == "https://a.b"


def test_a_data_folder_that_cannot_be_made_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = mistakes(PORCHLIGHT_ENV="development", PORCHLIGHT_JWT_SECRET="", PORCHLIGHT_DATA_DIR=str(tmp_path / "file"))
    assert [mistake.partition(":")[0] for mistake in found] == ["PORCHLIGHT_DATA_DIR"]


def test_secrets_are_masked_where_settings_are_shown() -> None:
    secrets = {
        "PORCHLIGHT_JWT_SECRET": GOOD,
        "PORCHLIGHT_ENCRYPTION_KEY": "canary-1",
        "PORCHLIGHT_DATABASE_URL": "postgresql://u:canary-2@h/d",
        "PORCHLIGHT_BUS_URL": "redis://:canary-3@h",
        "PORCHLIGHT_SMTP_URL": "smtp://u:canary-4@h",
    }
    values = effective(**secrets)
    assert {values[name] for name in secrets} == {"(set, hidden)"}
    assert not [value for value in values.values() if "canary" in value or GOOD in value]


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]
