"""Hostile requests are refused with their status, and the service keeps running."""

from __future__ import annotations

import gzip
import socket
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from convscope.api.run import Run

from ..bad_inputs import BadInputs  # type: ignore[import-not-found]
from .conftest import Service, parse, read_all

HOST = b"Host: 127.0.0.1\r\n"
CLOSE = b"Connection: close\r\n"
PASSWD = "etc/passwd"
PATHS = [
    f"/../../../{PASSWD}", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5cetc%5cpasswd", "/./../run.json", "/report.html", "/run.json",
    "/model.onnx", "/predict/../run.json", "/predict/", "/%00", "/static/", "/.git/config", "/manifest.json", "/index.html/..",
    "/predict%2f..%2frun.json",
]  # fmt: skip


def request(method: str, target: str, *lines: str, host: str | None = "127.0.0.1", body: bytes = b"") -> bytes:
    said = [f"{method} {target} HTTP/1.1", *([] if host is None else [f"Host: {host}"]), "Connection: close", *lines, "", ""]
    return "\r\n".join(said).encode("latin-1") + body


def post(*lines: str, body: bytes = b"x", **keywords: str) -> bytes:
    return request("POST", "/predict", f"Content-Length: {len(body)}", *lines, body=body, **keywords)  # type: ignore[arg-type]


def form(body: bytes) -> bytes:
    return post("Content-Type: multipart/form-data; boundary=x", body=body)


def bomb() -> bytes:
    """Return a PNG of a kilobyte that declares 100,000 × 100,000 pixels."""

    def part(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(bytes(10**5))) + part(b"IEND", b"")


def png(size: tuple[int, int] = (8, 8)) -> bytes:
    file = BytesIO()
    Image.new("L", size).save(file, "PNG")
    return file.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
HOSTILE = {
    "a foreign name in Host": (request("GET", "/", host="evil.example"), 421),
    "our number in a foreign name": (request("GET", "/", host="127.0.0.1.evil.example"), 421),
    "a number written in another way": (request("GET", "/", host="127.1"), 421),
    "a number in decimal": (request("GET", "/", host="2130706433"), 421),
    "a number of another machine": (request("GET", "/", host="10.0.0.1"), 421),
    "a zone in an address": (request("GET", "/", host="[::1%25eth0]"), 421),
    "a user in Host": (request("GET", "/", host="me@127.0.0.1"), 421),
    "no Host": (request("GET", "/", host=None), 400),
    "two Hosts": (request("GET", "/", "Host: evil.example"), 400),
    "a foreign page": (post("Origin: https://evil.example"), 403),
    "a page without an origin": (post("Origin: null"), 403),
    "a page of another port": (post("Origin: http://127.0.0.1:1"), 403),
    "a page of a name like ours": (post("Origin: http://127.0.0.1.nip.io"), 403),
    "two origins": (post("Origin: http://127.0.0.1", "Origin: https://evil.example"), 400),
    "a request across sites": (post("Sec-Fetch-Site: cross-site"), 403),
    "a picture element of a foreign page": (
        request("GET", "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"),
        403,
    ),
    "a preflight of a foreign page": (request("OPTIONS", "/predict", "Origin: https://evil.example"), 403),
    "a preflight without an origin": (request("OPTIONS", "/predict"), 405),
    "reading where one writes": (request("GET", "/predict"), 405),
    "writing where one reads": (request("POST", "/", "Content-Length: 1", body=b"x"), 405),
    "PUT": (request("PUT", "/predict", "Content-Length: 1", body=b"x"), 405),
    "DELETE": (request("DELETE", "/"), 405),
    "TRACE": (request("TRACE", "/"), 405),
    "a method that there is not": (request("BREW", "/"), 405),
    "a method in lower case": (request("get", "/"), 405),
    "CONNECT": (request("CONNECT", "evil.example:443"), 400),
    "an address as target": (request("GET", "http://evil.example/"), 400),
    "our own address as target": (request("GET", "http://127.0.0.1/"), 400),
    "a file as target": (request("GET", "file:///etc/passwd"), 400),
    "two slashes": (request("GET", "//etc/passwd"), 400),
    "no path": (request("OPTIONS", "*"), 400),
    "no length": (request("POST", "/predict"), 411),
    "a negative length": (request("POST", "/predict", "Content-Length: -5"), 400),
    "a length with an exponent": (request("POST", "/predict", "Content-Length: 1e3"), 400),
    "a length with a sign": (request("POST", "/predict", "Content-Length: +5"), 400),
    "two lengths": (request("POST", "/predict", "Content-Length: 1", "Content-Length: 2"), 400),
    "a length over the limit": (request("POST", "/predict", f"Content-Length: {33 * 2**20}"), 413),
    "a length beyond all bounds": (request("POST", "/predict", f"Content-Length: {10**18}"), 413),
    "a length of forty digits": (request("POST", "/predict", f"Content-Length: {10**40}"), 400),
    "an oversized body that really comes": (post(body=bytes(33 * 2**20)), 413),
    "chunks": (request("POST", "/predict", "Transfer-Encoding: chunked", body=b"1\r\nx\r\n0\r\n\r\n"), 411),
    "chunks that lie": (request("POST", "/predict", "Transfer-Encoding: chunked", body=b"FFFFFFFFFF\r\nx"), 411),
    "a chunk of a negative size": (request("POST", "/predict", "Transfer-Encoding: chunked", body=b"-5\r\n"), 400),
    "a chunk without a size": (request("GET", "/", "Transfer-Encoding: chunked", body=b"xyz\r\n"), 400),
    "chunks and a length": (post("Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 411),
    "an encoding of transfer that there is not": (request("POST", "/predict", "Transfer-Encoding: gzip"), 400),
    "a header of 100 kB": (request("GET", "/", f"X: {'a' * 100_000}"), 431),
    "a thousand headers": (request("GET", "/", *(f"X-{n}: {'a' * 20}" for n in range(1000))), 431),
    "a target of a megabyte": (request("GET", "/" + "a" * 10**6), 431),
    "a header without a colon": (request("GET", "/", "nonsense"), 400),
    "a zero byte in a header": (request("GET", "/", "X: \0"), 400),
    "a smuggled line": (request("GET", "/", "X : y"), 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "a TLS handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n", 400),
    "noise": (bytes(range(1, 256)) * 200, 400),
    "a parameter that is misspelt": (request("POST", "/predict?topp=2", "Content-Length: 1", body=b"x"), 400),
    "a parameter of the page": (request("GET", "/?file=../run.json"), 400),
    "an empty body": (post(body=b""), 400),
    "a form without an end": (form(b"--x\r\n\r\n--x--"), 400),
    "a form without a beginning": (form(b"x" * 10**6), 400),
    "a form without parts": (form(b"--x--"), 400),
    "a form within a form": (form(b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nx"), 400),
    "a form with endless headers": (form(b"--x\r\n" + b"A: b\r\n" * 10**6 + b"\r\n--x--"), 400),
    "a form of thousands of parts": (form(b"--x\r\n\r\n\r\n" * 10**5 + b"--x--"), 413),
    "a form with a boundary like another": (form(b"--x\r\n\r\nimage\r\n--xy\r\n--x--"), 400),
    "a form that is almost all boundaries": (form(b"--x\r\n\r\n" + b"\r\n--" * 10**6), 400),
    "a form without a boundary": (post("Content-Type: multipart/form-data", body=b"--x--"), 415),
    "a form with a boundary of a thousand characters": (
        post(f"Content-Type: multipart/form-data; boundary={'x' * 1000}", body=b"--x--"),
        415,
    ),
    "a mail with attachments": (post("Content-Type: multipart/mixed; boundary=x", body=b"--x\r\n\r\n\r\n--x--"), 415),
    "two types": (post("Content-Type: image/png", "Content-Type: multipart/form-data; boundary=x", body=b"--x--"), 400),
    "text": (post(body=b"this is a four"), 422),
    "a name of a file": (post(body=b"/etc/passwd"), 422),
    "an address": (post(body=b"http://127.0.0.1/picture.png"), 422),
    "SVG": (post(body=SVG), 422),
    "a web page": (post(body=b"<!doctype html><script>alert(1)</script>"), 422),
    "a bomb": (post(body=bomb()), 422),
    "half a picture": (post(body=png((64, 64))[:-30]), 422),
    "a packed picture": (post("Content-Encoding: gzip", body=gzip.compress(png())), 422),
    "PostScript": (post(body=b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), 422),
}


def test_there_are_at_least_thirty_cases() -> None:
    assert len(HOSTILE) + len(PATHS) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_request_is_refused_with_its_status(name: str, service: Service, bad_inputs: BadInputs) -> None:
    raw, status = HOSTILE[name]
    answer = parse(service.say(raw))
    assert answer.status == status, answer
    if raw.split(b" ")[0] != b"HEAD":
        assert set(answer.json) == {"error", "status"}
        assert answer.json["status"] == status
        bad_inputs.met("service", name, answer.status, str(answer.json["error"]))
        assert str(answer.json["error"]).endswith(".")
    _assert_it_reveals_nothing(answer.body, answer.headers)


@pytest.mark.parametrize("path", PATHS)
def test_only_four_paths_exist(path: str, service: Service) -> None:
    answer = parse(service.say(request("GET", path)))
    assert answer.status == 404
    assert set(answer.json) == {"error", "status"}
    _assert_it_reveals_nothing(answer.body, answer.headers)


def _assert_it_reveals_nothing(body: bytes, headers: dict[str, str]) -> None:
    assert headers["content-type"].startswith("application/json")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert not [name for name in headers if name.startswith("access-control")]
    assert "server" not in headers
    for word in (b"Traceback", b"root:", b"/tmp", b"/home", b"site-packages", b"evil.example", str(Path.home()).encode()):
        assert word not in body


def test_bytes_after_a_request_are_another_request(service: Service) -> None:
    good = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n\r\n".encode()
    first, _, second = service.say(good + b"nonsense\r\n\r\n").partition(b'"ok"\n}\n')
    assert parse(first).status == 200
    assert parse(second).status == 400


def test_who_ends_its_side_after_whole_requests_gets_every_response(service: Service) -> None:
    image, get = png(), request("GET", "/health").replace(CLOSE, b"")
    one, several = post(body=image), form(b"--x\r\n\r\n" + image + b"\r\n--x\r\n\r\n" + image + b"\r\n--x--")
    kept, kept_form = (each.replace(CLOSE, b"") for each in (one, several))
    for requests in ([one], [kept], [several], [kept] * 3, [get, kept, get], [kept_form, kept, one]):
        raw = service.say(b"".join(requests), finish=True)
        assert raw.count(b"HTTP/1.1 200 OK\r\n") == len(requests)
        assert raw.count(b"HTTP/1.1 ") == len(requests)


@pytest.mark.parametrize("empty", [b"\r\n", b"\n", b"\r\n\n\r\n", b"\r\n" * 8])
def test_empty_lines_before_a_request_are_ignored(empty: bytes, service: Service) -> None:
    get, predict = (each.replace(CLOSE, b"") for each in (request("GET", "/health"), post(body=png())))
    raw = service.say(empty + get + empty + predict + empty + get + empty, finish=True)
    assert raw.count(b"HTTP/1.1 200 OK\r\n") == raw.count(b"HTTP/1.1 ") == 3
    with service.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in empty + get + empty + request("GET", "/health"):
            connection.sendall(bytes([byte]))
        assert read_all(connection).count(b"HTTP/1.1 200 OK\r\n") == 2


@pytest.mark.parametrize("empty", [b"\r\n" * 9, b"\n" * 10**6, b"\r", b"\r" * 10**5, b" \r\n", b"\r\n \r\n", b"\0\r\n"])
def test_what_else_comes_before_a_request_is_refused(empty: bytes, service: Service) -> None:
    for before in (b"", request("GET", "/health").replace(CLOSE, b"")):
        _, _, raw = service.say(before + empty + request("GET", "/health")).rpartition(b"HTTP/1.1 ")
        assert parse(b"HTTP/1.1 " + raw).status in (400, 431)


def test_half_a_request_gets_no_response(service: Service) -> None:
    for raw in (b"", b"GET", b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf"):
        assert service.say(raw, finish=True) == b""


@pytest.mark.parametrize("top", ["0", "-1", "1.5", "abc", "", "1&top=2", "٣"])
def test_an_invalid_number_of_classes_is_refused(top: str, service: Service, png: bytes) -> None:
    path = f"/predict?top={top.encode().decode('latin-1') if top.isascii() else '%D9%A3'}"
    answer = service.ask("POST", path, png)
    assert answer.status == 400
    assert "?top=3" in str(answer.json["error"])


@pytest.mark.parametrize(
    ("path", "named", "accepted"),
    [
        ("/predict?topk=2", "'topk'", "only top"),
        ("/predict?TOP=2", "'TOP'", "only top"),
        ("/predict?top=2&debug", "'debug'", "only top"),
        ("/predict?debug=&top=2", "'debug'", "only top"),
        ("/predict?%74op2=2", "'top2'", "only top"),
        ("/predict?=2", "''", "only top"),
        ("/predict?a%1b%E2%80%AEb=1", r"'a\x1b\u202eb'", "only top"),
        (f"/predict?{'a' * 5000}=1", f"'{'a' * 40}'", "only top"),
        ("/?top=2", "'top'", "no parameters"),
        ("/openapi.json?v=1", "'v'", "no parameters"),
        ("/health?token=secret", "'token'", "no parameters"),
    ],
)
def test_an_unknown_parameter_is_named_and_the_accepted_are_listed(
    path: str, named: str, accepted: str, service: Service, png: bytes
) -> None:
    is_posted = path.startswith("/predict")
    answer = service.ask("POST" if is_posted else "GET", path, png if is_posted else None)
    assert answer.status == 400
    assert str(answer.json["error"]).startswith(f"{path.partition('?')[0]} has no parameter {named}. It takes {accepted}")
    assert "secret" not in str(answer.json["error"])


@pytest.mark.parametrize("query", ["", "?", "?top=2", "?top=2&", "?%74op=2"])
def test_what_names_no_other_parameter_is_answered(query: str, service: Service, png: bytes) -> None:
    assert service.ask("POST", f"/predict{query}", png).status == 200


@pytest.mark.parametrize("top", ["99999999", "1000000000", "9" * 5000, "000012"])
def test_more_classes_than_there_are_are_all(top: str, service: Service, png: bytes) -> None:
    answer = service.ask("POST", f"/predict?top={top}", png)
    assert answer.status == 200
    assert len(answer.json["predictions"][0]["top"]) == 10  # type: ignore[index]


def test_the_same_process_still_answers_afterwards(service: Service, png: bytes, digits_run: Run) -> None:
    before = _megabytes(service)
    for raw, _ in HOSTILE.values():
        service.say(raw)
    assert service.process.poll() is None
    answer = service.ask("POST", "/predict?top=1", png)
    assert answer.status == 200
    assert answer.json["predictions"][0]["class_name"] == str(digits_run.evaluation.predictions[0])  # type: ignore[index]
    assert _megabytes(service) - before < 64


def _megabytes(service: Service) -> float:
    return int(Path(f"/proc/{service.process.pid}/statm").read_text().split()[1]) * 4096 / 2**20
