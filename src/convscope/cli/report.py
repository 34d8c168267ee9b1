"""``convscope report``: rebuild the figures and the page of a run."""

import click

import convscope

from ..types import PathLike
from . import text
from .help_sections import argument, output_option, verb
from .options import moved_data_option, open_option, output_options, show_page, trust_option


@verb(
    "report",
    ("convscope report runs/mnist-cnn-standard-0 --open", "after a training with --no-report"),
    ("convscope report RUN --out page.html", "the page only, elsewhere"),
)
@argument("run", metavar="RUN")
@output_option(
    "--out", "-o", former="--output", default=None, metavar="FILE",
    help="Write only the page, to FILE.  [default: report.html in the run folder]",
)  # fmt: skip
@output_option("--overwrite", is_flag=True, help="Replace FILE even if it is no page of convscope.")
@open_option
@moved_data_option
@trust_option
@output_options
def command(run: PathLike, out: str | None, overwrite: bool, open_page: bool, as_json: bool, quiet: bool) -> None:
    """Rebuild the figures and the page of RUN without training. Does not need TensorFlow."""
    page = convscope.report(run, out=out, overwrite=overwrite)
    if as_json:
        click.echo(text.to_json({"report": str(page)}))
    else:
        click.echo(str(page) if quiet else f"report: {page}")
    if out is None and not quiet and (note := text.font_note(convscope.load_run(run).evaluation.class_names)):
        click.echo(note, err=True)
    if open_page:
        show_page(page)
