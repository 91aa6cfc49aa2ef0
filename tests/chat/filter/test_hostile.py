"""Processor time, not time on the wall: others use this machine too."""

import time

import pytest

from api.chat.filter.judge import judge
from api.chat.filter.rules import SHIPPED, read

RULES = read(SHIPPED)
SHAPES = {
    "digits": "1 ",
    "one digit on end": "1",
    "numerals": "one ",
    "numbers": "07700900123 a ",
    "almost numbers": "123 456 ",
    "calls": "call 1234567 ",
    "groups": "1:1:",
    "times": "10:30 ",
    "prices": "$1,000 ",
    "digits and letters": "1a",
    "addresses": "a@a.com ",
    "signs": "@",
    "handles": "@joe_",
    "said": "a at ",
    "said addresses": "joe at gmail dot com ",
    "dots": "a.b",
    "said dots": "a dot ",
    "links": "http://a.b/",
    "half links": "http://",
    "hyphens": "a-",
    "letters": "f ",
    "stretched": "fuuu",
    "listed": "fuck ",
    "phrases": "i know where you ",
    "networks": "whatsapp ",
    "brackets": "((",
    "blanks": " ",
    "invisible": "0​",
    "accents": "é1",
    "one character of each kind": "".join(map(chr, range(0x4E00, 0x9F00))),
}


def seconds(shape: str, size: int) -> float:
    text = (shape * (size // len(shape) + 1))[:size]

    def once() -> float:
        begun = time.process_time()
        judge(text, RULES, confirmed=False)
        return time.process_time() - begun

    return min(once() for _ in range(3))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_twice_the_text_takes_twice_the_time(shape: str) -> None:
    half, whole = seconds(shape, 50_000), seconds(shape, 100_000)
    assert whole < 0.5
    assert whole < 3 * half + 0.01
