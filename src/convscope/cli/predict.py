"""``convscope predict``: which class pictures belong to, how sure that is, and what was done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .options import output_options, said_pictures

if TYPE_CHECKING:
    from ..prediction.predictions import Prediction, Predictions


@click.command("predict", short_help="Classify photos and drawings.")
@click.argument("run", metavar="RUN")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--top", type=int, default=3, show_default=True, metavar="K", help="The K most probable classes of each.")
@output_options
def command(run: str, images: tuple[str, ...], top: int, as_json: bool, quiet: bool) -> int:
    """Classify every IMAGE with the network of RUN, a run folder or a model.onnx, without TensorFlow.

    IMAGE is a picture file, a folder of them, a pattern such as 'photos/*.jpg', or - for standard input.
    """
    from .. import api
    from . import text

    found = api.predict(run, said_pictures(images), top=top, skip_bad_images=True)
    if as_json:
        click.echo(text.to_json(_as_json(found)))
    else:
        for prediction in found:
            _print(prediction, quiet)
    for bad in found.bad:
        click.echo(f"convscope: error: {bad.reason}", err=True)
    return 1 if found.bad else 0


def _print(prediction: Prediction, quiet: bool) -> None:
    from . import text

    click.echo(text.answer_line(prediction))
    if not quiet:
        click.echo(f"  {', '.join(prediction.done)}")
    if prediction.unfamiliar:
        click.echo(text.unfamiliar_line(prediction), err=True)


def _as_json(found: Predictions) -> dict[str, Any]:
    return {
        "temperature": found.temperature,
        "predictions": [
            {
                "name": each.name,
                "class_name": each.class_name,
                "probability": each.probability,
                "top": [
                    {"class_name": answer.class_name, "index": answer.index, "probability": answer.probability}
                    for answer in each.answers
                ],
                "done": list(each.done),
                "distance": each.distance,
                "threshold": each.threshold,
                "unfamiliar": each.unfamiliar,
            }
            for each in found
        ],
        "bad": [{"name": each.name, "reason": each.reason} for each in found.bad],
    }
