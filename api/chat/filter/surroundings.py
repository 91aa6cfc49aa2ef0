"""What the words around a number say of it."""

from api.chat.filter.tokens import Tokens
from api.chat.filter.vocabulary import words

CALLS = words("phone.calls")
MINE = words("phone.mine")
IS = words("phone.is")
PEOPLE = words("phone.people")
NUMBERS = words("phone.numbers")
ABBREVIATED = words("phone.abbreviated")
LABELS = words("phone.labels")


def meant(tokens: Tokens, first: int, last: int) -> str:
    """What the words around a number say it is: `telephone`, `thing`, or nothing."""
    before = _said_before(tokens, first)
    if before or "#" in tokens.gaps[first]:
        return before or "thing"
    after = tokens.after(last, 5)
    called = any(word in CALLS for word in after[:4])
    if after and after[0] in IS:
        if any(word in LABELS for word in after[1:]):
            return "thing"
        called = called or any(word in MINE for word in after[1:])
    return "telephone" if called else ""


def _said_before(tokens: Tokens, first: int) -> str:
    same_sentence = True
    between = tokens.before(first, 7)
    for back, word in enumerate(between):
        gap = tokens.gaps[first - back]
        ended = any(mark in gap for mark in "!?;\n") or (". " in gap and word not in ABBREVIATED)
        same_sentence = same_sentence and not ended
        if word in CALLS:
            return "telephone"
        if word in NUMBERS and back + 1 < len(between) and between[back + 1] in MINE:
            return "telephone"
        if (word in LABELS or between[back : back + 2] == ["n", "s"]) and same_sentence and back < 6:
            return "thing"
        if word in PEOPLE:
            same_sentence = False
    return ""
