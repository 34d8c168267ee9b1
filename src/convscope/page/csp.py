"""The Content-Security-Policy of the page, and JSON that is safe inside a script element."""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""In a script element, ``</script>`` would end it and ``<!--`` start a comment, even inside a string."""


def content_security_policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return a policy that allows only these ``scripts``, ``styles`` and embedded images, and no connections.

    The page must contain the texts unchanged, because the browser compares their hashes.
    """
    directives = {
        "default-src": "'none'",
        "script-src": _sources(scripts),
        "style-src": _sources(styles),
        "img-src": "data:",
        "connect-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def island(value: Any) -> str:
    """Return ``value`` as JSON that is safe in a script element; raise ``ValueError`` for NaN, which JSON lacks."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(ESCAPES)


def _sources(texts: Iterable[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
