"""Tables, percentages and machine descriptions for the scripts that write documents."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from convscope.analysis.statistics.proportions import Interval
from convscope.formatting import count_of
from convscope.system.files import write_text
from convscope.system.hardware import describe_machine, package_versions

SHOWN = ("python", "tensorflow-cpu", "tensorflow", "keras", "numpy", "scipy", "onnxruntime")
Result = dict[str, Any]


def percent(value: float) -> str:
    """Return 0.7525 as ``"75.2"``; the column heading has the unit."""
    return f"{100 * value:.1f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table whose columns are right-aligned, except the first."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measured_with() -> Result:
    """Return what the results of a script name beside them, for :func:`conditions`."""
    return {"machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d")}


def conditions(results: Result) -> str:
    """Return machine, versions and date."""
    machine = results["machine"]
    versions = ", ".join(f"{key} {results['versions'][key]}" for key in SHOWN if key in results["versions"])
    return (
        f"{machine['processor']}, {count_of(machine['cores'], 'core')}, {machine['system']}; {versions}; {results['date']}"
    )


def in_parentheses(interval: Interval | None, number: str = "+.2f") -> str:
    """Return an interval over seeds in parentheses; "" if there is none, as of equal values."""
    return "" if interval is None else f" ({interval.low:{number}} to {interval.high:{number}})"


def replaced(page: Path, name: str, text: str) -> str:
    """Return the document ``page`` with ``text`` between the two marks ``name``."""
    marks = re.compile(rf"(?<=<!-- {name}: begin -->\n).*?(?=<!-- {name}: end -->)", re.DOTALL)
    return marks.sub(lambda _: f"\n{text.strip()}\n\n", page.read_text("utf-8"))


def replace_between(page: Path, name: str, text: str) -> None:
    """Write :func:`replaced` to the document."""
    write_text(page, replaced(page, name, text))
