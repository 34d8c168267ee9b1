"""What keeps the page to itself: the Content-Security-Policy, and JSON that cannot leave its element."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""Inside a script element ``</script>`` would end it, ``<!--`` would start a comment, wherever in a string they stand."""


def content_security_policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Runs these ``scripts`` and ``styles`` and nothing else, shows pictures that are in the file, connects to nothing.

    The texts must stand in the page exactly as they are here: the browser compares their hashes.
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
    """``value`` as JSON that may stand in a script element. Raises ``ValueError`` for NaN, which JSON does not have."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(ESCAPES)


def _sources(texts: Iterable[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
