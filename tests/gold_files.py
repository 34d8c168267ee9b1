"""Snapshots of what people read, under ``tests/gold/``: one text file per page, command, error table or sentence builder.

A test hands its text to the ``gold`` fixture, which compares it with the file of that name. After a wording changed on
purpose, ``make accept`` writes the files anew; ``git diff tests/gold`` then shows every sentence that changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "gold"
ACCEPT = "CONVSCOPE_ACCEPT"
"""Set to 1, snapshots are written instead of compared: see ``make accept``."""


def accepting() -> bool:
    """Return whether this process writes snapshots instead of comparing them."""
    return os.environ.get(ACCEPT) == "1"


@dataclass(frozen=True)
class GoldFiles:
    """The snapshots below ``folder``."""

    folder: Path = FOLDER

    def __call__(self, name: str, text: str) -> None:
        """Compare ``text`` with the snapshot ``name`` (such as ``"cli/train"``), or write it when accepting.

        Raises:
            AssertionError: The texts differ, or there is no snapshot of that name.
        """
        path = self.folder / f"{name}.txt"
        text = "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"
        if accepting():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            return
        assert path.is_file(), f"no snapshot tests/gold/{name}.txt; run `make accept` and read what it wrote"
        expected = path.read_text("utf-8")
        assert text == expected, f"tests/gold/{name}.txt differs; after a change on purpose, run `make accept`"
