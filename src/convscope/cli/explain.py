"""``convscope explain``: the page of a run, opened at one image."""

import click

import convscope

from ..types import PathLike
from . import text
from .help_sections import argument, option, output_option, verb
from .options import (
    moved_data_option,
    open_option,
    output_options,
    parse_image_arguments,
    refuse_swapped,
    show_page,
    trust_option,
)


@verb(
    "explain",
    ("convscope explain runs/mnist-cnn-standard-0 example --open", "the four that comes with convscope"),
    ("convscope explain RUN sheet.jpg --digit 2", "the second digit of a photo"),
)
@argument("run", metavar="RUN")
@argument("image", metavar="IMAGE")
@output_option(
    "--out",
    "-o",
    former="--output",
    metavar="FILE",
    help="Write the page to FILE.  [default: IMAGE's name with .explained.html]",
)
@option(
    "--digit", type=int, default=1, show_default=True, metavar="N", help="Explain the Nth of several digits in the image."
)
@output_option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@open_option
@moved_data_option
@trust_option
@output_options
def command(
    run: PathLike, image: str, out: str | None, digit: int, overwrite: bool, open_page: bool, as_json: bool, quiet: bool
) -> None:
    """Write the page of RUN opened at IMAGE: preprocessing, activations of every layer, and attribution.

    IMAGE is an image file, or - for standard input.
    """
    refuse_swapped("explain", run, [image])
    explanation = convscope.explain(run, *parse_image_arguments((image,)), digit=digit, out=out, overwrite=overwrite)
    page, prediction = explanation.page, explanation.prediction
    if as_json:
        answer = {"class_name": prediction.class_name, "probability": prediction.probability}
        click.echo(text.to_json({"page": str(page), **answer, "out_of_distribution": prediction.is_out_of_distribution}))
    elif quiet:
        click.echo(str(page))
    else:
        place = prediction.place
        if place and place.of > 1:
            click.echo(f"{place.of} digits found; this page explains digit {place.number}. Choose another with --digit N.")
        click.echo(text.answer_line(prediction))
        click.echo(f"page: {page}")
    if prediction.is_out_of_distribution and not as_json:
        click.echo(text.ood_warning(prediction), err=True)
    if open_page:
        show_page(page)
