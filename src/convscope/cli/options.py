"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--json``, ``--quiet`` and ``--debug``."""
    options = (
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, for machines."),
        click.option("--quiet", is_flag=True, help="Print nothing but the result."),
        # main() takes --debug out of the arguments before click sees them; it is declared here for --help.
        click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback when something fails."),
    )
    for option in reversed(options):
        function = option(function)
    return function
