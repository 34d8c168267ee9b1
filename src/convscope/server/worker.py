"""The process that decodes and classifies the images of clients: it may be killed, and needs at most so much of anything.

It reads a pickle of its work from standard input, opens the run, and then reads images; it writes the JSON of
``convscope predict`` for each. The service itself opens nothing, neither a run nor an image.
"""

import os
import pickle
import signal
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

from ..data.images.inputs import NamedBytes
from ..errors import ConfigError, ConvscopeError, PictureError, RunError, ServiceError, is_short_of_memory
from ..page.own_page import is_own_page
from ..prediction.classifier import Classifier, open_classifier
from ..prediction.classify import predict
from ..prediction.predictions import as_json
from ..runs import run_folder
from ..runs.files import ONNX_MODEL, REPORT
from ..runs.opening import Contents, manifest_entries
from .work import BODY, FAILED, INTERRUPTED, REPLY, Opened, to_json

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


class Interrupted(BaseException):
    """The image takes long and others may wait; no ``except Exception`` may take it for a fault of the image."""


def main() -> None:
    """Answer until standard input ends."""
    images, replies = os.fdopen(0, "rb", closefd=False), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a library prints is no reply
    for each in (signal.SIGINT, signal.SIGTERM):  # those for the whole group are the service's to handle
        signal.signal(each, signal.SIG_IGN)

    def reply(status: int, content: bytes) -> None:
        replies.write(REPLY.pack(status, len(content)) + content)
        replies.flush()

    run, nice, cpu_seconds, timer, memory = pickle.load(images)  # noqa: S301 - from the service, which is our parent
    if hasattr(os, "nice"):
        os.nice(nice)
    try:
        opened = run if isinstance(run, Opened) else _open(run)
        classifier: Classifier = pickle.loads(opened.classifier)  # noqa: S301 - by us, before there were images
        # One prediction now, so that the first request does not wait for lazy initialization.
        predict(classifier, np.zeros((1, *classifier.fitting.image_shape), np.uint8), top=1)
    except Exception as error:  # noqa: BLE001 - whatever it is, the service tells the user
        if is_short_of_memory(error):
            error = ServiceError("there is not enough memory to open the run. Free some and try again.")
        reply(FAILED, pickle.dumps(error if isinstance(error, ConvscopeError) else RuntimeError(traceback.format_exc())))
        return
    _limit_memory(memory)
    reply(200, pickle.dumps(opened if opened is not run else None))
    while images.peek(1):
        body, top = pickle.load(images)  # noqa: S301 - as above
        _limit_time(cpu_seconds)
        reply(*_classify_within(timer, classifier, body, top))


def _open(source: str) -> Opened:
    folder = Path(source)
    network = _network(folder)
    classifier = open_classifier(source)
    page = _page(folder) if os.path.isdir(folder) else None
    if _network(folder) != network:
        raise RunError(f"another run has taken the place of {source!r} meanwhile. Run the command again.")
    return Opened(classifier.fitting.image_shape, classifier.class_names, page, pickle.dumps(classifier))


def _network(folder: Path) -> Contents | None:
    return (manifest_entries(folder) or {}).get(ONNX_MODEL)


def _page(folder: Path) -> bytes:
    """Return the report as this version wrote it; if there is none, render one without storing it."""
    if (page := run_folder.read_if_unchanged(folder / REPORT)) is not None and is_own_page(page):
        return page
    # Most runs have a page, and these take as long to import as everything else here.
    from ..page.write import write_page
    from ..runs import store
    from ..runs.evidence import ensure_evidence

    with tempfile.TemporaryDirectory() as temporary:
        record = ensure_evidence(store.load_record(run_folder.verify(folder)), folder, None)
        write_page(record, Path(temporary) / REPORT)
        return (Path(temporary) / REPORT).read_bytes()


def _classify_within(seconds: float | None, classifier: Classifier, body: bytes, top: int) -> tuple[int, bytes]:
    """Give an image up after so many seconds of processor, where there are such timers."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    if seconds is None or not hasattr(signal, "setitimer"):
        return _classify(classifier, body, top)
    try:
        signal.signal(signal.SIGPROF, interrupt)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            return _classify(classifier, body, top)
        finally:
            signal.signal(signal.SIGPROF, signal.SIG_IGN)
    except Interrupted:
        return INTERRUPTED, b""


def _classify(classifier: Classifier, body: bytes, top: int) -> tuple[int, bytes]:
    try:
        return 200, to_json(as_json(predict(classifier, NamedBytes(BODY, body), top=top)))
    except MemoryError:
        return 422, f"{BODY} needs too much memory to decode. Send a smaller one.".encode()
    except ConvscopeError as error:
        return 422 if isinstance(error, PictureError) else 400 if isinstance(error, ConfigError) else 500, str(
            error
        ).encode()
    except Exception:  # noqa: BLE001 - as above
        return FAILED, traceback.format_exc().encode()


def _limit_memory(more: int) -> None:
    """Let this process have ``more`` bytes of addresses beyond those that it has, where the system tells and limits them."""
    try:
        now = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + more, resource.getrlimit(resource.RLIMIT_AS)[1]))
    except (AttributeError, OSError, ValueError):
        pass


def _limit_time(seconds: int) -> None:
    """Let the system kill this process after so many more seconds of processor, even if the service is gone."""
    if resource is not None:
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = int(time.process_time()) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
