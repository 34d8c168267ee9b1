"""``convscope report``: the figures and the page of a run, made again from its folder."""

from __future__ import annotations

import webbrowser

import click

from .options import output_options


@click.command("report", short_help="Make the page of a run again, without training.")
@click.argument("run", metavar="RUN")
@click.option("--output", default=None, metavar="FILE", help="Write the page alone to FILE.  [default: into the run folder]")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@output_options
def command(run: str, output: str | None, open_page: bool, as_json: bool, quiet: bool) -> None:
    """Make the page of RUN again, without training and without TensorFlow."""
    from .. import api
    from . import text

    page = api.report(run, output=output)
    if as_json:
        click.echo(text.to_json({"report": str(page)}))
    else:
        click.echo(str(page) if quiet else f"report: {page}")
    if open_page:
        webbrowser.open(page.resolve().as_uri())
