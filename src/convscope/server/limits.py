"""All limits of the service, for one client and for all together."""

import contextlib
import os
from dataclasses import dataclass, field

MEGABYTE = 2**20


def _most_connections() -> int:
    """Return 1,024, or fewer where this process may open few files, once it has been allowed as many as it may be."""
    try:
        import resource
    except ImportError:  # Windows
        return 1024
    soft, hard = (4096 if each == resource.RLIM_INFINITY else each for each in resource.getrlimit(resource.RLIMIT_NOFILE))
    if soft < min(hard, 4096):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
            soft = min(hard, 4096)
    return max(16, min(1024, (soft - 128) // 2))  # more may have been accepted and not yet looked at


@dataclass(frozen=True)
class Limits:
    """Limits in seconds, bytes and counts. Where a total is exceeded, the client that holds the most of it gives way."""

    largest_body: int = 32 * MEGABYTE
    """Bytes of one body. A photo of 12 megapixels has 3 to 8 MB as JPEG, and up to 30 MB as PNG."""
    largest_header: int = 16 * 1024
    """Bytes of request line and headers together."""
    body_memory: int = 256 * MEGABYTE
    """Bytes of all bodies that have arrived and are not answered."""
    most_connections: int = field(default_factory=_most_connections)
    header_seconds: float = 10.0
    """From the first byte of a request, or from opening a connection, to the end of the headers."""
    body_seconds: float = 30.0
    answer_seconds: float = 45.0
    """From the end of the headers until the response is known."""
    request_seconds: float = 60.0
    """From the end of the headers until the response is sent."""
    linger_seconds: float = 2.0
    """For discarding what a refused client still sends; without it, the client might never see the response."""
    idle_seconds: int = 5
    """Between two requests on one connection."""
    finish_seconds: int = 2
    """For pending requests when the service stops."""
    wrong_tokens: int = 20
    """Per client and minute."""
    workers: int = field(default_factory=lambda: min(4, os.cpu_count() or 1) + 1)
    """Processes that decode and classify images."""
    image_cpu_seconds: int = 10
    """Of the processor, for one image."""
    image_seconds: float = 20.0
    """By the clock, for one image, once a worker has it."""
    image_memory: int = 1024 * MEGABYTE
    """Bytes for decoding one image, where the system can limit them; one of 64 megapixels needs half of it."""
    quick_seconds: float = 0.25
    """Of the processor; an image that takes longer loses its place where others wait, and is finished beside them."""
    slow_images: int = 2
    """Images finished beside the others."""
