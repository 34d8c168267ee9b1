"""``convscope fetch``: download a known dataset into the user's cache."""

import click

from ..data.known.fetch import fetch_dataset
from ..data.known.registry import KNOWN_SETS
from . import progress, text
from .help_sections import argument, verb
from .options import output_options


@verb("fetch", ("convscope fetch fashion", "Fashion-MNIST, 31 MB"), ("convscope fetch emnist-letters", "letters; 562 MB"))
@argument("name", choices=KNOWN_SETS)
@output_options
def command(name: str, as_json: bool, quiet: bool) -> None:
    """Download NAME (fashion, kmnist, emnist-letters or emnist-balanced) into ~/.cache/convscope or $XDG_CACHE_HOME/convscope.

    Files already there are not downloaded again. The command tries several mirrors and checks a SHA-256: for fashion, that
    of the decompressed files, as Debian packages them; for the others, that of the compressed files, as TensorFlow Datasets
    publishes them. EMNIST is one archive of 562 MB, from which 4 files are kept.

    No other command downloads anything: train and data only use files left by Keras, torchvision, Debian or fetch. Of these,
    unpacked fashion files are checked against SHA-256 sums, the others only against their numbers and sizes of images.
    """
    with progress.open_progress(progress.reading, quiet=quiet) as listener:
        folder = fetch_dataset(name, listener)
    if as_json:
        click.echo(text.to_json({"name": name, "folder": str(folder)}))
    else:
        click.echo(str(folder) if quiet else f"{name}: {folder}   (next: convscope train {name})")
