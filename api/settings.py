"""Every setting, with its default. The only file that reads the environment."""

import difflib
import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta

# Names the operators of the platform know already; every other setting is PORCHLIGHT_ + its name.
BARE = ("chat_", "notification_", "support_", "help_center_")
SECRET = (
    "jwt_secret",
    "encryption_key",
    "database_url",
    "bus_url",
    "smtp_url",
    "sms_token",
    "fcm_credentials",
    "callback_secret",
)
SAMPLES = ("change", "secret", "password", "example", "sample", "test", "porchlight", "01234567", "abcdefgh")

MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    env: Literal["development", "production"] = "production"
    host: str = "127.0.0.1"
    port: Port = 8000
    data_dir: Path = Path("data")
    site_dir: Path = Path("build/site")
    base_url: str = "http://127.0.0.1:8000"
    database_url: str = ""
    bus_url: str = ""
    jwt_secret: str = ""
    jwt_public_keys: str = ""
    jwt_issuer: str = "porchlight"
    jwt_audience: str = "porchlight"
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    rate_limit_factor: Annotated[float, Meta(gt=0, le=1_000_000)] = 1.0
    encryption_key: str = ""
    file_quota_bytes: Positive = 5_368_709_120
    file_quota_count: Positive = 10_000
    file_scanner: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    sms_url: str = ""
    sms_token: str = ""
    sms_repeatable: bool = False
    fcm_credentials: str = ""
    callback_secret: str = ""
    push_hosts: tuple[str, ...] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
        "*.notify.windows.com",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    slow_query_ms: Positive = 100
    filter_rules: str = ""
    message_edit_minutes: Annotated[int, Meta(ge=0, le=525_600)] = 15
    room_close_hours: Annotated[int, Meta(ge=0, le=87_600)] = 72
    history_days: Positive = 90
    archive_days: Positive = 365
    voice_seconds: Positive = 300
    voice_size_limit: Positive = 5_242_880

    chat_websocket_port: Port | None = None
    chat_message_limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    chat_file_size_limit: Positive = 10_485_760
    notification_email_enabled: bool = True
    notification_push_enabled: bool = True
    notification_sms_enabled: bool = False
    support_ticket_auto_assign: bool = True
    support_response_time_limit: Positive = 24
    support_escalation_enabled: bool = True
    help_center_search_enabled: bool = True
    help_center_cache_duration: Annotated[int, Meta(ge=0)] = 3600
    help_center_analytics_enabled: bool = True

    @property
    def development(self) -> bool:
        return self.env == "development"

    @property
    def local_url(self) -> str:
        """Where this machine reaches the server, whatever the world calls it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


class BadSettings(Exception):
    """`mistakes` holds one line for each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def variable(field: str) -> str:
    """The environment variable of a field of Settings."""
    return field.upper() if field.startswith(BARE) else f"PORCHLIGHT_{field.upper()}"


VARIABLES = {variable(name): name for name in Settings.__struct_fields__}
TYPES = {field.name: field.type for field in msgspec.structs.fields(Settings)}


Check = Callable[[Settings], Iterable[str]]


def no_more(_: Settings) -> Iterable[str]:
    return ()


def load(environ: Mapping[str, str], *, keys: bool = True, more: Check = no_more) -> Settings:
    """Read and check all settings at once; without `keys` none to check tokens with are needed or made.

    Raises BadSettings with every mistake found, those that `more` finds among them.
    """
    mistakes: list[str] = []
    values: dict[str, Any] = {}
    # An empty variable is one that is not set.
    for name, text in sorted((name, text) for name, text in environ.items() if text):
        try:
            if field := VARIABLES.get(name):
                values[field] = _convert(TYPES[field], text)
            elif name.startswith("PORCHLIGHT_"):
                field, value = _indirect(name, text)
                if field in values:
                    mistakes.append(f"{name}: {variable(field)} is set too; which of the two is meant?")
                values[field] = _convert(TYPES[field], value)
        except (ValueError, OSError) as error:
            mistakes.append(f"{name}: {error}")
    settings = Settings(**values)
    if settings.development and "base_url" not in values:
        settings = msgspec.structs.replace(settings, base_url=settings.local_url)
    mistakes += [*_mistakes(settings), *more(settings)]
    if keys and (settings.jwt_secret or not (settings.development or settings.jwt_public_keys)):
        mistakes += _weak(settings.jwt_secret)
    if mistakes:
        raise BadSettings(mistakes)
    return with_secret(settings) if keys else settings


def _indirect(name: str, path: str) -> tuple[str, str]:
    field = VARIABLES.get(name.removesuffix("_FILE"), "")
    if name.endswith("_FILE") and field in SECRET:
        if not (value := Path(path).read_text().strip()):
            raise ValueError(f"{path} is empty")
        return field, value
    close = difflib.get_close_matches(name, VARIABLES, 1)
    raise ValueError("no such setting" + (f"; did you mean {close[0]}?" if close else ""))


def _convert(kind: Any, text: str) -> Any:
    if kind is Path:
        return Path(text)
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error).replace("`", "").replace(", got str", f", not {text!r}")) from None


def _parts(url: str) -> SplitResult:
    """All of them empty where it is no URL at all, such as one with half a pair of brackets."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _mistakes(settings: Settings) -> Iterator[str]:
    base = _parts(settings.base_url)
    if base.scheme not in ("http", "https") or not base.hostname or settings.base_url.endswith("/"):
        yield "PORCHLIGHT_BASE_URL: must be like https://help.example.com, without a slash at its end"
    if settings.database_url and _parts(settings.database_url).scheme not in ("postgresql", "postgres"):
        yield "PORCHLIGHT_DATABASE_URL: must begin with postgresql:// (leave it empty for SQLite in the data folder)"
    if settings.bus_url and _parts(settings.bus_url).scheme not in ("redis", "rediss", "unix"):
        yield "PORCHLIGHT_BUS_URL: must begin with redis://"
    yield from _channel_mistakes(settings)
    if settings.chat_websocket_port == settings.port:
        yield "CHAT_WEBSOCKET_PORT: is PORCHLIGHT_PORT, which takes sockets already; leave it empty"
    for origin in settings.allowed_origins:
        parts = _parts(origin)
        # As browsers write it: scheme, host in small letters, no slash.
        if (
            origin != f"{parts.scheme}://{parts.netloc}".lower()
            or parts.scheme not in ("http", "https")
            or not parts.netloc
        ):
            yield f"PORCHLIGHT_ALLOWED_ORIGINS: {origin!r} is not an origin like https://app.example.com"
    for proxy in settings.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            yield f"PORCHLIGHT_TRUSTED_PROXIES: {proxy!r} is not an IP address or network"


def _channel_mistakes(settings: Settings) -> Iterator[str]:
    if settings.smtp_url and _parts(settings.smtp_url).scheme not in ("smtp", "smtps"):
        yield "PORCHLIGHT_SMTP_URL: must begin with smtp:// or smtps://"
    if settings.mail_from and not MAILBOX.fullmatch(settings.mail_from):
        yield "PORCHLIGHT_MAIL_FROM: must be one mailbox, such as help@example.com"
    if settings.sms_url and _parts(settings.sms_url).scheme not in ("http", "https"):
        yield "PORCHLIGHT_SMS_URL: must begin with https://"
    if settings.callback_secret and len(settings.callback_secret.encode()) < 32:
        yield "PORCHLIGHT_CALLBACK_SECRET: shorter than 32 bytes; `openssl rand -base64 48` makes a good one"


def _weak(secret: str) -> Iterator[str]:
    name = "PORCHLIGHT_JWT_SECRET"
    if not secret:
        yield f"{name}: missing (set it, or PORCHLIGHT_JWT_PUBLIC_KEYS); `openssl rand -base64 48` makes one"
    elif len(secret.encode()) < 32:
        yield f"{name}: shorter than 32 bytes; `openssl rand -base64 48` makes a good one"
    elif len(set(secret)) < 10 or any(sample in secret.lower() for sample in SAMPLES):
        yield f"{name}: looks like a sample; `openssl rand -base64 48` makes a good one"


def with_secret(settings: Settings) -> Settings:
    """In development a missing secret is made once and kept in the data folder, readable by its owner only."""
    if settings.jwt_secret or settings.jwt_public_keys or not settings.development:
        return settings
    try:
        return msgspec.structs.replace(settings, jwt_secret=kept_secret(settings.data_dir / "jwt-secret"))
    except OSError as error:
        raise BadSettings([f"PORCHLIGHT_DATA_DIR: no secret can be kept there ({error})"]) from error


def kept_secret(path: Path) -> str:
    """The secret in this file, made by whoever looks first."""
    if not path.exists():
        _make_secret(path)
    return path.read_text()


def _make_secret(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Whole from the first moment that another process can see it; mkstemp makes files of mode 0600.
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
    with open(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    with suppress(FileExistsError):
        os.link(draft, path)
    Path(draft).unlink()


def shown(settings: Settings) -> Iterator[str]:
    """One line for each setting as it is in effect, secrets masked."""
    for name, field in VARIABLES.items():
        value = getattr(settings, field)
        if isinstance(value, tuple):
            value = ",".join(value)
        elif isinstance(value, bool):
            value = str(value).lower()
        if field in SECRET and value:
            value = "(set, hidden)"
        yield f"{name}={'' if value is None else value}"
