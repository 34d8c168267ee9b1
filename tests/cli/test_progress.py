"""Progress: bars on a real pseudo-terminal, lines elsewhere, nothing when quiet."""

from __future__ import annotations

import os
import pty
import re
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from convscope.analysis.label_audit.cross_validation import AuditProgress
from convscope.api.examine import ExamineProgress
from convscope.cli import progress
from convscope.cli.progress import open_progress
from convscope.data.read_options import DatasetLoaded, ReadProgress
from convscope.studies.tasks import StudyProgress
from convscope.training.events import TrainProgress
from convscope.training.history import EpochRecord


class Terminal:
    """A pseudo-terminal that collects what is written to it."""

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
        """Close the stream and return the text without control sequences."""
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


@pytest.mark.slow
def test_a_bar_moves_while_images_are_decoded_and_vanishes_afterwards(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    with open_progress(progress.reading, quiet=False) as listener:
        for done in (16, 32, 40):
            listener(ReadProgress("decoding [1]", done, 40))
            time.sleep(0.3)  # two refreshes of the display
        listener(ReadProgress("reading own.csv", 1_500_000, 3_000_000, "bytes"))
        time.sleep(0.3)
        listener(DatasetLoaded("own", ()))
    text = terminal.text()
    assert all(f"{done} of 40" in text for done in (16, 32, 40))
    assert "decoding [1]" in text  # no markup
    assert "1.5 MB of 3.0 MB" in text
    last = text[text.rindex("1.5 MB of 3.0 MB") :].removeprefix("1.5 MB of 3.0 MB")
    assert last.strip() == ""


def test_the_bar_of_a_study_stays_and_notes_stand_above_it(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    with open_progress(progress.studying, quiet=False, keep=True) as listener:
        listener(StudyProgress(2, 4))
        listener(StudyProgress(2, 4, remark="a worker died [again]"))
        listener(StudyProgress(4, 4, "digits-ann-sprint-1", 0.955))
    text = terminal.text()
    assert "convscope: a worker died [again]" in text
    assert re.search(r"4 of 4  digits-ann-sprint-1 95\.50%\s*$", text)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_an_epoch_has_its_name_and_its_accuracy_on_every_width(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    monkeypatch.setenv("COLUMNS", str(width))
    with open_progress(progress.training, quiet=False, keep=True) as listener:
        listener(TrainProgress("cnn", 9, 20, 100, 100, 0.31, 0.9, 2.0, EpochRecord(9, 2.0, 0.31, 0.9, 0.12, 0.95, 1e-3)))
    last = terminal.text().strip().splitlines()[-1]
    assert re.match(r"cnn epoch +9/20 [ ━]*loss 0\.3100 +accuracy 0\.9000 +val_loss 0\.1200 +val_accuracy 0\.9500", last)
    assert len(last) <= width
    assert ("━" in last) == (width == 140)


def test_quiet_means_no_listener(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal.stream)
    for make in (progress.reading, progress.training, progress.examining, progress.auditing, progress.studying):
        with open_progress(make, quiet=True) as listener:
            assert listener is None
    assert terminal.text() == ""


RECORD = EpochRecord(1, 2.0, 0.31, 0.9, 0.12, 0.95, 1e-3)
LINES: dict[str, tuple[Any, list[Any], int]] = {
    "reading": (progress.reading, [ReadProgress("decoding", 1, 2), DatasetLoaded("own", ("2 images were skipped.",))], 0),
    "training": (
        progress.training,
        [
            DatasetLoaded("own", ("[2] images were skipped.",)),
            TrainProgress("cnn", 1, 2, 50, 100, 0.5, 0.8, 1.0, None),
            TrainProgress("cnn", 1, 2, 100, 100, 0.31, 0.9, 2.0, RECORD),
        ],
        2,
    ),
    "examining": (progress.examining, [ExamineProgress("attacks", done, 2) for done in range(3)], 1),
    "auditing": (progress.auditing, [AuditProgress(fold, 2, done, 10) for fold in (1, 2) for done in (5, 10, 10)], 2),
    "studying": (
        progress.studying,
        [StudyProgress(0, 2), StudyProgress(1, 2, "a", 0.5), StudyProgress(1, 2, remark="x")],
        2,
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_without_a_terminal_there_are_plain_lines(name: str, capsys: pytest.CaptureFixture[str], gold: Any) -> None:
    make, events, number = LINES[name]
    with open_progress(make, quiet=False) as listener:
        for event in events:
            listener(event)
    lines = capsys.readouterr().err
    assert lines.count("\n") == number
    assert "\x1b" not in lines
    if number:
        gold(f"cli/progress-{name}", lines)
