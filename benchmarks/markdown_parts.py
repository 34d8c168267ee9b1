"""What the scripts that write pages have in common: tables, percentages, and what was measured on."""

from __future__ import annotations

from typing import Any

SHOWN = ("python", "tensorflow-cpu", "tensorflow", "keras", "numpy", "scipy", "onnxruntime")
Result = dict[str, Any]


def percent(value: float) -> str:
    """0.7525 → ``"75.2"``; the unit stands in the head."""
    return f"{100 * value:.1f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """In Markdown; all columns but the first flush right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def conditions(results: Result) -> str:
    """Machine, versions and day."""
    machine = results["machine"]
    versions = ", ".join(f"{key} {results['versions'][key]}" for key in SHOWN if key in results["versions"])
    return f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {versions}; {results['date']}"
