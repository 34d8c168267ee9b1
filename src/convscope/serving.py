"""Open a run and serve its page and predictions."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import archive, runs
from .data.in_threads import one_thread_each
from .errors import MissingBackendError
from .prediction.classifier import Classifier, open_classifier
from .prediction.predicting import predict
from .reporting import with_evidence, write_page
from .run_files import REPORT

if TYPE_CHECKING:
    from .server.address import Address

NEEDED = ("starlette", "uvicorn")
"""Packages of the extra ``serve``."""


def serve_run(
    source: Path, *, host: str, port: int, token: str | None, started: Callable[[Address], None] | None
) -> signal.Signals | None:
    """Serve the run folder or ``.onnx`` file at ``source``; see :func:`convscope.serve`."""
    try:
        from .server.running import run_service
    except ImportError as error:
        if error.name not in NEEDED:
            raise
        raise MissingBackendError(
            f"the service needs the package {error.name!r}, which is not installed. "
            'Install it with: pip install "convscope[serve]"'
        ) from error
    from .server.address import Address, choose_token, listen
    from .server.limits import Limits

    token = choose_token(host, token)
    classifier = open_classifier(source)
    page = _page(source) if source.is_dir() else None
    _warm_up(classifier)
    with listen(host, port) as listening, one_thread_each():
        address = Address(host, listening.getsockname()[1], token)
        return run_service(
            classifier,
            page,
            listening,
            address,
            limits=Limits(),
            started=lambda: started(address) if started else None,
        )


def _page(folder: Path) -> bytes:
    """Return the run's report; if the run has none, render one without storing it."""
    if (folder / REPORT).is_file():
        return (runs.verify(folder, only={REPORT}) / REPORT).read_bytes()
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        record = with_evidence(archive.load_record(runs.verify(folder)), folder, None)
        write_page(record, Path(temporary) / REPORT)
        return (Path(temporary) / REPORT).read_bytes()


def _warm_up(classifier: Classifier) -> None:
    """Predict once, so that the first request does not wait for lazy initialization."""
    predict(classifier, np.zeros((1, *classifier.fitting.image_shape), np.uint8), top=1)
