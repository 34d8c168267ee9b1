"""``convscope serve``: the page and the predictions of a run over HTTP."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

import convscope

from ..server.log import wait_until_written, write_later
from . import text
from .help_sections import argument, option, verb
from .options import open_option, output_options, show_page, trust_option

if TYPE_CHECKING:
    from ..server.address import Address


@verb(
    "serve",
    ("convscope serve runs/mnist-cnn-standard-0 --open", "on this machine"),
    ("convscope serve RUN --host 0.0.0.0 --port 80", "for others, with a token that is printed"),
)
@argument("run", metavar="RUN")
@option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; the default is reachable from this machine only.",
)
@option("--port", type=int, default=8000, show_default=True, help="Port to listen on; 0 picks a free one.")
@option(
    "--token",
    envvar="CONVSCOPE_TOKEN",
    help="Token that clients must send.  [default: none on the loopback, else a random one that is printed]",
)
@option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Address of a proxy whose X-Forwarded-For names the client; may be repeated.",
)
@open_option
@trust_option
@output_options
def command(
    run: str,
    host: str,
    port: int,
    token: str | None,
    trusted_proxies: tuple[str, ...],
    open_page: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Serve the page of RUN at / and predictions at POST /predict until Ctrl-C or SIGTERM, then finish pending requests.

    Send the bytes of an image file, get JSON:  curl --data-binary @four.png http://127.0.0.1:8000/predict
    """

    def started(address: Address) -> None:
        _announce(address, as_json=as_json, quiet=quiet)
        if open_page:
            show_page(address.url)

    stopped_by = convscope.serve(run, host=host, port=port, token=token, trusted_proxies=trusted_proxies, progress=started)
    if not quiet:
        # Nobody may read standard error any more, and it may be full.
        write_later("convscope: stopped")
        wait_until_written(0.5)
    return 130 if stopped_by == signal.SIGINT else 0


def _announce(address: Address, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(text.to_json({"url": address.url, "token": address.token}))
    elif quiet:
        click.echo(address.url if address.token is None else f"{address.url} {address.token}")
    else:
        click.echo(f"serving at {address.url}")
        if address.token is not None:
            click.echo(f"token: {address.token}")
            click.echo(
                "In a browser, enter any user name and the token as the password. The token is sent unencrypted.", err=True
            )
        click.echo("Press Ctrl-C to stop.", err=True)
