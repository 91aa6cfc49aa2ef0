"""Quick responses: the platform's own and those that people made for themselves."""

from typing import Annotated

from msgspec import Meta

from api.db.rows import Record
from api.ids import PlatformId
from api.requests import Body

Title = Annotated[str, Meta(min_length=1, max_length=60)]
Value = Annotated[str, Meta(max_length=200)] | Annotated[int, Meta(ge=0, lt=2**53)]


class QuickDraft(Body):
    """`key`: `greeting`, `on_way`, `arrived`, `completed`, one of your own, or `custom`, which needs `text`.

    `variables` fill the fields of one of your own; what is left out has a default.
    """

    key: PlatformId
    text: str | None = None
    variables: Annotated[dict[str, Value], Meta(max_length=20)] | None = None
    client_message_id: PlatformId | None = None


class TemplateChange(Body):
    """`text` may hold `{customerName}`, `{providerName}`, `{service}` and `{etaMinutes}`. No `title`: the key."""

    text: str
    title: Title | None = None


class TemplateDraft(TemplateChange, kw_only=True):
    key: PlatformId


class Template(Record):
    """`built_in`: it is everybody's, and cannot be changed."""

    key: str
    title: str
    text: str
    built_in: bool = False


class Templates(Record):
    """`variables`: what a text may hold in braces, and what stands there when nobody knows the value."""

    items: list[Template]
    variables: dict[str, str]


class Facts(Record):
    """What a booking knows of the variables; the names are those of the template's fields."""

    customer_name: str
    provider_name: str
    service: str
