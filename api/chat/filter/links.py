"""Addresses of the web, with or without `https://`."""

import re
from collections.abc import Iterator

import msgspec

from api.chat.filter.types import Span
from api.chat.filter.vocabulary import words

LABEL = r"[^\W_](?:[^\W_]|-(?=[^\W_])){0,62}"
DOT = r"(?:\.|\s?[\[(](?:dot|\.)[\])]\s?|\sdot\s)"
# One run of labels is read once: a match begins only where no other character of a host stands before it.
LINK = re.compile(
    rf"(?<![\w@.-])(?P<scheme>[a-z]{{2,10}}://(?:[^\s/?#@]{{1,200}}@)?)?(?P<host>{LABEL}(?:{DOT}{LABEL}){{1,7}})(?P<rest>[/?#:][^\s]*)?"
)
PLAIN_HOST = re.compile(r"[\w.-]+")
# Without a scheme, a dot between two words may be the end of a sentence: "done.it works".
ENDINGS = words("link.endings")


class Link(msgspec.Struct, frozen=True):
    host: str
    rest: str
    span: Span


def find(text: str) -> Iterator[Link]:
    for match in LINK.finditer(text):
        host = match["host"]
        if not PLAIN_HOST.fullmatch(host):
            host = re.sub(DOT, ".", host)
        if match["scheme"] or match["rest"] or host.rpartition(".")[2] in ENDINGS or host.startswith("www."):
            yield Link(host, match["rest"] or "", match.span())


def suffixes(host: str) -> Iterator[str]:
    """The host itself, then what it is a part of."""
    while host:
        yield host
        host = host.partition(".")[2]
