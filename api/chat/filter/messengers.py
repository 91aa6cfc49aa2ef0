"""Ways to go on elsewhere: names on messengers and networks, and invitations to them."""

import re
from collections.abc import Iterable, Iterator

from api.chat.filter import links
from api.chat.filter.tokens import Tokens
from api.chat.filter.types import Span
from api.chat.filter.vocabulary import words

# Where one only talks: to name it is mostly to invite.
TALK = words("messenger.talk")
# Where one also reads and shows: to name it is no invitation yet.
SHOW = words("messenger.show")
# Words of every day besides.
EVERYDAY = words("messenger.everyday")
ALL = TALK | SHOW | EVERYDAY
NETWORKED = ALL | {"handle", "username", "dm", "follow"}
HOSTS = words("messenger.hosts")
ON = words("messenger.on")
OWN = words("messenger.own")
ARTICLE = OWN | words("messenger.article")
VERBS = words("messenger.verbs")
US = words("messenger.us")
MEANT_AS_VERB = words("messenger.meant_as_verb")
HAVE = words("messenger.have")
# "no WhatsApp please", "I do not use Telegram".
NOT = words("messenger.not")
# Where "no" is "on the".
PORTUGUESE = words("messenger.portuguese")
TELLS = words("messenger.tells")
FOLLOWING = words("messenger.following")
# Part of a sign with an underscore, a digit or a dot, or too long for a first name.
SIGN = re.compile(r"(?<![\w@./])@([a-z0-9](?:[a-z0-9]|[._](?=[a-z0-9_])){2,40})")
LONGEST_FIRST_NAME = 10
# More than anybody names in a message.
MOST_NAMED = 200


def find(text: str, tokens: Tokens, linked: Iterable[links.Link]) -> Iterator[Span]:
    """Where a folded text leads to a messenger or a network."""
    yield from _signs(text, tokens)
    if not ALL.isdisjoint(tokens.words) or "whats" in tokens.words:
        yield from _invitations(tokens)
    yield from (link.span for link in linked if _leads_there(link))


def _leads_there(link: links.Link) -> bool:
    return any(host in HOSTS for host in links.suffixes(link.host)) and len(link.rest) > 1


def _signs(text: str, tokens: Tokens) -> Iterator[Span]:
    """@joes_plumbing; not @Carol, who is in the room, nor @5pm."""
    if "@" not in text:
        return
    networked = not NETWORKED.isdisjoint(tokens.words)
    for match in SIGN.finditer(text):
        name = match[1]
        odd = any(char in "._0123456789" for char in name) and name[0].isalpha()
        if odd or (name.isalpha() and (len(name) > LONGEST_FIRST_NAME or networked)):
            yield match.span()


def _invitations(tokens: Tokens) -> Iterator[Span]:
    words = tokens.words
    places = [i for i, word in enumerate(words) if word in ALL or word == "whats"]
    if len(places) > MOST_NAMED:
        yield tokens.starts[places[0]], tokens.end(places[-1])
        return
    for i in places:
        if words[i] in ALL:
            named = _named(tokens, i)
            if named is not None:
                yield tokens.starts[i], tokens.end(named)
            elif _invites(tokens, i):
                yield tokens.starts[i], tokens.end(i)
        elif tokens.after(i, 1) == ["app"] and not _refused(tokens, i):
            yield tokens.starts[i], tokens.end(i + 1)


def _named(tokens: Tokens, i: int) -> int | None:
    """The last word of a name told right after the network: `insta: joes_plumbing`, `my telegram is joe`."""
    at, gap = i + 1, tokens.gap_after(i)
    told = any(mark in gap for mark in ":=@") or (gap.strip() in ("-", "/") and _odd(tokens, at))
    while at < len(tokens.words) and at - i <= 3 and tokens.words[at] in TELLS:
        told = told or (tokens.words[at] not in ("as", "es") and (_own(tokens, i) or tokens.words[i] in TALK))
        at += 1
        told = told or ":" in tokens.gaps[at]
    if at >= len(tokens.words) or not (told or _odd(tokens, at)):
        return None
    if tokens.words[i] in EVERYDAY and not (":" in gap or _odd(tokens, at)):
        return None
    if not (_own(tokens, i) or ":" in gap or _odd(tokens, at)):
        return None
    last = at
    while last + 1 < len(tokens.words) and last - at < 6 and tokens.gap_after(last) in (".", "_", "-", ""):
        last += 1
    return last


def _odd(tokens: Tokens, at: int) -> bool:
    """A word that is rather a name than a word: with a sign, an underscore or digits in it."""
    if at >= len(tokens.words):
        return False
    after = tokens.gap_after(at)
    return tokens.gaps[at][-1:] in ("@", "_") or after == "_" or (after == "" and at + 1 < len(tokens.words))


def _own(tokens: Tokens, i: int) -> bool:
    return not OWN.isdisjoint(tokens.before(i, 2))


def _refused(tokens: Tokens, i: int) -> bool:
    before = tokens.before(i, 4)
    if before[:1] == ["no"] and not PORTUGUESE.isdisjoint(before):
        return False
    return not NOT.isdisjoint(before)


def _invites(tokens: Tokens, i: int) -> bool:
    word, before, after = tokens.words[i], tokens.before(i, 7), tokens.after(i, 3)
    if _refused(tokens, i):
        return False
    meeting = not VERBS.isdisjoint(before[1:]) and not US.isdisjoint(before + after[:1])
    direct = bool(before) and before[0] in ON
    if word in EVERYDAY:
        return direct and meeting
    reached = direct or (len(before) > 1 and before[0] in ARTICLE and before[1] in ON)
    if word in SHOW:
        return (reached and meeting) or (word in MEANT_AS_VERB and after[:1] == ["me"])
    return (
        reached
        or after[:1] in (["me"], ["us"], ["you"])
        or (after[:1] != [] and after[0] in FOLLOWING)
        or not (OWN | HAVE | {"your"}).isdisjoint(before[:2])
        or len(tokens.words) <= 2
        or meeting
    )
