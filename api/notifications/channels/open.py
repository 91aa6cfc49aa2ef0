"""The ways out of the app that the settings switch on and say how to reach."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from api.db import Database
from api.db.database import Closed
from api.notifications.channels.email.folder import Folder
from api.notifications.channels.push.fcm import Credentials, Fcm
from api.notifications.channels.push.push import Push
from api.notifications.channels.types import Channel
from api.notifications.preferences.types import ChannelName
from api.settings import Settings

Open = Callable[[Settings, Database], Mapping[ChannelName, Channel]]


def open_channels(settings: Settings, db: Database) -> Mapping[ChannelName, Channel]:
    """In development mail goes into the data folder where no server is named."""
    found: dict[ChannelName, Channel] = {}
    sender = settings.mail_from or f"notifications@{urlsplit(settings.base_url).hostname}"
    if settings.notification_push_enabled:
        found["push"] = Push(db, f"mailto:{sender}", _fcm(settings))
    if settings.notification_email_enabled and (settings.smtp_url or settings.development):
        found["email"] = (
            _extra("email", "email.smtp").Email(settings.smtp_url, sender)
            if settings.smtp_url
            else Folder(settings.data_dir / "outbox", sender)
        )
    if settings.notification_sms_enabled and settings.sms_url:
        found["sms"] = _extra("sms", "sms.http").Sms(
            settings.sms_url, settings.sms_token, repeatable=settings.sms_repeatable
        )
    return found


def _fcm(settings: Settings) -> Fcm | None:
    if not settings.fcm_credentials:
        return None
    return Fcm(msgspec.json.decode(settings.fcm_credentials, type=Credentials))


def _extra(extra: str, module: str) -> Any:
    """Raises Closed where the extra is not installed."""
    try:
        return importlib.import_module(f"api.notifications.channels.{module}")
    except ImportError as error:
        raise Closed(f"the settings need the extra `{extra}`: pip install 'porchlight[{extra}]'") from error
