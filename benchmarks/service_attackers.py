"""Clients that want to keep a service of this machine from answering others, one of each kind, for a bounded time.

    python benchmarks/service_attackers.py PORT SECONDS [KIND…]

Kinds come one after another, and share the time.
`benchmarks/service.py --attacked` and `tests/hostile/test_service.py` run them against `convscope serve`. They connect to the
loopback interface only.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from functools import cache

import numpy as np
from PIL import Image

HOST = "127.0.0.1"
Attack = Callable[[int, float], Awaitable[None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def head(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {HOST}", *lines, "", ""]).encode("latin-1")


def post(body: bytes, size: int | None = None, *lines: str) -> bytes:
    return head("POST", "/predict", f"Content-Length: {len(body) if size is None else size}", *lines) + body


@cache
def small_image() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(file, "PNG")
    return file.getvalue()


@cache
def slow_image() -> bytes:
    """Return a progressive JPEG whose last scan comes again and again, which takes seconds to decode."""
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (2000, 2000), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", progressive=True, quality=50)
    content = file.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * 12 + content[-2:]


@cache
def large_image() -> bytes:
    """Return a PNG of 60 megapixels, each a colour, in half a megabyte."""
    file = io.BytesIO()
    Image.new("RGB", (7700, 7700), (9, 99, 199)).save(file, "PNG")
    return file.getvalue()


async def _held(port: int, until: float, number: int, opening: bytes, *, step: bytes = b"", pause: float = 0.2) -> None:
    """Keep ``number`` connections open, each with the beginning of a request, and open others for those that are closed."""

    async def one() -> None:
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(HOST, port)
                writer.write(opening)
                while time.monotonic() < until and not reader.at_eof():
                    writer.write(step)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(4096), pause)
                writer.close()
            await asyncio.sleep(pause)

    await asyncio.gather(*(one() for _ in range(number)))


async def _sent(port: int, until: float, number: int, request: bytes, *, answer: bool = True) -> None:
    """Send a request over and over from ``number`` clients; without ``answer``, leave at once."""

    async def one() -> None:
        while time.monotonic() < until:
            with contextlib.suppress(OSError, TimeoutError):
                reader, writer = await asyncio.open_connection(HOST, port)
                writer.write(request)
                if answer:
                    await asyncio.wait_for(reader.read(), max(0.1, until - time.monotonic()))
                else:
                    await asyncio.sleep(0.01)
                writer.close()

    await asyncio.gather(*(one() for _ in range(number)))


async def idle(port: int, until: float) -> None:
    await _held(port, until, 1200, b"", pause=1.0)


async def headers_that_trickle(port: int, until: float) -> None:
    await _held(port, until, 100, b"GET / HTTP/1.1\r\n", step=b"X: 1\r\n")


async def bodies_that_trickle(port: int, until: float) -> None:
    await _held(port, until, 300, post(b"x", 10_000), step=b"x", pause=0.5)


async def bodies_announced(port: int, until: float) -> None:
    await _held(port, until, 300, post(b"xx", 32 * 2**20), pause=0.5)


async def bodies_unfinished(port: int, until: float) -> None:
    await _held(port, until, 12, post(bytes(31 * 2**20), 32 * 2**20))


async def bodies_nobody_asked_for(port: int, until: float) -> None:
    await _held(port, until, 50, head("GET", "/health", "Content-Length: 1000000"), step=b"x")


async def pages_unread(port: int, until: float) -> None:
    """Ask for the page a hundred times and read nothing."""

    async def one() -> None:
        with contextlib.suppress(OSError), socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connection, (HOST, port))
            await asyncio.get_running_loop().sock_sendall(connection, head("GET", "/"))
            await asyncio.sleep(max(0, until - time.monotonic()))

    await asyncio.gather(*(one() for _ in range(100)))


async def connections_by_the_thousand(port: int, until: float) -> None:
    """Open 8,400 connections, and close the older ones late."""
    held: list[socket.socket] = []
    for number in range(8400):
        if time.monotonic() > until:
            break
        connection = socket.socket()
        connection.setblocking(False)
        held.append(connection)
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(connection, (HOST, port)), 1)
        if len(held) > 1500:
            held.pop(0).close()
        if number % 50 == 0:
            await asyncio.sleep(0.01)
    for connection in held:
        connection.close()


async def resets(port: int, until: float) -> None:
    """Reset connections while the response is sent."""
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            connection = socket.create_connection((HOST, port), timeout=1)
            connection.sendall(head("GET", "/") * 3)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        await asyncio.sleep(0.01)


async def wrong_tokens(port: int, until: float) -> None:
    await _sent(port, until, 4, head("GET", "/", "Authorization: Bearer wrong", "Connection: close"))


async def noise(port: int, until: float) -> None:
    await _sent(port, until, 4, bytes(range(1, 256)) * 200)


async def clients_that_leave(port: int, until: float) -> None:
    await _sent(port, until, 4, post(small_image()), answer=False)


async def pipelines(port: int, until: float) -> None:
    await _sent(port, until, 2, head("GET", "/health") * 200 + head("GET", "/health", "Connection: close"))


async def slow_images(port: int, until: float) -> None:
    await _sent(port, until, 4, post(slow_image(), None, "Connection: close"))


async def large_images(port: int, until: float) -> None:
    await _sent(port, until, 4, post(large_image(), None, "Connection: close"))


async def forms_of_slow_images(port: int, until: float) -> None:
    part = b"--x\r\n\r\n" + slow_image() + b"\r\n"
    form = part * min(64, 31 * 2**20 // len(part)) + b"--x--"
    await _sent(port, until, 2, post(form, None, "Content-Type: multipart/form-data; boundary=x", "Connection: close"))


async def forms_of_boundaries(port: int, until: float) -> None:
    form = b"--x\r\n\r\n" + b"\r\n--" * (31 * 2**18)
    await _sent(port, until, 2, post(form, None, "Content-Type: multipart/form-data; boundary=x", "Connection: close"))


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        idle, headers_that_trickle, bodies_that_trickle, bodies_announced, bodies_unfinished, bodies_nobody_asked_for,
        pages_unread, connections_by_the_thousand, resets, wrong_tokens, noise, clients_that_leave, pipelines, slow_images,
        large_images, forms_of_slow_images, forms_of_boundaries,
    )
}  # fmt: skip


def main() -> None:
    """Attack a port of this machine, once the images are made, which takes seconds, and a line on standard output has said so."""
    port, seconds, kinds = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:] or list(ATTACKS)

    slow_image(), large_image()
    print("ready", flush=True)
    for kind in kinds:
        share = seconds / len(kinds)
        with contextlib.suppress(TimeoutError):
            asyncio.run(asyncio.wait_for(ATTACKS[kind](port, time.monotonic() + share), share + 0.2))


if __name__ == "__main__":
    main()
