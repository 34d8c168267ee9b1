"""What the service and its workers say to each other, over the workers' standard input and output."""

import struct
from dataclasses import dataclass
from typing import Any

from ..system.files import json_text

REPLY = struct.Struct("<HQ")
"""Status and number of bytes of the JSON or the sentence that follows; requests are pickles, which only a parent may send."""
FAILED, INTERRUPTED = 0, 1
"""Statuses of a reply that is a traceback, for the log, and of an image that was given up because others wait."""
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


def to_json(value: Any) -> bytes:
    """Return strict JSON, indented, with a final newline for terminals."""
    return f"{json_text(value)}\n".encode()
