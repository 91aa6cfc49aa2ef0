"""What a text holds that others should not see, and what becomes of it."""

import re
from collections.abc import Iterable, Iterator

from api.chat.filter import emails, links, messengers, phones
from api.chat.filter.fold import Folded, fold
from api.chat.filter.links import Link
from api.chat.filter.numerals import SAYING
from api.chat.filter.phrases import parts_of
from api.chat.filter.rules import Rules
from api.chat.filter.tokens import split
from api.chat.filter.types import OUTCOMES, Finding, Guarded, Kind, Outcome, Span, Verdict

HIDDEN = "•"
LONGEST_HIDDEN = 5
MOST_FINDINGS = 100
# Where none of these stands in plain ASCII, and no listed word, there is nothing to find.
MARKS = re.compile(r"[@_/]|\.[a-z]|(.)\1\1|[$!013457][a-z]|[a-z][$!013457@]\w|\b[a-z]\W{1,2}[a-z]\b|\bdot\b|[\[(]at\b")
PLAIN_WORD = re.compile(r"[a-z0-9]+")
LEADING_AWAY = messengers.ALL | emails.AT - {"at"} | emails.PROVIDERS | {"dot", "whats"}


def judge(text: str, rules: Rules, *, confirmed: bool) -> Verdict:
    """The guard against moving elsewhere counts until the booking is `confirmed`, words and links at any time."""
    if _plain(text, rules, confirmed):
        return Verdict("allow", text)
    folded = fold(text)
    found = [finding for finding in _found(folded, rules, confirmed) if finding.outcome != "allow"]
    if not found:
        return Verdict("allow", text)
    found.sort(key=lambda finding: (finding.start, finding.end))
    return Verdict(_gravest(found), _masked(text, found), tuple(found))


def flags(text: str, rules: Rules) -> tuple[Finding, ...]:
    """For texts that nothing is done to, such as tickets and reports: what a reviewer may want to know.

    Telephone numbers and addresses belong there and are none of it.
    """
    return judge(text, rules, confirmed=True).findings


def _plain(text: str, rules: Rules, confirmed: bool) -> bool:
    """Nearly every message, told at a glance."""
    if not text.isascii():
        return False
    small = text.lower()
    if MARKS.search(small):
        return False
    words = PLAIN_WORD.findall(small)
    if rules.words.may_hold(words):
        return False
    return confirmed or not (
        rules.lures.may_hold(words) or not LEADING_AWAY.isdisjoint(words) or _many_digits(small, words)
    )


def _many_digits(small: str, words: list[str]) -> bool:
    digits = sum(map(small.count, "0123456789"))
    return digits >= phones.FEWEST or digits + 2 * sum(map(SAYING.__contains__, words)) >= phones.FEWEST


def _found(folded: Folded, rules: Rules, confirmed: bool) -> Iterator[Finding]:
    text, parts = folded.text, parts_of(folded.text)
    linked = list(links.find(text)) if "." in text or "dot" in text else []
    for span, outcome in rules.words.find(text, parts):
        yield _finding(folded, "word", outcome, span)
    for link in linked:
        yield _finding(folded, "link", rules.link(link.host), link.span)
    if confirmed:
        return
    for kind, found in _guarded(text, parts, linked, rules).items():
        if rules.guard[kind] != "allow":
            for span in _not_too_many(found, len(text)):
                yield _finding(folded, kind, rules.guard[kind], span)


def _guarded(text: str, parts: list[str], linked: list[Link], rules: Rules) -> dict[Guarded, Iterator[Span]]:
    tokens = split(text)
    return {
        "phone": phones.find(text, tokens),
        "email": emails.find(tokens),
        "messenger": messengers.find(text, tokens, linked),
        "lure": (span for span, _ in rules.lures.find(text, parts)),
    }


def _not_too_many(spans: Iterable[Span], length: int) -> Iterator[Span]:
    """Of what one message never holds so often, the last reaches to the end of it."""
    for count, span in enumerate(spans, 1):
        if count == MOST_FINDINGS:
            yield span[0], length
            return
        yield span


def _finding(folded: Folded, kind: Kind, outcome: Outcome, span: Span) -> Finding:
    return Finding(kind, outcome, *folded.span(*span))


def _gravest(found: Iterable[Finding]) -> Outcome:
    return max((finding.outcome for finding in found), key=OUTCOMES.index)


def _masked(text: str, found: Iterable[Finding]) -> str:
    """Dots in the place of what is masked; never longer than it was."""
    kept, at = [], 0
    for finding in found:
        if finding.outcome == "mask" and finding.end > at:
            kept += [text[at : finding.start], HIDDEN * min(LONGEST_HIDDEN, finding.end - max(at, finding.start))]
            at = finding.end
    return "".join([*kept, text[at:]])
