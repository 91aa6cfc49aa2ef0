"""Rows with a due time."""

from api.clock import Time
from api.db.rows import Record
from api.paging import Page


class Due(Record):
    """`body` is JSON for the handler of its kind; `attempts` counts this one."""

    id: str
    kind: str
    subject: str
    body: str
    due_at: int
    attempts: int


class Dead(Record):
    """What was tried too often; `reason` is the last error."""

    id: str
    kind: str
    subject: str
    attempts: int
    reason: str
    due_at: Time
    created_at: Time


class DeadPage(Record):
    items: list[Dead]
    page: Page
