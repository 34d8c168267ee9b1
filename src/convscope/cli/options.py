"""Options that several verbs share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..data.pictures import Named
    from ..data.reading import Preparation


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


def reading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--image-size``, ``--class-names``, ``--prepare``, ``--skip-bad-images`` and ``--most-bad``, handed to ``function`` as one
    ``reading``."""

    @functools.wraps(function)
    def with_reading(
        image_size: tuple[int, int] | None,
        class_names: tuple[str, ...] | None,
        prepare: Preparation,
        skip_bad_images: bool,
        most_bad: float,
        **arguments: Any,
    ) -> Any:
        from ..data.reading import ReadOptions

        reading = ReadOptions(image_size, class_names, skip_bad_images, prepare, most_bad)
        return function(reading=reading, **arguments)

    options = (
        click.option(
            "--image-size",
            default=None,
            metavar="SIZE",
            callback=_parsed("parse_image_size"),
            help="Of a folder of pictures: fit them to SIZE, as 64, or 48x64 (height, width).  [default: by the data]",
        ),
        click.option(
            "--class-names",
            default=None,
            metavar="NAMES",
            callback=_parsed("parse_class_names"),
            help="The classes' names, as cat,dog, or a file with one per line.  [default: by the data]",
        ),
        click.option(
            "--prepare",
            type=click.Choice(("auto", "digits", "fit")),
            default="auto",
            show_default=True,
            help="digits: clear the paper, light ink on dark, crop, centre, as MNIST and predict do; fit: only resize; "
            "auto: digits where a folder's classes are 0 to 9 and its pictures show one digit each.",
        ),
        click.option("--skip-bad-images", is_flag=True, help="Leave out pictures that cannot be read, instead of stopping."),
        click.option(
            "--most-bad",
            type=float,
            default=0.2,
            show_default=True,
            metavar="SHARE",
            help="With --skip-bad-images: up to this share of the pictures.",
        ),
    )
    for option in reversed(options):
        with_reading = option(with_reading)
    return with_reading


def _parsed(parser: str) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    def parse(_: click.Context, __: click.Parameter, text: str | None) -> Any:
        from ..data import reading

        return None if text is None else getattr(reading, parser)(text)

    return parse


def said_pictures(words: Sequence[str]) -> list[str | Named]:
    """The pictures that ``words`` name: as they are, but ``-`` is standard input. Raises :class:`PictureError`."""
    from ..data.picture_file import LARGEST_FILE, too_large
    from ..data.pictures import Named

    pictures: list[str | Named] = []
    for word in words:
        if word != "-":
            pictures.append(word)
            continue
        if sys.stdin is None or sys.stdin.isatty():
            raise click.UsageError("- stands for standard input, which is a terminal; pipe a picture file into it.")
        content = sys.stdin.buffer.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise too_large("standard input", f"has over {LARGEST_FILE // 2**20} MB")
        pictures.append(Named("standard input", content))
    return pictures
