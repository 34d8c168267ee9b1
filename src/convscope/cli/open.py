"""``convscope open``: the page of a run in a browser."""

import webbrowser

import click

import convscope

from ..errors import OutputError
from ..types import PathLike
from . import text
from .help_sections import argument, verb
from .options import output_options


@verb("open", ("convscope open runs/mnist-cnn-standard-0", ""))
@argument("run", metavar="RUN")
@output_options
def command(run: PathLike, as_json: bool, quiet: bool) -> None:
    """Open the page of RUN in a browser."""
    page = convscope.load_run(run).page
    if as_json:
        click.echo(text.to_json({"page": str(page)}))
    else:
        click.echo(str(page) if quiet else f"page: {page}")
    if not webbrowser.open(page.resolve().as_uri()):
        raise OutputError(f"no browser could be started. Open {str(page)!r} in one.")
