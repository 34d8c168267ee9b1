"""Forms, against those that httpx writes, and in bounded time whatever they are."""

from __future__ import annotations

import time
from email.message import EmailMessage

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.server.http_errors import HTTPError
from convscope.server.multipart import boundary_of, parts_of

LARGE = 32 * 2**20


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20))
def test_parts_are_those_that_a_client_sent(contents: list[bytes]) -> None:
    request = httpx.Request("POST", "http://localhost/", files=[("image", content) for content in contents])
    body, boundary = request.read(), boundary_of(request.headers["content-type"])
    assert boundary
    assert [body[part] for part in parts_of(body, boundary, 20)] == contents


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("image/png", None),
        ("", None),
        ("multipart/form-data; boundary=----WebKitFormBoundaryAb1", b"----WebKitFormBoundaryAb1"),
        ('Multipart/Form-Data; charset=utf-8; Boundary="a b"', b"a b"),
        ("multipart/form-data; boundary=x; charset=utf-8", b"x"),
    ],
)
def test_the_boundary_is_found_as_the_standard_library_finds_it(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary
    mail = EmailMessage()
    mail["Content-Type"] = content_type or "text/plain"
    assert mail.get_boundary() == (boundary.decode() if boundary else None)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 71,
        "multipart/mixed; boundary=x",
    ],
)
def test_other_types_are_refused(content_type: str) -> None:
    with pytest.raises(HTTPError) as refused:
        boundary_of(content_type)
    assert refused.value.status == 415


@pytest.mark.parametrize(
    "body",
    [
        b"--x\r\n\r\n" + b"\r\n--" * (LARGE // 4),
        b"--x" + b"\r\n--x" * (LARGE // 5),
        b"--x\r\n\r\n" + b"\r" * LARGE,
        b"--x\r\n" + b"-" * LARGE,
        b"--x\r\n\r\n\r\n" * (LARGE // 9),
    ],
    ids=["boundaries begun", "boundaries without parts", "ends of lines", "one header", "empty parts"],
)
def test_a_large_body_of_nonsense_is_refused_in_a_moment(body: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(HTTPError):
        parts_of(body, b"x", 64)
    with pytest.raises(HTTPError):
        parts_of(body, b"-" * 70, 64)
    assert time.process_time() - begun < 2
