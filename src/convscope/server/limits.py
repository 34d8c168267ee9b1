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
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (4096 if each == resource.RLIM_INFINITY else min(each, 4096) for each in limits)
    with contextlib.suppress(OSError, ValueError):
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, limits[1]))
            soft = hard
    return max(16, min(1024, (soft - 128) // 2))  # more may have been accepted and not yet looked at


@dataclass(frozen=True)
class Limits:
    """Limits in seconds, bytes and counts. Where a total is exceeded, the client that holds the most of it gives way."""

    largest_body: int = 32 * MEGABYTE  # a photo of 12 megapixels has 3 to 8 MB as JPEG, and up to 30 MB as PNG
    most_images: int = 64  # in one form
    largest_header: int = 16 * 1024  # request line and headers together
    body_memory: int = 256 * MEGABYTE  # all bodies that have arrived and are not answered
    large_body_rate: int = 100 * MEGABYTE  # per second, all bodies of more than a megabyte together
    most_connections: int = field(default_factory=_most_connections)
    header_seconds: float = 10.0  # from the first byte of a request, or from opening a connection, to the end of the headers
    body_seconds: float = 30.0
    answer_seconds: float = 45.0  # from the end of the headers until the response is known
    send_seconds: float = 15.0  # from then until the response is sent
    linger_seconds: float = 2.0  # for discarding what a refused client still sends, which else might never see the response
    idle_seconds: int = 5  # between two requests on one connection
    finish_seconds: int = 2  # for pending requests when the service stops
    quick_workers: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))  # processes that classify images
    slow_workers: int = field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1) // 2))  # for those that take long
    quick_seconds: float = 0.1  # of the processor, for one image until it gives way to others
    image_cpu_seconds: int = 10
    image_seconds: float = 20.0  # by the clock, for one image, once a worker has it
    image_memory: int = 1024 * MEGABYTE  # where the system can limit it; an image of 64 megapixels needs half of it
