"""``docs/bad-inputs.md``: a row per bad input and fault, with what the tests saw of it: exit status and sentence.

The tests that meet these faults hold what they saw against the table, so that it costs no run of its own. After a sentence has
changed on purpose, ``make accept`` writes the table anew.
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
"""Rows that `test_cli.py` fills, with processes of their own."""
LONGEST = 330
"""Characters of a sentence; a list of files goes on longer."""
SIGNS = ("convscope: error: ", "Error: ")
VARYING = {
    r"(cannot be (?:read|decoded|opened)[^(;]*) \((?:[^()]|\([^()]*\))*\)": r"\1 (*reason*)",
    r"\d[\d,]* bytes; \d[\d,]* were written": "… bytes; … were written",
    r"after \d[\d,]* bytes": "after … bytes",
    r"\bport \d+:": "port …:",
    r"\bin epoch \d+": "in epoch …",
    r"\((?:Key|Type|Value)Error\(.*?\)\)": "(*reason*)",
}
"""What differs between machines and versions of libraries."""
SECTIONS = {
    "data": "Data, given to `convscope data` and `convscope train`",
    "pictures": "Pictures, given to `convscope predict`",
    "runs": "Run folders and models",
    "command": "The command line",
    "machine": "The machine: no room, no permission, no time",
    "service": "Requests to `convscope serve`, with the status of HTTP; after each it answers the next",
}
HEAD = """# Bad inputs, and what each ends in

Every row is a test, and what it says here is what it saw: the exit status (0 done, 1 an error that is named, 2 a wrong use of
the command, 130 interrupted; below 0 the signal that ended it) and the sentence. None of them ends in a traceback, waits for
ever, or leaves something half-written or lost. Paths stand as the tests gave them, reasons that come from a library as
*reason*, and what is longer than {longest} characters ends in `…`. Made by `make accept`; the tests compare it with
what they see.

{count} rows.
"""


@dataclass
class BadInputs:
    """The table, being read or written."""

    writes: bool = field(default_factory=accepting)
    seen: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Exit status and sentence by section and name."""

    def met(self, section: str, name: str, status: int, errors: str, folders: Iterable[Path] = ()) -> None:
        """What a test saw: held against the table, or kept to be written into it."""
        row = str(status), plain(errors, folders)
        self.seen[section, name] = row
        if not self.writes:
            expected = rows().get((section, name))
            assert row == expected, f"docs/bad-inputs.md has {expected}; after a change on purpose, run `make accept`"

    def write(self) -> None:
        """The table, with the rows that were seen, and the others as they were."""
        if self.writes and self.seen:
            TABLE.write_text(as_markdown({**rows(), **self.seen}), "utf-8")


def plain(errors: str, folders: Iterable[Path] = ()) -> str:
    """What was said, as a cell: one line, without the names of temporary folders, and not for ever."""
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
    """What the file holds."""
    found, section = {}, ""
    titles = {title: name for name, title in SECTIONS.items()}
    for line in TABLE.read_text("utf-8").splitlines() if TABLE.is_file() else []:
        if line.startswith("## "):
            section = titles.get(line.removeprefix("## "), "")
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        if section and line.startswith("| ") and len(cells) == 3 and not line.startswith(("| bad input", "| ---")):
            name, status, sentence = (cell.strip() for cell in cells)
            found[section, name] = status, sentence
    return found


def as_markdown(table: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    """The whole document."""
    parts = [HEAD.format(longest=LONGEST, count=len(table))]
    for section, title in SECTIONS.items():
        lines = [f"## {title}", "", "| bad input | exit | the sentence |", "| --- | --- | --- |"]
        lines += [
            f"| {name} | {status} | {sentence} |"
            for (place, name), (status, sentence) in sorted(table.items())
            if place == section
        ]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
