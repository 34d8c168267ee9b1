"""Options shared by several verbs."""

import dataclasses
import functools
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

import convscope

from ..data.images.files import MAX_FILE, too_large
from ..data.images.inputs import NamedBytes
from ..data.known.builtin import KNOWN
from ..data.read_options import ReadOptions, parse_class_names, parse_image_size, parse_pixel_range
from ..models.onnx_file import TRUST
from ..runs import run_folder
from ..system.browser import open_in_browser
from ..training.config import find_setting
from ..types import PathLike
from .help_sections import argument, data_option, output_option, training_option


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json``, ``--quiet`` and ``--debug``."""
    options = (
        output_option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        output_option("--quiet", "-q", is_flag=True, help="Print only the result."),
        # main() removes --debug before click sees it; it is declared here for --help only.
        output_option("--debug", is_flag=True, expose_value=False, help="Show a traceback on failure."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def reading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on how data are read, passed to ``function`` as one ``reading`` argument."""

    @functools.wraps(function)
    def with_reading(**arguments: Any) -> Any:
        names = [field.name for field in dataclasses.fields(ReadOptions) if field.name in arguments]
        return function(reading=ReadOptions(**{name: arguments.pop(name) for name in names}), **arguments)

    options = (
        data_option(
            "--image-size",
            metavar="SIZE",
            callback=_parsed(parse_image_size),
            help="Resize the images of a folder to SIZE, such as 64 or 48x64 (height, width).  [default: from the data]",
        ),
        data_option(
            "--class-names",
            metavar="NAMES",
            callback=_parsed(parse_class_names),
            help="Class names, such as cat,dog, or a file with one name per line.  [default: from the data]",
        ),
        data_option(
            "--prepare",
            type=click.Choice(("auto", "digits", "fit")),
            default="auto",
            show_default=True,
            help="How to preprocess the images of a folder. digits: like MNIST (remove the background, light on dark, crop, "
            "centre); fit: crop to the middle and resize; auto: digits if the classes are 0 to 9 and every image shows one digit.",
        ),
        pixel_range_option,
        data_option("--transpose", is_flag=True, help="Swap rows and columns of all images, which lie on their side."),
        data_option("--skip-bad-images", is_flag=True, help="Skip unreadable image files instead of stopping."),
        data_option(
            "--most-bad",
            type=float,
            default=0.2,
            show_default=True,
            metavar="SHARE",
            help="With --skip-bad-images: skip at most this share of the image files.",
        ),
        # Of versions that kept decoded images.
        data_option("--no-cache", is_flag=True, hidden=True, expose_value=False, help="Without effect."),
    )
    for option in reversed(options):
        with_reading = option(with_reading)
    return with_reading


def splitting_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--test-share`` and ``--group-by``, above :func:`reading_options`, for the verbs that split data."""
    share = data_option(
        "--test-share",
        type=float,
        metavar="SHARE",
        help="Share of the images to hold out for testing, of DATA without a test split, such as 0.3.  [default: 0.2]",
    )
    groups = data_option(
        "--group-by",
        metavar="REGEX",
        help=r"Keep image files whose paths share what REGEX finds, such as scene\d+, in one split: test, validation or fold.",
    )
    return share(groups(function))


open_option = output_option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
data_argument = argument("data", choices=KNOWN)


BALANCE = "For imbalanced classes: correct the logits by class frequency (prior), or weight the loss.  [default: none]"


def show_page(page: PathLike) -> None:
    """Open a page in a browser; note if there is none."""
    if not open_in_browser(page):
        click.echo(f"convscope: note: no browser could be started. Open {os.fspath(page)!r} in one.", err=True)


def setting_option(name: str, help: str, *short: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: A002
    """Return the option that changes one setting of a recipe, with the setting's own check."""
    setting, flag = find_setting(name), name.replace("_", "-")
    if setting.kind is bool:
        return training_option(f"--{flag}/--no-{flag}", default=None, help=help)
    shown: dict[str, Any] = (
        {"choices": re.split(", | or ", setting.accepted)}
        if setting.kind is str
        else {"metavar": "N" if setting.kind is int else "NUMBER"}
    )
    return training_option(f"--{flag}", *short, default=None, callback=_parsed(setting.parse), help=help, **shown)


def _parsed(parser: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    def parse(_: click.Context, __: click.Parameter, text: str | None) -> Any:
        return None if text is None else parser(text)

    return parse


pixel_range_option = data_option(
    "--pixel-range",
    metavar="BLACK..WHITE",
    callback=_parsed(parse_pixel_range),
    help="Values of black and white, such as 0..4095.  [default: from the data]",
)


def moved_data_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--data-at``, with which ``function`` gets the opened run, its data in memory, in place of its folder."""

    @functools.wraps(function)
    def with_data(run: str, data_at: str | None, **arguments: Any) -> Any:
        return function(run=run if data_at is None else convscope.load_run(run, data=data_at), **arguments)

    return data_option(
        "--data-at", default=None, metavar="PATH", help="Where the data that RUN was trained on are now, if they were moved."
    )(with_data)


def _set_trust(_: click.Context, __: click.Parameter, given: bool) -> None:
    if given:
        os.environ[TRUST] = "1"


trust_option = data_option(
    "--trust",
    is_flag=True,
    expose_value=False,
    callback=_set_trust,
    help="Run a network with loops or operators that convscope does not write, of somebody whom you trust.",
)


def refuse_swapped(verb: str, run: PathLike, others: Sequence[str]) -> None:
    """Raise a UsageError if a later argument is the run, and the first one is none."""
    place = next((place for place, other in enumerate(others) if _is_network(other)), None)
    if place is None or _is_network(run):
        return
    rest = [os.fspath(run), *others[:place], *others[place + 1 :]]
    right = shlex.join(["convscope", verb, others[place], *rest])
    raise click.UsageError(
        f"{os.fspath(run)!r} is no run, but {others[place]!r} is one, and RUN comes first. Did you mean: {right}"
    )


def _is_network(path: PathLike) -> bool:
    try:
        return run_folder.is_run(Path(path)) or (Path(path).suffix in (".onnx", ".keras") and Path(path).is_file())
    except (OSError, ValueError):
        return False


def parse_image_arguments(words: Sequence[str]) -> list[str | NamedBytes]:
    """Return ``words`` with ``-`` replaced by the content of standard input, unless that is too large or a terminal."""
    images: list[str | NamedBytes] = []
    for word in words:
        if word != "-":
            images.append(word)
            continue
        if sys.stdin is None or sys.stdin.isatty():
            what = "of which there is none" if sys.stdin is None else "which is a terminal"
            raise click.UsageError(f"IMAGE - reads standard input, {what}. Pipe an image file into the command.")
        content = sys.stdin.buffer.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            raise too_large("standard input", f"has over {MAX_FILE // 2**20} MB")
        images.append(NamedBytes("standard input", content))
    return images
