"""A second look at an article, after Markdown: nothing active, no address that runs."""

import re
from html import unescape
from urllib.parse import urlsplit

_TAG = re.compile(r"<([A-Za-z][\w-]*)((?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_ACTIVE = {"script", "style", "iframe", "object", "embed", "form", "base", "link", "meta", "svg", "math", "template"}
_SCHEMES = {"", "http", "https", "mailto", "tel"}
_ADDRESSES = {"href", "src", "srcset", "action", "formaction", "poster", "data"}


def active_content(html: str) -> list[str]:
    """What in `html` could run or would be refused by the site's policy, in words for the writer."""
    found = []
    for tag, attributes in _TAG.findall(html):
        if tag.lower() in _ACTIVE:
            found.append(f"<{tag}> is not published")
        for name, *values in _ATTRIBUTE.findall(attributes):
            found += _bad_attribute(name.lower(), unescape("".join(values)))
    return found


def _bad_attribute(name: str, value: str) -> list[str]:
    if name.startswith("on") or name == "style":
        return [f"attribute {name} is not published"]
    # Browsers drop blanks and control characters before they look at the scheme.
    address = re.sub(r"[\x00-\x20]", "", value)
    if name in _ADDRESSES and urlsplit(address).scheme.lower() not in _SCHEMES:
        return [f"{name} leads to {urlsplit(address).scheme}:"]
    return []
