"""The bars of a reading, on a terminal of the system's own."""

from __future__ import annotations

import os
import pty
import re
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from convscope.cli.reading import reading_bar
from convscope.data.reading import Loaded, Reading


class Terminal:
    """What is written to standard error, as a terminal gets it."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self.received = bytearray()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        try:
            while block := os.read(self.master, 4096):
                self.received += block
        except OSError:  # the other end is closed
            return

    def text(self) -> str:
        """Without the codes for colours and for moving about; the stream is closed."""
        self.stream.close()
        self.reader.join(timeout=10)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.received.decode("utf-8", "replace"))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    for name in ("NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    made = Terminal()
    yield made
    made.stream.close()
    os.close(made.master)


def test_a_bar_moves_while_pictures_are_decoded_and_is_gone_after_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    with reading_bar(quiet=False) as progress:
        assert progress is not None
        for done in (16, 32, 40):
            progress(Reading("decoding pictures", done, 40))
            time.sleep(0.3)  # two of the bar's own looks
        progress(Reading("reading own.csv", 1_500_000, 3_000_000, "bytes"))
        time.sleep(0.3)
        progress(Loaded("own", ()))
    text = terminal.text()
    assert all(f"{done} of 40" in text for done in (16, 32, 40))
    assert "decoding pictures" in text
    assert "1.5 MB of 3.0 MB" in text
    last = text[text.rindex("1.5 MB of 3.0 MB") :].removeprefix("1.5 MB of 3.0 MB")
    assert last.strip() == "", "nothing of it is left"


def test_there_is_no_bar_where_nobody_looks(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    with reading_bar(quiet=True) as progress:
        assert progress is None
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        monkeypatch.setattr(sys, "stderr", nowhere)
        with reading_bar(quiet=False) as progress:
            assert progress is None
