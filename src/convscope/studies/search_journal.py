"""Optuna's log of a search, one line of JSON for each operation, in the folder of a study.

Optuna's own files do not fit here: one that was killed leaves a lock behind, for which the next waits half a minute; the lock
is a symbolic link, which Windows refuses; a line cut short makes all later ones unreadable; and whatever stands in the place
is opened. The lock of the study's folder keeps other processes away.
"""

import json
import os
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..runs import opening
from ..system.files import cannot_write


class SearchJournal:
    """A ``BaseJournalBackend`` of Optuna, whose searches of one study share a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._operations: list[dict[str, Any]] = []
        self._read = 0

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """Return the operations from that number on, without lines that were cut short. Raises :class:`RunError`."""
        if os.path.lexists(self._path):
            with opening.open_file(self._path) as file:
                file.seek(self._read)
                lines = file.read().split(b"\n")[:-1]
            self._read += sum(len(line) + 1 for line in lines)
            for line in lines:
                try:
                    self._operations.append(json.loads(line))
                except ValueError:  # its writer was killed, and has not acted on it
                    continue
        return self._operations[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append operations. Raises :class:`OutputError`."""
        try:
            opening.append_lines(self._path, "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in logs))
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def unreadable(self) -> RunError:
        """Return the error for operations that are none of a search."""
        return RunError(
            f"{str(self._path)!r} is not the log of a search. Delete it to search anew, or choose another folder."
        )
