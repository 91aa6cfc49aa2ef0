"""Quick responses are made, changed, and sent as messages."""

from api.auth import Actor
from api.chat import access
from api.chat.messages.actions import send
from api.chat.quick import queries, texts
from api.chat.quick.types import QuickDraft, Template, TemplateChange, TemplateDraft, Templates
from api.chat.types import Draft, Message
from api.db import Tx
from api.errors import InvalidRequest, KeyTaken, NotFound, TooMany
from api.settings import Settings

MOST_TEMPLATES = 50


def respond(tx: Tx, actor: Actor, booking_id: str, draft: QuickDraft, settings: Settings) -> Message:
    """Send a quick response as a message of the actor's own. Raises NotFound, InvalidRequest, RoomClosed."""
    if (draft.text is not None) is not (draft.key == texts.CUSTOM):
        missing = draft.text is None
        raise InvalidRequest.at(
            "/text", "required" if missing else "misplaced", "is missing" if missing else "belongs to `custom` only"
        )
    for name in draft.variables or {}:
        if name not in texts.DEFAULTS:
            raise InvalidRequest.at("/variables", "unknown_variable", "names a variable that there is not")
    access.present_room(tx, actor, booking_id)
    text = draft.text or texts.BUILT_IN.get(draft.key) or _own(tx, actor, booking_id, draft)
    return send(tx, actor, booking_id, Draft(text=text, client_message_id=draft.client_message_id), settings)


def _own(tx: Tx, actor: Actor, booking_id: str, draft: QuickDraft) -> str:
    """One of the actor's own, its fields filled in."""
    template = queries.template(tx, actor.id, draft.key)
    if template is None:
        raise NotFound
    facts = queries.facts(tx, booking_id)
    known = {"customerName": facts.customer_name, "providerName": facts.provider_name, "service": facts.service}
    given = {name: str(value) for name, value in (draft.variables or {}).items() if str(value).strip()}
    return texts.filled(template.text, texts.DEFAULTS | known | given)


def listed(tx: Tx, actor: Actor) -> Templates:
    return Templates([*texts.built_in(), *queries.templates(tx, actor.id)], texts.DEFAULTS)


def add(tx: Tx, actor: Actor, draft: TemplateDraft, settings: Settings) -> Template:
    """One that is there, word for word, is answered again. Raises InvalidRequest, KeyTaken, TooMany."""
    texts.check(draft.text, settings.chat_message_limit)
    if draft.key in (*texts.BUILT_IN, texts.CUSTOM):
        raise KeyTaken("It is one of the platform's own.")
    template = Template(draft.key, draft.title or draft.key, draft.text)
    there = queries.template(tx, actor.id, draft.key)
    if there is None and queries.count_templates(tx, actor.id) >= MOST_TEMPLATES:
        raise TooMany(f"At most {MOST_TEMPLATES} quick responses of one's own.")
    if there != template and not queries.insert_template(tx, actor.id, template):
        raise KeyTaken
    return template


def change(tx: Tx, actor: Actor, key: str, draft: TemplateChange, settings: Settings) -> Template:
    """Raises InvalidRequest, NotFound."""
    texts.check(draft.text, settings.chat_message_limit)
    template = Template(key, draft.title or key, draft.text)
    if not queries.update_template(tx, actor.id, template):
        raise NotFound
    return template


def remove(tx: Tx, actor: Actor, key: str) -> None:
    """Raises NotFound."""
    if not queries.delete_template(tx, actor.id, key):
        raise NotFound
