"""Who gives way where connections or memory are scarce."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

import h11
import pytest

from convscope.server.connection import Connection, Connections
from convscope.server.http_errors import HTTPError, Response
from convscope.server.limits import Limits


class Peer(Connection):
    """A connection without a socket, which notes that it gave way."""

    def __init__(self, client: str, *, known: bool = False, computing: bool = False, held: int = 0) -> None:
        self.client, self.is_known, self.is_computing, self.held, self.is_gone = client, known, computing, held, False

    def give_way(self, refusal: HTTPError) -> None:
        self.is_gone, self.held = True, 0


@pytest.mark.parametrize(
    ("peers", "gone"),
    [
        ([Peer("a"), Peer("b"), Peer("c")], 0),  # the least recently active
        ([Peer("a"), Peer("b"), Peer("b")], 1),  # of whom has the most
        ([Peer("a", known=True), Peer("a", known=True), Peer("b")], 2),  # a stranger before who was answered
        ([Peer("a", computing=True), Peer("a", known=True), Peer("b", known=True)], 1),  # nobody whose image is classified
        ([Peer("a", computing=True), Peer("b", computing=True), Peer("c", computing=True)], None),
    ],
)
def test_a_new_connection_is_admitted_where_another_can_give_way(peers: list[Peer], gone: int | None) -> None:
    connections = Connections(Limits(most_connections=len(peers)))
    for each in peers:
        connections.admit(each)
    assert connections.admit(Peer("z")) == (gone is not None)
    assert [each.is_gone for each in peers] == [number == gone for number in range(len(peers))]


@pytest.mark.parametrize(
    ("peers", "gone"),
    [
        (
            [Peer("a", held=30), Peer("a", held=40), Peer("b", held=50), Peer("c", held=1)],
            1,
        ),  # the largest of who holds the most
        ([Peer("a", held=50), Peer("a", held=40, computing=True), Peer("b", held=60)], 0),
        ([Peer("a", held=90, computing=True), Peer("a"), Peer("b", held=21)], 2),  # who holds nothing, or computes, stays
    ],
)
def test_the_largest_unfinished_body_of_who_holds_the_most_gives_way(peers: list[Peer], gone: int) -> None:
    def gives_way(growing: Peer) -> bool:
        """Whether ``growing`` itself is refused."""
        connections = Connections(Limits(body_memory=110))
        for each in peers:
            each.is_gone = False
            connections.admit(each)
        try:
            asyncio.run(connections.make_room(growing, 1))
        except HTTPError as refusal:
            return refusal.status == 503
        return False

    held = [each.held for each in peers]
    for growing in (each for each in peers if each.held and not each.is_computing):
        for each, size in zip(peers, held, strict=True):
            each.held = size
        with ThreadPoolExecutor(1) as pool:  # in this thread, the browser of other tests may run a loop
            is_refused = pool.submit(gives_way, growing).result()
        assert is_refused == (growing is peers[gone])
        assert [each.is_gone for each in peers] == [each is peers[gone] and not is_refused for each in peers]


@pytest.mark.parametrize("is_needed", [False, True])
def test_who_has_ended_its_side_is_answered_unless_another_needs_its_place(is_needed: bool) -> None:
    async def response() -> bytes:
        going = asyncio.Event()
        served: list[Connection] = []

        async def answer(request: h11.Request, connection: Connection) -> Response:
            served.append(connection)
            async with connection.computing():
                await going.wait()
            return Response(b"{}")

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await Connection(reader, writer, connections, answer).serve()

        connections = Connections(Limits(most_connections=1))
        async with await asyncio.start_server(connected, "127.0.0.1", 0) as service, asyncio.timeout(60):
            address = service.sockets[0].getsockname()
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            writer.write_eof()
            while not served or served[0].is_computing:
                await asyncio.sleep(0.01)
            if is_needed:
                _, other = await asyncio.open_connection(*address)
                found = await reader.read()
                other.close()
            going.set()
            found = found if is_needed else await reader.read()
            writer.close()
            await connections.finish()
        return found

    with ThreadPoolExecutor(1) as pool:  # as above
        assert pool.submit(lambda: asyncio.run(response())).result().split()[1] == (b"503" if is_needed else b"200")


def test_who_sends_many_requests_at_once_waits_for_the_others_after_each() -> None:
    one = b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

    async def order() -> list[bytes]:
        """Return the paths in the order of their answers; both clients have sent everything before the service reads it."""
        answered: list[bytes] = []

        async def answer(request: h11.Request, _: Connection) -> Response:
            answered.append(request.target)
            return Response(b"{}")

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await Connection(reader, writer, connections, answer).serve()

        connections = Connections(Limits())
        async with await asyncio.start_server(connected, "127.0.0.1", 0) as service:
            address = service.sockets[0].getsockname()
            with socket.create_connection(address) as many, socket.create_connection(address) as single:
                many.sendall(one % b"many" * 500)
                single.sendall(one % b"single")
                async with asyncio.timeout(60):
                    while len(answered) < 501:
                        await asyncio.sleep(0.01)
            await connections.finish()
        return answered

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(order())).result().index(b"/single") < 10
