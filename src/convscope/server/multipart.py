"""Forms, ``multipart/form-data`` (RFC 7578), of which every part is an image file.

The body has arrived in full and is limited in size, so that a search for the boundary in it takes linear time, and is all that
is needed: names, types and other headers of parts mean nothing here and are skipped. Libraries that parse forms as they arrive
would be another dependency with a history of its own.
"""

import re
from collections.abc import Sequence

from .http_errors import HTTPError

MULTIPART, FORM = "multipart/", "multipart/form-data"
BOUNDARY = re.compile(r'; *boundary=(?:"([^"]{1,70})"|([^ ;"]{1,70})) *(?:;|$)', re.IGNORECASE)
"""RFC 2046 allows 70 characters."""
MOST_HEADERS = 4096
"""Bytes of the headers of one part."""
BREAK = b"\r\n"


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary of a form, None for a body that is no form."""
    kind = content_type.partition(";")[0].strip().lower()
    if not kind.startswith(MULTIPART):
        return None
    found = BOUNDARY.search(content_type)
    if kind != FORM or found is None:
        raise HTTPError(
            415, "the body must be an image file, or multipart/form-data with a boundary of at most 70 characters."
        )
    return (found[1] or found[2]).encode("latin-1")


def parts_of(body: bytes, boundary: bytes, most: int) -> Sequence[slice]:
    """Return where the contents of the parts of a form are, at ``most`` so many."""
    found: list[slice] = []
    mark = BREAK + b"--" + boundary
    at = len(mark) - len(BREAK)
    if not body.startswith(mark[len(BREAK) :]):
        raise _incomplete("does not begin with its boundary")
    while (after := body[at : at + 2]) != b"--":
        if len(found) == most:
            raise HTTPError(413, f"the form has more than {most} images. Send several requests.")
        head = body.find(2 * BREAK, at, at + MOST_HEADERS)
        if after != BREAK or head < 0:
            raise _incomplete(f"has a part without an end of its headers within {MOST_HEADERS:,} bytes")
        start = head + 2 * len(BREAK)
        end = body.find(mark, start)
        if end < 0:
            raise _incomplete("has a part without an end")
        found.append(slice(start, end))
        at = end + len(mark)
    if not found:
        raise _incomplete("has no parts")
    return found


def _incomplete(what: str) -> HTTPError:
    return HTTPError(400, f"the form {what}. Send it as multipart/form-data, with curl: -F image=@picture.png.")
