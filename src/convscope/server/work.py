"""What the service and its workers say to each other, over the workers' standard input and output."""

import struct
from dataclasses import dataclass

REQUEST, REPLY = struct.Struct("<IQ"), struct.Struct("<HQ")
"""``top`` and the bytes of the image that follows; the status and the bytes of the JSON or the sentence that follows."""
FAILED = 0
"""The status of a reply that is a traceback, for the log."""
BODY = "the image file"
"""Name of a request's body in results and errors."""


@dataclass(frozen=True)
class Opened:
    """What the first worker tells of the run, so that all others have the same, even if it is replaced on the disk."""

    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    page: bytes | None
    classifier: bytes
    """A pickle, which only workers open."""


@dataclass(frozen=True)
class Work:
    """What a worker is told at its start: the run, as its path or as the first worker opened it, and the limits."""

    run: str | Opened
    cpu_seconds: int
    memory: int
