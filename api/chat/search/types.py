"""What a search answers."""

from api.chat.types import Message
from api.db.rows import Record
from api.paging import Page


class SearchPage(Record):
    """`items`: messages, the newest first; ask the history `around` the `seq` of one for what was written beside it."""

    items: list[Message]
    page: Page
