"""Against real servers on this machine: nothing leaves it."""

from __future__ import annotations

import ast
import gzip
import hashlib
import http.server
import io
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import convscope
from convscope.data.known import fetch
from convscope.data.known.fetch import fetch_dataset
from convscope.data.known.registry import FASHION, KNOWN_SETS, Archive
from convscope.data.read_options import ReadProgress
from convscope.errors import DatasetError, OutputError

CONTENT = b"the bytes that matter" * 1000
PACKED = gzip.compress(CONTENT)
MEMBERS = {"gzip/a.gz": b"first", "gzip/b.gz": b"second", "gzip/unwanted.gz": b"third"}


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in MEMBERS.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # without the time of day: the same bytes each time
    return file.getvalue()


class Server(http.server.BaseHTTPRequestHandler):
    """Mirrors, each with a fault of its own."""

    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        mirror, _, name = self.path.strip("/").partition("/")
        good = zipped() if name.endswith(".zip") else PACKED
        content = {"good": good, "repacked": gzip.compress(CONTENT, 1), "html": b"<html>log in</html>", "cut": good[:-30],
                   "other": gzip.compress(b"something else"), "endless": bytes(2**21)}.get(mirror)  # fmt: skip
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(good) if mirror == "cut" else len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Server, "asked", [], raising=False)
    monkeypatch.setattr(fetch, "SECONDS", 5)
    monkeypatch.setattr(fetch, "HANDLERS", (*fetch.HANDLERS, urllib.request.HTTPHandler))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def known(monkeypatch: pytest.MonkeyPatch, server: str, *mirrors: str, archive: Archive | None = None) -> Path:
    """`fashion` is one file now, at these mirrors; returns where it goes."""
    archive = archive or Archive("file.gz", (), len(PACKED), sha256=hashlib.sha256(CONTENT).hexdigest())
    archive = replace(archive, mirrors=tuple(f"{server}/{mirror}/" for mirror in mirrors))
    changed = replace(FASHION, archives=(archive,))
    monkeypatch.setitem(KNOWN_SETS, "fashion", changed)
    return changed.home


def test_a_file_comes_from_the_first_mirror_that_has_it(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = known(monkeypatch, server, "absent", "html", "cut", "other", "endless", "good", "never-asked")
    events: list[ReadProgress] = []
    assert fetch_dataset("fashion", events.append) == home  # type: ignore[arg-type]
    assert [path.name for path in home.iterdir()] == ["file.gz"]
    assert (home / "file.gz").read_bytes() == PACKED
    assert [path.split("/")[1] for path in Server.asked] == ["absent", "html", "cut", "other", "endless", "good"]
    assert events[-1] == ReadProgress("downloading file.gz", len(PACKED), len(PACKED), "bytes")


def test_a_mirror_may_pack_the_same_bytes_otherwise(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = known(monkeypatch, server, "repacked")
    fetch_dataset("fashion")
    assert gzip.decompress((home / "file.gz").read_bytes()) == CONTENT


def test_what_is_there_already_is_compared_and_not_fetched_again(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = known(monkeypatch, server, "good")
    fetch_dataset("fashion")
    fetch_dataset("fashion")
    assert len(Server.asked) == 1
    (home / "file.gz").write_bytes(PACKED[:-1])
    fetch_dataset("fashion")
    assert len(Server.asked) == 2
    assert (home / "file.gz").read_bytes() == PACKED


def test_where_all_fail_the_sentence_says_how_to_do_it_by_hand(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = known(monkeypatch, server, "absent", "html")
    with pytest.raises(DatasetError) as caught:
        fetch_dataset("fashion")
    text = str(caught.value)
    assert f"{server}/absent/file.gz: Not Found" in text
    assert f"{server}/html/file.gz: Not a gzipped file" in text
    assert f"file.gz ({len(PACKED)} bytes, SHA-256 of its decompressed bytes {hashlib.sha256(CONTENT).hexdigest()})" in text
    assert str(home / "file.gz") in text
    assert "convscope fetch fashion" in text
    assert list(home.iterdir()) == []
    (home / "file.gz").write_bytes(PACKED)
    assert fetch_dataset("fashion") == home


def test_an_unreachable_mirror_is_an_error(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, "http://127.0.0.1:9", "good")
    with pytest.raises(DatasetError, match="refused"):
        fetch_dataset("fashion")


def test_an_archive_is_unpacked_and_goes(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Archive("set.zip", (), len(zipped()), members=("gzip/a.gz", "gzip/b.gz"))
    wanted = replace(wanted, packed_sha256=hashlib.sha256(zipped()).hexdigest())
    home = known(monkeypatch, server, "cut", "good", archive=wanted)
    fetch_dataset("fashion")
    assert {path.name: path.read_bytes() for path in home.iterdir()} == {"a.gz": b"first", "b.gz": b"second"}
    fetch_dataset("fashion")
    assert len(Server.asked) == 2


def test_an_unwritable_cache_is_reported(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    known(monkeypatch, server, "good")
    with pytest.raises(OutputError, match="/dev/null/cache"):
        fetch_dataset("fashion")
    assert Server.asked == []


@pytest.mark.parametrize(
    ("name", "words"),
    [("mnist", "convscope train mnist"), ("digits", "convscope train digits"), ("kmnits", "'kmnist'"), ("mnsit", "'mnist'")],
)
def test_only_known_sets_are_fetched(name: str, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        fetch_dataset(name)


def test_every_file_has_several_mirrors_and_a_checksum() -> None:
    for each in KNOWN_SETS.values():
        for archive in each.archives:
            assert len(archive.mirrors) >= 2
            assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in archive.mirrors)
            assert len(archive.sha256 or archive.packed_sha256) == 64
            assert archive.num_bytes > 0


@pytest.mark.slow
def test_no_other_module_of_the_package_can_open_a_connection() -> None:
    """The server, which listens, may have a socket, and nothing else."""
    folder = Path(convscope.__file__).parent
    reaching = {"urllib.request", "http.client", "requests", "httpx", "socket", "ftplib"}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            allowed = {"socket"} if path.parent.name == "server" else reaching if path.name == "fetch.py" else set()
            assert not reaching & set(names) - allowed, path
