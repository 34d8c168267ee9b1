"""``docs/bad-inputs.md``: a row per bad input and fault, with its exit status and message.

The tests of these faults compare what they see with the table, so that it costs no run of its own. After an intended change of a
message, ``make accept`` rewrites the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .gold_files import accepting  # type: ignore[import-not-found]

TABLE = Path(__file__).parents[1] / "docs" / "bad-inputs.md"
FAULTS_OF_THE_MACHINE = (
    "A1 a disk that fills up",
    "D01 a folder that may not be written to",
    "K21 Ctrl-C in the middle",
)
"""Rows from `test_cli.py`, which starts processes of its own."""
LONGEST = 330
"""Characters of a message in the table."""
SIGNS = ("convscope: error: ",)
VARYING = {
    r"(cannot be (?:read|decoded|opened)[^(;]*) \((?:[^()]|\([^()]*\))*\)": r"\1 (*reason*)",
    r"has \d[\d,]* bytes instead of \d[\d,]*": "has … bytes instead of …",
    r'pip install (?:-e )?"[^"]*\[(\w+)\]"': r'pip install "convscope[\1]"',
    r"after \d[\d,]* bytes": "after … bytes",
    r"\bport \d+:": "port …:",
    r"\bin epoch \d+": "in epoch …",
    r"\((?:Key|Type|Value)Error\(.*?\)\)": "(*reason*)",
}
"""Parts that differ between machines and versions of libraries."""
SECTIONS = {
    "data": "Data, given to `convscope data` and `convscope train`",
    "pictures": "Image files, given to `convscope predict`",
    "runs": "Run folders and models",
    "command": "The command line",
    "machine": "The machine: disk space, permissions, interrupts",
    "service": "Requests to `convscope serve`, with the HTTP status; the service then answers the next request",
}
HEAD = """# Bad inputs and their error messages

Every row is a test, with the exit status it saw (0 done, 1 error, 2 wrong usage, 130 interrupted; negative: the signal that
ended the process) and the message. None of these inputs ends in a traceback, hangs, or leaves a file half-written or lost.
Paths are those of the tests, reasons from libraries are written as *reason*, and messages longer than {longest} characters end
in `…`. `make accept` writes this file; the tests compare it with what they see.

{count} rows.
"""


@dataclass
class BadInputs:
    """The table, for comparison or for writing."""

    writes: bool = field(default_factory=accepting)
    seen: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Exit status and message by section and name."""

    def met(self, section: str, name: str, status: int, errors: str, folders: Iterable[Path] = ()) -> None:
        """Compare what a test saw with the table, or record it when accepting."""
        row = str(status), plain(errors, folders)
        self.seen[section, name] = row
        if not self.writes:
            expected = rows().get((section, name))
            assert row == expected, f"docs/bad-inputs.md has {expected}; after a change on purpose, run `make accept`"

    def write(self) -> None:
        """Write the table: recorded rows, and the others unchanged."""
        if self.writes and self.seen:
            TABLE.write_text(as_markdown({**rows(), **self.seen}), "utf-8")


def plain(errors: str, folders: Iterable[Path] = ()) -> str:
    """Return a message as a table cell: one line, shortened, without names of temporary folders."""
    for folder in folders:
        errors = errors.replace(f"{folder}/", "").replace(str(folder), ".")
    lines = [line.strip() for line in errors.splitlines() if not line.startswith(("Usage:", "Try ")) and line.strip()]
    begins = [place for place, line in enumerate(lines) if line.startswith(SIGNS)]
    text = re.sub(f"^({'|'.join(SIGNS)})", "", " ".join(lines[begins[0] if begins else 0 :]))
    for pattern, instead in VARYING.items():
        text = re.sub(pattern, instead, text)
    text = text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
    return text.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def rows() -> dict[tuple[str, str], tuple[str, str]]:
    """Return the rows of the file."""
    found, section = {}, ""
    names = iter(SECTIONS)  # by order, so that a title may change
    for line in TABLE.read_text("utf-8").splitlines() if TABLE.is_file() else []:
        if line.startswith("## "):
            section = next(names)
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        if section and line.startswith("| ") and len(cells) == 3 and not line.startswith(("| bad input", "| ---")):
            name, status, sentence = (cell.strip() for cell in cells)
            found[section, name] = status, sentence
    return found


def as_markdown(table: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    """Return the whole document."""
    parts = [HEAD.format(longest=LONGEST, count=len(table))]
    for section, title in SECTIONS.items():
        lines = [f"## {title}", "", "| bad input | exit | message |", "| --- | --- | --- |"]
        lines += [
            f"| {name} | {status} | {sentence} |"
            for (place, name), (status, sentence) in sorted(table.items())
            if place == section
        ]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
