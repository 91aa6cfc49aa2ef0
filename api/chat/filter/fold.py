"""A text as a reader hears it: small letters without accents, plain digits, nothing invisible."""

import unicodedata

import msgspec

from api.chat.filter.types import Span

# Never in a text: bodies with it are refused.
NOTHING = "\0"
# What looks like another letter (UTS 39), as far as it serves to write Latin words and digits.
LOOKALIKES = str.maketrans(
    "\u0430\u0441\u0435\u04bb\u0456\u0458\u043e\u0440\u0455\u0443\u0445\u0501\u051b\u051d\u0131\u03b1\u03b5\u03bf\u03c1\u03c5",
    "acehijopsyxdqwiaeopu",
)
IDEOGRAPHIC = {char: str(i % 10) for i, char in enumerate("〇一二三四五六七八九零")}
# Bullets and the full stop of Chinese stand where a dot does, crosses where an x does.
DOTS, CROSSES = "\u3002\u2024\u2022\u00b7\u2219", "\u00d7\u2715\u2716"
SPELLED = dict.fromkeys(DOTS, ".") | dict.fromkeys(CROSSES, "x") | IDEOGRAPHIC
LAST_KEPT = 0x20000


class Folded(msgspec.Struct, frozen=True):
    """`places` says where in the original each character stands, and where that ends; None: where it stands here."""

    text: str
    places: list[int] | None = None

    def span(self, start: int, end: int) -> Span:
        if self.places is None:
            return start, end
        # With what is invisible behind it.
        return self.places[start], self.places[end]


def fold(text: str) -> Folded:
    if text.isascii():
        return Folded(text.lower())
    # One character for one, so that places can be told.
    folded = text.translate(_table)
    if NOTHING not in folded:
        return Folded(folded)
    places = [i for i, char in enumerate(folded) if char != NOTHING]
    return Folded(folded.replace(NOTHING, ""), [*places, len(text)])


class _Table(dict[int, str]):
    """Filled as characters are met; those of the further planes are not kept, so that nobody can fill the memory."""

    def __missing__(self, code: int) -> str:
        found = _folded(chr(code))
        if code < LAST_KEPT:
            self[code] = found
        return found


def _folded(char: str) -> str:
    if char in SPELLED:
        return SPELLED[char]
    category = unicodedata.category(char)
    if category in ("Cf", "Mn", "Me") or (category == "Cc" and not char.isspace()):
        return NOTHING
    if category == "Pd":
        return "-"
    if char.isspace():
        return "\n" if char in "\n\r\u2028\u2029" else " "
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    plain = [part for part in unicodedata.normalize("NFKD", char).casefold() if not unicodedata.combining(part)]
    # One that is written with two, such as ß, stays as it is: places must not move.
    return plain[0].translate(LOOKALIKES) if len(plain) == 1 else char


_table = _Table()
