"""Counts the attempts of this folder by kind: `python -m pytest tests/hostile` ends with the table.

A module is a kind; the first line of its docstring names it. A test with a row of a table of variants is an attempt: it
is held where convscope answers within the time, in words of its own, and leaves everything that is the user's as it was.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tried = {outcome: _by_module(terminalreporter.getreports(outcome)) for outcome in ("passed", "failed")}
    modules = sorted(tried["passed"].keys() | tried["failed"].keys())
    if not modules:
        return
    terminalreporter.section("attempts by kind")
    for module in modules:
        held, attempts = tried["passed"][module], tried["passed"][module] + tried["failed"][module]
        terminalreporter.write_line(f"{held:5} of {attempts:4} held  {_kind(module)}")
    held = sum(tried["passed"].values())
    terminalreporter.write_line(f"{held:5} of {held + sum(tried['failed'].values()):4} held in all")


def _by_module(reports: list[pytest.TestReport]) -> Counter[str]:
    """Count attempts that ran, not their fixtures."""
    names = (Path(report.nodeid.split("::")[0]) for report in reports if getattr(report, "when", "call") == "call")
    return Counter(name.name for name in names if name.parent.name == HERE.name)


def _kind(module: str) -> str:
    text = ast.get_docstring(ast.parse((HERE / module).read_text("utf-8"))) or module
    return text.partition("\n")[0].rstrip(".")
