"""Pause Python's garbage collector around work that makes many objects and frees few."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def garbage_collection_paused(*, freeze: bool = False) -> Iterator[None]:
    """Pause the collector, and leave it as it was.

    Args:
        freeze: Exempt all objects that exist at the end from later collections.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if freeze:
            gc.freeze()
        if was_on:
            gc.enable()
