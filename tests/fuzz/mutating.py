"""A file changed at random: a few bits, bytes, numbers, or pieces of it or of another one."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

NUMBERS = (b"0", b"-1", b"1", b"255", b"256", b"65536", b"4294967295", b"18446744073709551616", b"1e400", b"nan", b"", b"0.5",
           b"[]", b"{}", b"null", b"\"a\"", b"9" * 5000)  # fmt: skip
WORDS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
LARGEST = 200_000


def mutated(content: bytes, others: Sequence[bytes], source: random.Random) -> bytes:
    """``content`` with one to six changes."""
    for _ in range(source.choice((1, 1, 1, 2, 3, 6))):
        content = source.choice(CHANGES)(content, others, source)[:LARGEST]
    return content


def _bit(content: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    if not content:
        return content
    place = source.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << source.randrange(8)]) + content[place + 1 :]


def _word(content: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    """A number of 1, 2 or 4 bytes, mostly near the front, where headers are."""
    size = source.choice((1, 2, 4))
    place = source.randrange(max(1, min(len(content), source.choice((64, 512, LARGEST)))))
    number = source.choice(WORDS) & (1 << 8 * size) - 1
    return content[:place] + number.to_bytes(size, source.choice(("little", "big"))) + content[place + size :]


def _cut(content: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    start = source.randrange(len(content) + 1)
    return content[:start] + content[start + source.choice((1, 4, 32, LARGEST)) :]


def _repeat(content: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    start = source.randrange(len(content) + 1)
    piece = content[start : start + source.choice((1, 8, 64))]
    return content[:start] + piece * source.choice((2, 3, 300)) + content[start:]


def _splice(content: bytes, others: Sequence[bytes], source: random.Random) -> bytes:
    other = source.choice(others)
    start, place = source.randrange(len(other) + 1), source.randrange(len(content) + 1)
    return (
        content[:place]
        + other[start : start + source.choice((4, 64, LARGEST))]
        + content[place + source.choice((0, 4, 64)) :]
    )


def _number(content: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    """One written in digits, or a word in quotes."""
    found = list(re.finditer(rb"-?\d[\d.e+-]*|\"[^\"]*\"|null|true|false", content))
    if not found:
        return content
    match = source.choice(found)
    return content[: match.start()] + source.choice(NUMBERS) + content[match.end() :]


def _noise(content: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    place = source.randrange(len(content) + 1)
    return content[:place] + source.randbytes(source.choice((1, 3, 20))) + content[place:]


CHANGES: tuple[Callable[[bytes, Sequence[bytes], random.Random], bytes], ...] = (
    _bit, _word, _cut, _repeat, _splice, _number, _noise,
)  # fmt: skip


def minimised(content: bytes, fails: Callable[[bytes], bool], tries: int = 300) -> bytes:
    """The least that is left when pieces are taken away as long as it fails; halves first, then quarters, and so on."""
    size = len(content) // 2
    while size and tries:
        place = 0
        while place < len(content) and tries:
            tries -= 1
            less = content[:place] + content[place + size :]
            if fails(less):
                content = less
            else:
                place += size
        size //= 2
    return content
