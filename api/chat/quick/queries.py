"""One function, one statement."""

from api.chat.quick.types import Facts, Template
from api.db import Tx


def templates(tx: Tx, owner_id: str) -> list[Template]:
    return tx.all(Template, "select key, title, text from quick_responses where owner_id = $1 order by key", owner_id)


def template(tx: Tx, owner_id: str, key: str) -> Template | None:
    return tx.one(
        Template, "select key, title, text from quick_responses where owner_id = $1 and key = $2", owner_id, key
    )


def count_templates(tx: Tx, owner_id: str) -> int:
    count: int = tx.value("select count(*) from quick_responses where owner_id = $1", owner_id)
    return count


def insert_template(tx: Tx, owner_id: str, template: Template) -> bool:
    """False when there is one with this key."""
    count = tx.run(
        "insert into quick_responses (owner_id, key, title, text) values ($1, $2, $3, $4) "
        "on conflict (owner_id, key) do nothing",
        owner_id,
        template.key,
        template.title,
        template.text,
    )
    return count == 1


def update_template(tx: Tx, owner_id: str, template: Template) -> bool:
    count = tx.run(
        "update quick_responses set title = $3, text = $4 where owner_id = $1 and key = $2",
        owner_id,
        template.key,
        template.title,
        template.text,
    )
    return count == 1


def delete_template(tx: Tx, owner_id: str, key: str) -> bool:
    return tx.run("delete from quick_responses where owner_id = $1 and key = $2", owner_id, key) == 1


def facts(tx: Tx, booking_id: str) -> Facts:
    return tx.only(
        Facts,
        "select c.name as customer_name, p.name as provider_name, b.service from bookings b "
        "join users c on c.id = b.customer_id join users p on p.id = b.provider_id where b.id = $1",
        booking_id,
    )
