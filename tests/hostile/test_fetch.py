"""Mirrors that redirect, stall, trickle, lie about sizes or show another certificate; all are on this machine."""

import functools
import gzip
import hashlib
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from convscope.data.known import fetch
from convscope.data.known.fetch import fetch_dataset
from convscope.data.known.registry import FASHION, KNOWN_SETS, Archive
from convscope.errors import DatasetError

CONTENT = b"the bytes that matter" * 1000
PACKED = gzip.compress(CONTENT)
ARCHIVE = Archive("file.gz", (), len(PACKED), sha256=hashlib.sha256(CONTENT).hexdigest())
FAULTS = {
    "redirects to a file": "unknown url type|scheme|not allowed",
    "redirects to itself": "infinite loop|redirect",
    "redirects nowhere": "Moved|redirect|Found",
    "trickles": "seconds",
    "trickles headers": "seconds",
    "says nothing": "seconds|timed out",
    "ends early": "SHA-256|ended|not a gzipped|IncompleteRead|damaged",
    "hangs up": "clos|reset|without response|EOF|seconds",
    "sends a bomb": "more than",
    "sends without end": "more than",
    "sends another file": "SHA-256",
    "sends a page": "[Nn]ot a gzipped",
    "sends nothing": "SHA-256|ended",
    "is no HTTP": "Bad|line|nonsense",
    "says no": "Forbidden",
    "says a negative length": "SHA-256|ended|[Nn]ot|line|length",
}


class Mirror(http.server.BaseHTTPRequestHandler):
    """A mirror whose fault is the first part of the path."""

    def do_GET(self) -> None:
        fault = self.path.split("/")[1].replace("-", " ")
        raw = {"hangs up": b"", "is no HTTP": b"nonsense\r\n\r\n"}.get(fault)
        if raw is not None:
            self.wfile.write(raw)
            self.close_connection = True
        elif fault.startswith("redirects"):
            self.send_response(302)
            goal = {"redirects to a file": "file:///etc/passwd", "redirects to itself": self.path}.get(fault, "")
            if fault == "redirects to another":
                goal = self.path.partition("/to/")[2]
            self.send_header("Location", goal)
            self.end_headers()
        elif fault == "trickles headers":
            self._trickle(b"HTTP/1.0 200 OK\r\n" + b"x: y\r\n" * 999)
        elif fault == "says nothing":
            time.sleep(3)
        elif fault == "says no":
            self.send_error(403)
        else:
            self._send(fault)

    def _send(self, fault: str) -> None:
        self.send_response(200)
        length = {"ends early": str(len(PACKED)), "says a negative length": "-5"}.get(fault)
        if length:
            self.send_header("Content-Length", length)
        self.end_headers()
        if fault == "trickles":
            self._trickle(PACKED)
        elif fault == "sends without end":
            while True:
                self.wfile.write(bytes(2**20))
        else:
            contents = {"good": PACKED, "sends a bomb": gzip.compress(bytes(2**24)), "sends another file": gzip.compress(b"x"),
                        "sends a page": b"<html>", "ends early": PACKED[:-9]}  # fmt: skip
            self.wfile.write(contents.get(fault, b""))

    def _trickle(self, content: bytes) -> None:
        for number in range(30):
            self.wfile.write(content[number : number + 1])
            time.sleep(0.1)

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the client has left
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that refuse the certificate."""


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Mirror) as running:
        threading.Thread(target=functools.partial(running.serve_forever, 0.02), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", both, "-out", f"{both}.cert"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(both.read_bytes() + Path(f"{both}.cert").read_bytes())
    return both


@pytest.fixture
def secure(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(("127.0.0.1", 0), Mirror) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        threading.Thread(target=functools.partial(running.serve_forever, 0.02), daemon=True).start()
        yield f"https://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(fetch, "SECONDS", 1)
    monkeypatch.setattr(fetch, "SLACK", 2**16)
    return FASHION.home


def known(monkeypatch: pytest.MonkeyPatch, *mirrors: str) -> None:
    monkeypatch.setitem(KNOWN_SETS, "fashion", replace(FASHION, archives=(replace(ARCHIVE, mirrors=mirrors),)))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_mirror_with_a_fault_is_given_up_and_nothing_is_kept(
    fault: str, plain: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "HANDLERS", (*fetch.HANDLERS, urllib.request.HTTPHandler))
    known(monkeypatch, f"{plain}/{fault.replace(' ', '-')}/")
    started = time.monotonic()
    with pytest.raises(DatasetError, match=FAULTS[fault]):
        fetch_dataset("fashion")
    assert time.monotonic() - started < 20
    assert not list(home.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["an address", "a redirection", "a name of another server", "FTP", "a file"])
def test_nothing_comes_without_tls(
    kind: str, plain: str, secure: str, certificate: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    address = {
        "an address": f"{plain}/good/",
        "a redirection": f"{secure}/redirects-to-another/to/{plain}/good/",
        "a name of another server": f"{secure}/good/".replace("127.0.0.1", "localhost"),
        "FTP": "ftp://127.0.0.1/good/",
        "a file": f"{home.as_uri()}/",
    }[kind]
    known(monkeypatch, address)
    with pytest.raises(DatasetError, match="unknown url type|[Hh]ostname mismatch|certificate|not allowed"):
        fetch_dataset("fashion")
    assert not list(home.iterdir())


def test_a_certificate_has_to_be_a_known_one(
    secure: str, certificate: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, f"{secure}/good/")
    with pytest.raises(DatasetError, match="certificate"):
        fetch_dataset("fashion")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    fetch_dataset("fashion")
    assert (home / "file.gz").read_bytes() == PACKED


def test_all_mirrors_are_asked_over_tls() -> None:
    mirrors = [mirror for known in KNOWN_SETS.values() for archive in known.archives for mirror in archive.mirrors]
    assert mirrors
    assert all(mirror.startswith("https://") for mirror in mirrors)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["half", "another", "a bomb", "nothing"])
def test_a_file_that_is_there_is_no_whole_one_by_its_name(
    kind: str, plain: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "HANDLERS", (*fetch.HANDLERS, urllib.request.HTTPHandler))
    home.mkdir(parents=True)
    contents = {"half": PACKED[:-9], "another": gzip.compress(b"x"), "a bomb": gzip.compress(bytes(2**24)), "nothing": b""}
    (home / "file.gz").write_bytes(contents[kind])
    known(monkeypatch, f"{plain}/good/")
    fetch_dataset("fashion")
    assert (home / "file.gz").read_bytes() == PACKED
    assert os.listdir(home) == ["file.gz"]


@pytest.mark.slow
def test_a_server_that_never_ends_its_handshake_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        known(monkeypatch, f"https://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(DatasetError, match="seconds|timed out"):
            fetch_dataset("fashion")
