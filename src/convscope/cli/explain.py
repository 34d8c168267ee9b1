"""``convscope explain``: the page of a run, opened at one picture."""

from __future__ import annotations

import webbrowser

import click

from .options import output_options, said_pictures


@click.command("explain", short_help="Make the page for one picture.")
@click.argument("run", metavar="RUN")
@click.argument("image", metavar="IMAGE")
@click.option(
    "--output",
    "--out",
    "output",
    default=None,
    metavar="FILE",
    help="Where to.  [default: IMAGE's name.explained.html, here]",
)
@click.option("--digit", type=int, default=1, show_default=True, metavar="N", help="Which, of several on a sheet.")
@click.option("--overwrite", is_flag=True, help="Replace that file, if there is one.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@output_options
def command(
    run: str, image: str, output: str | None, digit: int, overwrite: bool, open_page: bool, as_json: bool, quiet: bool
) -> None:
    """Make the page of RUN opened at IMAGE: what the network sees of it, every layer, and why it answers what it does.

    IMAGE is a picture file, or - for standard input.
    """
    from .. import api
    from . import text

    explanation = api.explain(run, *said_pictures((image,)), digit=digit, output=output, overwrite=overwrite)
    page, prediction = explanation.page, explanation.prediction
    if as_json:
        answer = {"class_name": prediction.class_name, "probability": prediction.probability}
        click.echo(text.to_json({"page": str(page), **answer, "unfamiliar": prediction.unfamiliar}))
    elif quiet:
        click.echo(str(page))
    else:
        place = prediction.place
        if place and place.of > 1:
            click.echo(f"{place.of} digits found; this is number {place.number}, others with --digit N")
        click.echo(text.answer_line(prediction))
        click.echo(f"page: {page}")
    if prediction.unfamiliar and not as_json:
        click.echo(text.unfamiliar_line(prediction), err=True)
    if open_page:
        webbrowser.open(page.resolve().as_uri())
