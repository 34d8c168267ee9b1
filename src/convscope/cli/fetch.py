"""``convscope fetch``: a known dataset that is not on this machine, into the user's cache."""

from __future__ import annotations

import click

from .options import output_options


@click.command("fetch", short_help="Fetch a known dataset; the only command that uses the network.")
@click.argument("name", metavar="NAME")
@output_options
def command(name: str, as_json: bool, quiet: bool) -> None:
    """Fetch NAME (fashion, kmnist, emnist-letters or emnist-balanced) into ~/.cache/convscope, or $XDG_CACHE_HOME/convscope.

    What is there already is not fetched again. Several mirrors are tried, and what they send is compared with a SHA-256: for
    fashion that of the decompressed files, as Debian packs them; for the others that of the packed files, as TensorFlow Datasets
    publishes them, since nobody publishes the other. EMNIST comes in one archive of 562 MB, of which 4 files are kept.

    No other command fetches anything: train and data only look for what Keras, torchvision, Debian or fetch have left. Of
    what is unpacked there, fashion is held against its checksums, the others against their numbers and sizes of images alone.
    """
    from ..data.fetch import fetch_dataset
    from . import text
    from .reading import reading_bar

    with reading_bar(quiet=quiet) as progress:
        folder = fetch_dataset(name, progress)
    if as_json:
        click.echo(text.to_json({"name": name, "folder": str(folder)}))
    else:
        click.echo(str(folder) if quiet else f"{name}: {folder}   (next: convscope train {name})")
