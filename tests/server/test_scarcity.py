"""Who gives way where connections or memory are scarce."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from convscope.server.connection import Connection, Connections
from convscope.server.http_errors import HTTPError
from convscope.server.limits import Limits
from convscope.server.request_body import Bodies


class Peer(Connection):
    """A connection without a socket, which notes that it gave way."""

    def __init__(self, client: str, *, known: bool = False, computing: bool = False) -> None:
        self.client, self.is_known, self.is_computing, self.is_gone = client, known, computing, False

    def give_way(self) -> None:
        self.is_gone = True


@pytest.mark.parametrize(
    ("peers", "gone"),
    [
        ([Peer("a"), Peer("b"), Peer("c")], 0),  # the least recently active
        ([Peer("a"), Peer("b"), Peer("b")], 1),  # of whom has the most
        ([Peer("a", known=True), Peer("a", known=True), Peer("b")], 2),  # a stranger before who was answered
        ([Peer("a", computing=True), Peer("a", known=True), Peer("b", known=True)], 1),  # nobody whose image is classified
        ([Peer("a", computing=True)] * 1 + [Peer("b", computing=True), Peer("c", computing=True)], None),
    ],
)
def test_a_new_connection_is_admitted_where_another_can_give_way(peers: list[Peer], gone: int | None) -> None:
    connections = Connections(Limits(most_connections=len(peers)))
    assert all(connections.admit(each) for each in peers)
    new = Peer("z")
    assert connections.admit(new) == (gone is not None)
    assert [each.is_gone for each in peers] == [number == gone for number in range(len(peers))]
    assert len(connections._open) == len(peers)


def test_the_largest_unfinished_body_of_who_holds_the_most_is_given_up() -> None:
    async def arriving(*pieces: int) -> Any:
        """Yield the pieces of a body that never ends."""
        for size in pieces:
            yield {"type": "http.request", "body": bytes(size), "more_body": True}
        await asyncio.sleep(9)

    async def status(bodies: Bodies, client: str, *pieces: int) -> int:
        messages = arriving(*pieces)
        try:
            async with bodies.read(client, 1000, cast("Any", messages.__anext__)):
                return 200
        except HTTPError as error:
            return error.status

    async def all_of_them() -> list[int]:
        bodies = Bodies(Limits(body_memory=100, body_seconds=0.3))
        return await asyncio.gather(
            status(bodies, "a", 30), status(bodies, "a", 40), status(bodies, "b", 50), status(bodies, "c", 1)
        )

    with ThreadPoolExecutor(1) as pool:  # in this thread, the browser of other tests may run a loop
        assert pool.submit(lambda: asyncio.run(all_of_them())).result() == [408, 503, 408, 408]
