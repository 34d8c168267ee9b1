"""``serve``: the page and the predictions of a run over HTTP."""

import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..data.threads import one_thread_each
from ..errors import MissingBackendError
from ..page.write import write_page
from ..prediction.classifier import open_classifier
from ..prediction.classify import predict
from ..runs import run_folder, store
from ..runs.evidence import ensure_evidence
from ..runs.files import REPORT
from ..server.address import Address, choose_token, listen
from ..server.limits import Limits
from ..types import PathLike
from .run import Run

NEEDED = ("starlette", "uvicorn")
"""Packages of the extra ``serve``."""


def serve(
    run: PathLike | Run,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    progress: Callable[[Address], None] | None = None,
) -> signal.Signals | None:
    """Serve a run's page and predictions over HTTP until SIGINT or SIGTERM.

    Pending requests are finished before it returns. ``POST /predict`` takes the bytes of an image file and returns
    JSON; ``GET /openapi.json`` describes the service. It needs the extra ``serve`` and no back-end.

    Args:
        run: A run, or its folder.
        host: The address to listen on. Any other than this machine's own requires a token in every request.
        port: The port; 0 picks a free one.
        token: The token that clients must send; by default one is generated if ``host`` requires it.
        progress: Called with the :class:`Address` once the service accepts requests.

    Returns:
        The signal that stopped the service.

    Raises:
        RunError: The run folder is damaged.
        ConfigError: The token is too easy to guess, or the port does not exist.
        ServiceError: The port is taken, or ``host`` is not an address of this machine.
        MissingExtraError: The extra ``serve`` is not installed.
    """
    try:
        from ..server.lifecycle import run_service  # needs the extra ``serve``
    except ImportError as error:
        if error.name not in NEEDED:
            raise
        raise MissingBackendError(
            f"the service needs the package {error.name!r}, which is not installed. "
            'Install it with: pip install "convscope[serve]"'
        ) from error
    folder, token = Path(run), choose_token(host, token)
    classifier = open_classifier(folder)
    page = _page(folder) if folder.is_dir() else None
    # One prediction now, so that the first request does not wait for lazy initialization.
    predict(classifier, np.zeros((1, *classifier.fitting.image_shape), np.uint8), top=1)
    with listen(host, port) as listening, one_thread_each():
        address = Address(host, listening.getsockname()[1], token)

        def started() -> None:
            if progress:
                progress(address)

        return run_service(classifier, page, listening, address, limits=Limits(), started=started)


def _page(folder: Path) -> bytes:
    """Return the report as the run wrote it; if there is none, render one without storing it."""
    if (page := run_folder.read_if_unchanged(folder / REPORT)) is not None:
        return page
    with tempfile.TemporaryDirectory() as temporary:
        record = ensure_evidence(store.load_record(run_folder.verify(folder)), folder, None)
        write_page(record, Path(temporary) / REPORT)
        return (Path(temporary) / REPORT).read_bytes()
