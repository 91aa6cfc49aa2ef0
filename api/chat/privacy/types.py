"""What a user lets others see."""

from api.db.rows import Record
from api.requests import Body


class PrivacyDraft(Body):
    """Off means that others do not get yours; you still see theirs."""

    receipts: bool
    typing: bool
    presence: bool


class Privacy(Record):
    """`receipts`: how far you have read and been sent; `typing`: that you write; `presence`: whether you are there."""

    receipts: bool
    typing: bool
    presence: bool
    version: int


OPEN = Privacy(receipts=True, typing=True, presence=True, version=0)
