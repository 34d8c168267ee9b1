"""``convscope open``: the page of a run in a browser."""

import click

import convscope

from ..errors import OutputError
from ..system.browser import open_in_browser
from ..types import PathLike
from . import text
from .help_sections import argument, verb
from .options import output_options


@verb("open", ("convscope open runs/mnist-cnn-standard-0", ""), ("convscope open RUN --quiet", "print only its path"))
@argument("run", metavar="RUN")
@output_options
def command(run: PathLike, as_json: bool, quiet: bool) -> None:
    """Open the page of RUN in a browser."""
    page = convscope.load_run(run).page
    if as_json:
        click.echo(text.to_json({"page": str(page)}))
    else:
        click.echo(str(page) if quiet else f"page: {page}")
    if not open_in_browser(page):
        raise OutputError(f"no browser could be started. Open {str(page)!r} in one.")
