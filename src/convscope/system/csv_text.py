"""Tables as CSV text that gives back every cell, whatever line ends it holds."""

import csv
from collections.abc import Iterable


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return ``rows`` as CSV, a line each."""
    lines: list[str] = []

    class Lines:
        def write(self, line: str) -> None:
            lines.append(line[:-2])

    # The writer quotes a carriage return only where its own line ends hold one.
    csv.writer(Lines(), lineterminator="\r\n").writerows(rows)
    return "".join(f"{line}\n" for line in lines)
