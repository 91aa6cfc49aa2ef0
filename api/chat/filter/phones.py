"""Telephone numbers, however they are written; not prices, times, dates, sizes, addresses or the numbers of things."""

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from api.chat.filter.numerals import MOSTLY_NONE, NUMERALS, SAYING, TENS, TIMES
from api.chat.filter.surroundings import CALLS, NUMBERS, meant
from api.chat.filter.tokens import Tokens, split
from api.chat.filter.types import Span
from api.chat.filter.vocabulary import words

FEWEST = 7
# ITU-T E.164.
MOST = 15
# More numbers than anybody types into a message: one may be hidden among them, and all of it is taken for it.
MOST_GROUPS = 1000

TAKEN_OUT = "\x01"

# What looks like a telephone number and is none is taken out before the digits are put together.
NO_PHONES = re.compile(
    r"""(?=[-\dh$€£¥₹]) (?:
    https?://\S+
    | (?<![\w:]) (?:[01]?\d|2[0-4]) : [0-5]\d (?: :[0-5]\d )? (?![:\d])
    | (?<![\w.,-]) (?:[01]?\d|2[0-4]) [.h] [0-5]\d (?: \s?-\s?(?:[01]?\d|2[0-4])[.h][0-5]\d )? (?![.\d]?\d)
      (?= \s?(?:[ap]\.?m\b|uhr\b|h\b|hrs\b) )
    | (?<![\w./-]) (?:19|20)\d\d ([./-]) (?:0?[1-9]|1[0-2]) \1 (?:0?[1-9]|[12]\d|3[01]) (?![./-]?\d)
    | (?<![\w./-]) (?:0?[1-9]|[12]\d|3[01]) ([./-]) (?:0?[1-9]|[12]\d|3[01]) \2 (?:(?:19|20)\d\d|\d\d) (?![./-]?\d)
    | [$€£¥₹] [ ]? (?:0|[1-9]\d{0,2} (?:[., ']\d{3}){0,3} | [1-9]\d{0,6}) (?:[.,]\d{1,2})? (?!\d)
    | (?<![\w.,]) [1-9]\d{0,2} (?:[., ']\d{3}){0,3} (?:[.,]\d{1,2})? [ ]?
      (?:[€£] | (?:eur|euros?|usd|dollars?|gbp|pounds?)\b)
    | (?<![\w/]) [1-9]\d? / (?:2|3|4|8|16|32|64) (?![\d/])
    | (?<![\w.]) (?:1?\d?\d|2[0-5]\d) (?:\.(?:1?\d?\d|2[0-5]\d)){3} (?![.\d])
    | (?<![\w.]) -? (?:1?\d?\d) \. \d{4,8} , [ ]? -? (?:1?\d?\d) \. \d{4,8} (?![.\d])
    )""",
    re.VERBOSE,
)
# In a row of digits too long for one number.
WITHIN_MORE = re.compile(
    r"(?<!\d)(?:\+?0\d{2,4}[ .-]?\d{3}[ .-]?\d{3,4}|\(?[2-9]\d\d\)?[ .-][2-9]\d\d[ .-]\d{4}|0\d(?:[ .-]\d\d){4})(?!\d)"
)
CONNECTING = words("phone.connecting") | set(TIMES)
TIGHT = re.compile(r"[ .\-/()\t]{0,4}\Z")
LEET = re.compile(r"[oil]{1,6}\Z")
LEETED = str.maketrans("oil", "011")

ARTICLES = (["a"], ["an"], ["the"], ["your"], ["this"], ["that"])
UNITS = words("phone.units")
COUNTRIES = tuple(words("phone.countries"))


class Group(msgspec.Struct, frozen=True):
    """Digits written in one piece; `spelled` where they are words, or letters in the place of digits."""

    at: int
    digits: str
    spelled: bool = False


def find(text: str, tokens: Tokens) -> Iterator[Span]:
    """Where telephone numbers stand in a folded text."""
    spelled = sum(map(SAYING.__contains__, tokens.words))
    digits = sum(map(text.count, "0123456789"))
    if digits + 2 * spelled < FEWEST:
        return
    if spelled + sum("0" <= word[0] <= "9" for word in tokens.words) > MOST_GROUPS:
        yield 0, len(text)
        return
    # The places stay the same, and what is taken out joins nothing.
    tokens = split(NO_PHONES.sub(lambda match: TAKEN_OUT * len(match[0]), text))
    for run in _runs(tokens, _groups(tokens)):
        for part in _parts(tokens, run):
            yield from _judged(tokens, part)


def _groups(tokens: Tokens) -> list[Group]:
    found = []
    words, gaps = tokens.words, tokens.gaps
    for i, word in enumerate(words):
        if "0" <= word[0] <= "9":
            if word.isdigit():
                found.append(Group(i, word))
        elif word in NUMERALS:
            found.append(Group(i, _spelled(tokens, i), True))
        elif LEET.match(word) and ((not gaps[i] and i and words[i - 1].isdigit()) or _before_digits(tokens, i)):
            found.append(Group(i, word.translate(LEETED), True))
    return found


def _spelled(tokens: Tokens, i: int) -> str:
    digits = NUMERALS[tokens.words[i]]
    if i and tokens.words[i - 1] in TIMES:
        return digits * TIMES[tokens.words[i - 1]]
    following = tokens.words[i + 1] if i + 1 < len(tokens.words) else ""
    if tokens.words[i] in TENS and NUMERALS.get(following, "0") in "123456789":
        return digits[0]
    return digits


def _before_digits(tokens: Tokens, i: int) -> bool:
    return not tokens.gap_after(i) and i + 1 < len(tokens.words) and tokens.words[i + 1].isdigit()


def _runs(tokens: Tokens, groups: list[Group]) -> Iterator[list[Group]]:
    """Groups that stand close to each other and have digits enough."""
    run: list[Group] = []
    for group in groups:
        if run and (_between(tokens, run[-1], group) or not _close(tokens, run[-1].at, group.at)):
            yield from _long_enough(tokens, run)
            run = []
        run.append(group)
    yield from _long_enough(tokens, run)


def _between(tokens: Tokens, left: Group, right: Group) -> bool:
    """A word that is mostly none, beside a whole number: "1000 to 1500"."""
    return any(
        tokens.words[word.at] in MOSTLY_NONE and not _single(number) for word, number in ((left, right), (right, left))
    )


def _close(tokens: Tokens, left: int, right: int) -> bool:
    if right == left + 1:
        gap = tokens.gaps[right]
        return len(gap) <= 6 and TAKEN_OUT not in gap
    return (
        right - left <= 3
        and all(word in CONNECTING for word in tokens.words[left + 1 : right])
        and all(len(gap) <= 3 and TAKEN_OUT not in gap for gap in tokens.gaps[left + 1 : right + 1])
    )


def _long_enough(tokens: Tokens, run: list[Group]) -> Iterator[list[Group]]:
    """Without words at its ends that are mostly none: "call for 07700 …"."""
    start, end = 0, len(run)
    while start < end and tokens.words[run[start].at] in MOSTLY_NONE:
        start += 1
    while end > start and tokens.words[run[end - 1].at] in MOSTLY_NONE:
        end -= 1
    if sum(len(group.digits) for group in run[start:end]) >= FEWEST:
        yield run[start:end]


def _parts(tokens: Tokens, run: list[Group]) -> Iterator[list[Group]]:
    """A run in one, or cut where a comma or a word stands in it as in a list."""
    cuts = [i for i, (left, right) in enumerate(pairwise(run), 1) if not _tight(tokens, left, right)]
    if not cuts or _grouped_as_one(run):
        yield run
        return
    for start, end in pairwise([0, *cuts, len(run)]):
        yield from _long_enough(tokens, run[start:end])


def _tight(tokens: Tokens, left: Group, right: Group) -> bool:
    if _single(left) and _single(right):
        return True
    return right.at == left.at + 1 and TIGHT.match(tokens.gaps[right.at]) is not None


def _single(group: Group) -> bool:
    return group.spelled or len(group.digits) == 1


def _grouped_as_one(run: list[Group]) -> bool:
    sizes = [len(group.digits) for group in run]
    digits = "".join(group.digits for group in run)
    if _rising(run):
        return False
    return sizes == [3, 3, 4] or (digits[0] == "0" and 9 <= len(digits) <= 12) or any(g.spelled for g in run)


def _judged(tokens: Tokens, part: list[Group]) -> Iterator[Span]:
    start, end = _start(tokens, part), tokens.end(part[-1].at)
    digits = "".join(group.digits for group in part)
    if _glued(tokens, part) or set(digits) <= {"0", "1"} or _rising(part):
        return
    plus = "+" in tokens.gaps[part[0].at][-2:] or tokens.before(part[0].at, 1) == ["plus"]
    said = meant(tokens, part[0].at, part[-1].at)
    if said == "thing" and not plus:
        return
    if sum(map(_single, part)) * 2 >= len(part) >= 4 or any(group.spelled for group in part):
        # Nobody spells a price or a size digit by digit.
        yield start, end
    elif len(digits) > MOST:
        for match in WITHIN_MORE.finditer(_text(tokens, part)):
            yield tokens.starts[part[0].at] + match.start(), tokens.starts[part[0].at] + match.end()
    elif said == "telephone" or plus:
        if not _hours(part) and not _range(tokens, part):
            yield start, end
    elif _looks_like_one(tokens, part, digits) and not _measured(tokens, part, digits):
        yield start, end


def _start(tokens: Tokens, part: list[Group]) -> int:
    """With the bracket or the plus that belongs to it."""
    gap = tokens.gaps[part[0].at]
    return tokens.starts[part[0].at] - (len(gap) - len(gap.rstrip("+(")))


def _text(tokens: Tokens, part: list[Group]) -> str:
    first, last = part[0].at, part[-1].at
    pieces = [tokens.words[first]]
    for i in range(first + 1, last + 1):
        pieces += [tokens.gaps[i], tokens.words[i]]
    return "".join(pieces)


def _glued(tokens: Tokens, part: list[Group]) -> bool:
    """Letters hang on it, as on the number of a part: `WX-4450-2210`, `0123456789-B`."""
    first, last = part[0].at, part[-1].at
    gap, before = tokens.gaps[first], tokens.before(first, 1)
    if before and gap in ("", "-", "/", ".", "_") and before[0] not in CALLS and not before[0].isdigit():
        return before[0] not in NUMBERS
    gap, after = tokens.gap_after(last), tokens.after(last, 1)
    return bool(after) and gap in ("", "-", "/", "_") and len(after[0]) <= 2 and after[0] not in ("x", "or")


def _rising(part: list[Group]) -> bool:
    """Counted up, as steps, rooms or sizes are."""
    if (
        len(part) < 4
        or part[0].digits[0] == "0"
        or len({len(group.digits) for group in part}) > 2
        or max(len(g.digits) for g in part) > 4
    ):
        return False
    numbers = [int(group.digits) for group in part]
    return all(left < right for left, right in pairwise(numbers))


def _hours(part: list[Group]) -> bool:
    """0930-1730"""
    return [len(group.digits) for group in part] == [4, 4] and all(
        int(group.digits[:2]) < 25 and group.digits[2:] in ("00", "15", "30", "45") for group in part
    )


def _range(tokens: Tokens, part: list[Group]) -> bool:
    """1200-1500"""
    if len(part) != 2 or tokens.gaps[part[1].at].strip() not in ("-", "/"):
        return False
    low, high = (group.digits for group in part)
    alike = len(low) == len(high) or (low[-1] == "0" and high[-1] == "0")
    return low[0] != "0" and len(high) <= 5 and int(low) < int(high) and alike


def _measured(tokens: Tokens, part: list[Group], digits: str) -> bool:
    after = tokens.after(part[-1].at, 1)
    round_numbers = all(len(group.digits) > 1 and group.digits[-1] == "0" for group in part) and len(part) > 1
    return (
        _hours(part)
        or _range(tokens, part)
        or round_numbers
        or (digits[0] != "0" and after[:1] != [] and after[0] in UNITS)
    )


def _looks_like_one(tokens: Tokens, part: list[Group], digits: str) -> bool:
    """Without a word that says so, by its form alone."""
    sizes = [len(group.digits) for group in part]
    if digits[0] == "0":
        return _national(digits, sizes)
    if tokens.gaps[part[0].at][-1:] == "(" and ")" in tokens.gap_after(part[0].at):
        return len(digits) >= 8 and sizes[0] >= 2
    if len(digits) == 11 and digits[0] == "1":
        return _american(digits[1:], sizes[1:] if sizes[0] == 1 else sizes)
    if len(sizes) > 1 and sizes[0] <= 3 and part[0].digits in COUNTRIES and len(digits) >= 10:
        return True
    if len(sizes) == 1 and 11 <= len(digits) <= 13:
        return (digits.startswith(COUNTRIES) and not _is_ean(digits)) or (len(digits) == 11 and digits.startswith("89"))
    return _local(tokens, part, digits, sizes)


def _national(digits: str, sizes: list[int]) -> bool:
    if digits.startswith("00"):
        return len(digits) >= 10 and digits[2] != "0"
    return 9 <= len(digits) <= (11 if len(sizes) == 1 else 12)


def _american(digits: str, sizes: list[int]) -> bool:
    if sizes == [3, 3, 4]:
        return digits[0] > "1"
    return digits[0] > "1" and digits[3] > "1" and sizes in ([3, 7], [6, 4], [10], [11])


def _local(tokens: Tokens, part: list[Group], digits: str, sizes: list[int]) -> bool:
    first = digits[0]
    if len(digits) == 10:
        return _american(digits, sizes) or (first in "6789" and sizes in ([10], [5, 5], [4, 3, 3], [4, 6]))
    if len(digits) == 11:
        return sizes == [2, 5, 4]
    if len(digits) == 9:
        return (first in "679" and sizes == [9]) or (first in "56789" and sizes in ([3, 3, 3], [3, 2, 2, 2]))
    if len(digits) == 8:
        return sizes == [2, 2, 2, 2] or (first in "689" and sizes == [4, 4])
    joined = tokens.gaps[part[-1].at]
    return len(digits) == 7 and sizes == [3, 4] and joined == "-" and tokens.before(part[0].at, 1)[:1] not in ARTICLES


def _is_ean(digits: str) -> bool:
    """The check digit of a bar code (GS1) is right."""
    return len(digits) in (12, 13) and sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits[::-1])) % 10 == 0
