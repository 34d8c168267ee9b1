"""One real service per test module, and a client that can send arbitrary bytes."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from convscope.api.run import Run


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.body)
        return found


class Service:
    """A serving process and a raw client for it."""

    def __init__(self, process: subprocess.Popen[str], port: int, token: str | None = None) -> None:
        self.process, self.port, self.token = process, port, token

    def workers(self) -> list[int]:
        """Return the numbers of its processes that decode images (Linux)."""
        task = Path(f"/proc/{self.process.pid}/task")
        return [int(each) for thread in task.iterdir() for each in (thread / "children").read_text("ascii").split()]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def say(self, raw: bytes, *, finish: bool = False) -> bytes:
        """Send ``raw`` and return everything until the service closes; ``finish`` closes the sending side."""
        with self.connect() as connection:
            try:
                connection.sendall(raw)
                if finish:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused before everything was sent; the response can still be read
            return read_all(connection)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send an ordinary request."""
        said = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        said |= {} if body is None else {"Content-Length": str(len(body))}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]
        return parse(self.say("\r\n".join(lines).encode("latin-1") + (body or b"")))


def read_all(connection: socket.socket) -> bytes:
    found = bytearray()
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return bytes(found)


def parse(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    status = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", first)
    assert status, raw[:300]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert len(headers) == len(lines)
    return Answer(int(status[1]), headers, body)


def start(*arguments: object) -> Service:
    line = [sys.executable, "-m", "convscope", "serve", *map(str, arguments), "--port", "0", "--json"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return announced(process)


def announced(process: subprocess.Popen[str]) -> Service:
    """The service once it has said where it is."""
    assert process.stdout is not None
    said = ""
    while not said.endswith("}\n"):
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        said += line
    found = json.loads(said)
    return Service(process, int(found["url"].rstrip("/").rsplit(":", 1)[1]), found["token"])


def stop(service: Service) -> str:
    """Returns what was written to standard error."""
    service.process.terminate()
    return service.process.communicate(timeout=60)[1]


@pytest.fixture(scope="module")
def service(digits_run: Run) -> Iterator[Service]:
    running = start(digits_run.folder)
    yield running
    assert "Traceback" not in stop(running)


@pytest.fixture(scope="session")
def png(digits_run: Run) -> bytes:
    """The first test image as a file."""
    file = BytesIO()
    Image.fromarray(digits_run.dataset.test.images[0, ..., 0]).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[2]
