"""``convscope serve``: the page and the predictions of a run over HTTP."""

from __future__ import annotations

import signal
import webbrowser
from typing import TYPE_CHECKING

import click

from .options import output_options

if TYPE_CHECKING:
    from ..server.address import Address


@click.command("serve", short_help="Serve the page and predictions over HTTP.")
@click.argument("run", metavar="RUN")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; by default only this machine can ask."
)
@click.option("--port", type=int, default=8000, show_default=True, help="Where to listen; 0 takes a free one.")
@click.option(
    "--token",
    default=None,
    envvar="CONVSCOPE_TOKEN",
    help="What everybody has to show.  [default: on this machine nothing, elsewhere one that is made up and printed]",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@output_options
def command(run: str, host: str, port: int, token: str | None, open_page: bool, as_json: bool, quiet: bool) -> int:
    """Serve the page of RUN at / and its predictions at POST /predict, until Ctrl-C or SIGTERM; what is under way is finished.

    A picture's bytes go in, JSON comes out:  curl --data-binary @four.png http://127.0.0.1:8000/predict
    """
    from .. import api

    def started(address: Address) -> None:
        _announce(address, as_json=as_json, quiet=quiet)
        if open_page:
            webbrowser.open(address.url)

    stopped_by = api.serve(run, host=host, port=port, token=token, progress=started)
    if not quiet:
        click.echo("convscope: stopped; what was under way is finished", err=True)
    return 130 if stopped_by == signal.SIGINT else 0


def _announce(address: Address, *, as_json: bool, quiet: bool) -> None:
    """Where to ask, and with what; at once, also where somebody reads it through a pipe."""
    from . import text

    if as_json:
        click.echo(text.to_json({"url": address.url, "token": address.token}))
    elif quiet:
        click.echo(address.url if address.token is None else f"{address.url} {address.token}")
    else:
        click.echo(f"serving at {address.url}")
        if address.token is not None:
            click.echo(f"token: {address.token}")
            click.echo("In a browser any name will do, and the token is the password. It is sent unencrypted.", err=True)
        click.echo("Ctrl-C stops the service.", err=True)
