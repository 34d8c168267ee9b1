"""``convscope predict``: classes and confidences of new images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

import convscope

from ..prediction.predictions import Prediction
from ..prediction.predictions import as_json as json_form
from . import text
from .options import output_options, parse_image_arguments


@click.command("predict")
@click.argument("run", metavar="RUN")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--top", type=int, default=3, show_default=True, metavar="K", help="Print the K most probable classes.")
@click.option("--single", is_flag=True, help="Treat every IMAGE as one digit instead of detecting several.")
@click.option(
    "--at-least",
    type=float,
    default=0.0,
    metavar="P",
    help="Mark predictions with a confidence below P, from 0 to 1; find P with convscope evaluate RUN --accuracy.",
)
@output_options
def command(run: str, images: tuple[str, ...], top: int, single: bool, at_least: float, as_json: bool, quiet: bool) -> int:
    """Classify every IMAGE with the network of RUN, a run folder or an .onnx file. Does not need TensorFlow.

    IMAGE is an image file, a folder of them, a pattern such as 'photos/*.jpg', or - for standard input. If an image shows
    several digits, a network for digits classifies each, in reading order.
    """
    found = convscope.predict(
        run, parse_image_arguments(images), top=top, skip_bad_images=True, single=single, at_least=at_least
    )
    if as_json:
        click.echo(text.to_json(json_form(found)))
    else:
        for each in _by_image_file(found):
            _print(each, quiet)
    if len(found) and not found.is_calibrated and not quiet:
        click.echo(
            "convscope: note: the probabilities are not calibrated; this network has no fitted temperature.", err=True
        )
    if len(found) and found.ood_unavailable_reason and not quiet:
        click.echo(
            f"convscope: note: out-of-distribution detection is unavailable: {found.ood_unavailable_reason}.", err=True
        )
    for bad in found.bad:
        click.echo(f"convscope: error: {bad.reason}", err=True)
    return 1 if found.bad else 0


def _by_image_file(found: Iterable[Prediction]) -> Iterator[list[Prediction]]:
    """Yield the predictions of each image file together."""
    group: list[Prediction] = []
    for prediction in found:
        group.append(prediction)
        if prediction.place is None or prediction.place.number == prediction.place.of:
            yield group
            group = []


def _print(group: Sequence[Prediction], quiet: bool) -> None:
    """Print the predictions of one image file."""
    click.echo(text.sheet_line(group) if len(group) > 1 else text.answer_line(group[0]))
    for prediction in group:
        if not quiet:
            click.echo(f"  {text.digit_line(prediction) if len(group) > 1 else ', '.join(prediction.preprocessing_steps)}")
        if prediction.is_out_of_distribution:
            click.echo(text.ood_warning(prediction), err=True)
