"""Mail addresses, as they are and as they are spelled: `joe (at) gmail dot com`."""

from collections.abc import Iterator

from api.chat.filter.tokens import Tokens
from api.chat.filter.types import Span
from api.chat.filter.vocabulary import words

AT = words("email.at")
DOT = words("email.dot")
ENDINGS = words("email.endings")
# Words of their own where nobody says a dot: "we live at 12 Oak Street".
EVERYDAY_ENDINGS = words("email.everyday_endings")
PROVIDERS = words("email.providers")
MAIL = words("email.mail")
# Before a word `at` these are no one's name: "I bought it at Yahoo", "look at …".
NO_NAMES = words("email.no_names")
OPENING = ("(", "[", "{", "<")
CLOSING = (")", "]", "}", ">")
INSIDE = frozenset(("to", "on", "in", "from", "via", "the", "your", "a", "use", "uses", "using", "of", "for"))
LONGEST = 6
# More than anybody types into a message: all of it is taken for an address.
MOST_SIGNS = 1000


def find(tokens: Tokens) -> Iterator[Span]:
    """Where mail addresses stand in a folded text."""
    end = 0
    for start, stop in _candidates(tokens):
        if start >= end:
            yield start, stop
            end = stop


def _candidates(tokens: Tokens) -> Iterator[Span]:
    words, gaps = tokens.words, tokens.gaps
    signs = {i for i, gap in enumerate(gaps[:-1]) if "@" in gap and i}
    named = {i for i, word in enumerate(words) if word in PROVIDERS or (word in AT and i)}
    if len(signs) + len(named) > MOST_SIGNS:
        yield tokens.starts[0], tokens.end(len(words) - 1)
        return
    for i in sorted(signs | named):
        if i in signs:
            found = _signed(tokens, i)
        elif words[i] in AT:
            found = _spelled(tokens, i)
        else:
            found = _provider(tokens, i)
        if found:
            yield found


def _signed(tokens: Tokens, domain: int) -> Span | None:
    """joe@example.com, joe @ gmail"""
    last, _ = _domain(tokens, domain)
    if len(tokens.gaps[domain].strip(" ()[]{}<>")) > 1 or (last == domain and tokens.words[domain] not in PROVIDERS):
        return None
    return _span(tokens, domain - 1, last)


def _spelled(tokens: Tokens, at: int) -> Span | None:
    """joe (at) example.com, joe at example dot com, joe at gmail; not "I bought it at example.com"."""
    if at + 1 == len(tokens.words):
        return None
    last, spelled = _domain(tokens, at + 1)
    provider = tokens.words[at + 1] in PROVIDERS
    if last == at + 1 and not provider:
        return None
    bracketed = tokens.gaps[at][-1:] in OPENING and tokens.gap_after(at)[:1] in CLOSING
    meant = not MAIL.isdisjoint(tokens.before(at, 7))
    named = tokens.words[at - 1] not in NO_NAMES
    if bracketed or meant or (named and (spelled or provider)):
        return _span(tokens, at - 1, last)
    return None


def _provider(tokens: Tokens, i: int) -> Span | None:
    """my gmail is joe.smith, gmail: joe.smith, joe.smith gmail com"""
    last, _ = _domain(tokens, i, bare=True)
    before = tokens.words[i - 1] if i else ""
    if last > i and before and before not in NO_NAMES | INSIDE | MAIL | AT:
        return _span(tokens, i - 1, last)
    told = ":" in tokens.gap_after(i) or (tokens.after(i, 1) == ["is"] and before in ("my", "our", "the"))
    if told and len(tokens.words) > i + 1:
        return tokens.starts[i], tokens.end(min(i + 3, len(tokens.words) - 1))
    return None


def _domain(tokens: Tokens, first: int, *, bare: bool = False) -> tuple[int, bool]:
    """The last word of the domain that begins here, `first` itself where none does; whether its dots are spelled.

    `bare`: the dot may be left out altogether.
    """
    last, i, spelled = first, first, False
    while i - first < LONGEST and i + 1 < len(tokens.words):
        gap = tokens.gap_after(i).strip(" ()[]{}")
        if tokens.words[i + 1] in DOT and not gap:
            i, said = i + 1, True
        elif gap == "." or (gap == "-" and tokens.gap_after(i) == "-") or (bare and not gap):
            said = tokens.gap_after(i) not in (".", "-")
        else:
            break
        if i + 1 == len(tokens.words):
            break
        left_out = not gap and tokens.words[i] not in DOT
        i += 1
        spelled = spelled or said
        if tokens.words[i] in ENDINGS and not (left_out and tokens.words[i] in EVERYDAY_ENDINGS):
            last = i
    return last, spelled


def _span(tokens: Tokens, local: int, last: int) -> Span:
    first = local
    while first and local - first < LONGEST and tokens.gaps[first] in (".", "_", "-", "+", ""):
        first -= 1
    return tokens.starts[first], tokens.end(last)
