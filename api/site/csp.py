"""The site's Content-Security-Policy, from the theme's own inline scripts and nothing else."""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

import jinja2

DIRECTIVES = (
    "default-src 'none'",
    "style-src 'self'",
    # The theme's style sheets carry their icons as data: addresses.
    "img-src 'self' data:",
    "font-src 'self'",
    "media-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>(.*?)</script>", re.DOTALL)
_TEMPLATES = ("base", "palette", "content", "announce")


def inline_scripts(html: str) -> set[str]:
    return {script for script in _INLINE.findall(html) if script.strip()}


def theme_scripts(env: jinja2.Environment, base_url: str, context: dict[str, object]) -> set[str]:
    """What the theme writes into a page whose way to the first page is `base_url`."""
    values = {**context, "base_url": base_url}
    partials = (env.get_template(f"partials/javascripts/{name}.html") for name in _TEMPLATES)
    return {script for partial in partials for script in inline_scripts(partial.render(values))}


def policy(scripts: Iterable[str]) -> str:
    hashes = sorted(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    return "; ".join([*DIRECTIVES, " ".join(["script-src 'self'", *hashes])])
