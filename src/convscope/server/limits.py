"""All limits of the service, for one client and for all together."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits in seconds, bytes and counts; exceeding one gives a status of 408, 413, 429, 431 or 503."""

    largest_body: int = 32 * MEGABYTE
    """Bytes of one body. A photo of 12 megapixels has 3 to 8 MB as JPEG, and up to 30 MB as PNG."""
    largest_header: int = 16 * 1024
    """Bytes of request line and headers together."""
    body_memory: int = 256 * MEGABYTE
    """Bytes of the bodies of all pending requests."""
    most_requests: int = 256
    """Pending requests: being read, waiting for a processor, or being answered."""
    most_connections: int = 512
    header_seconds: float = 10.0
    """From the first byte of a request, or from opening a connection, to the end of the headers."""
    body_seconds: float = 30.0
    answer_seconds: float = 60.0
    """For one prediction, including the wait for a processor."""
    stalled_seconds: float = 30.0
    """For a client that accepts none of the response."""
    linger_seconds: float = 2.0
    """For discarding what a refused client still sends; without it, the client might never see the response."""
    idle_seconds: int = 5
    """Between two requests on one connection."""
    finish_seconds: int = 60
    """For pending requests when the service stops."""
    wrong_tokens: int = 20
    """Per address and minute."""
    workers: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))
    """Images decoded and classified at a time; decoding one may need half a gigabyte."""
