"""What one client, and all of them together, may ask of the service: everything that is bounded, in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Seconds, bytes and counts. Beyond each there is a status: 408, 413, 429, 431 or 503."""

    largest_body: int = 32 * MEGABYTE
    """Of one request. A photo of 12 megapixels has 3 to 8 MB as JPEG, and up to 30 as PNG."""
    largest_header: int = 16 * 1024
    """Request line and headers together."""
    body_memory: int = 256 * MEGABYTE
    """Bodies of all the requests under way."""
    most_requests: int = 256
    """Under way at a time: being read, waiting for a processor, or answered."""
    most_connections: int = 512
    header_seconds: float = 10.0
    """From the first byte of a request, or from the opening of a connection, to the end of its headers."""
    body_seconds: float = 30.0
    answer_seconds: float = 60.0
    """Waiting for a processor included."""
    stalled_seconds: float = 30.0
    """How long a client may take nothing of an answer that is being sent to it."""
    linger_seconds: float = 2.0
    """After a refusal what the client still sends is thrown away for so long: else it might never see the answer."""
    idle_seconds: int = 5
    """Between two requests on one connection."""
    finish_seconds: int = 60
    """For what is under way when the service is told to stop."""
    wrong_tokens: int = 20
    """That one address may show in a minute."""
    workers: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))
    """Pictures that are decoded and classified at a time. Each may need half a gigabyte while it is decoded."""
