"""``convscope export``: a run's network in another format, verified, with code that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import click

import convscope

from ..formatting import count_of
from ..training.config import folded
from ..types import ExportFormat, PathLike
from . import text
from .help_sections import argument, option, output_option, verb
from .options import moved_data_option, output_options, trust_option

if TYPE_CHECKING:
    from ..api.export import Export

OTHER_NAMES = {"tflite": "litert", "lite": "litert", "tf": "saved_model", "savedmodel": "saved_model", "h5": "keras"}
"""Formats by their folded names in other programs."""


class _Format(click.Choice):  # type: ignore[type-arg] # which click has from 8.2 on
    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(OTHER_NAMES.get(folded(value), value), param, ctx)


@verb(
    "export",
    ("convscope export runs/mnist-cnn-standard-0", "ONNX, verified"),
    ("convscope export RUN --format litert --out model.tflite", "for phones; needs TensorFlow"),
)
@argument("run", metavar="RUN")
@option(
    "--format",
    type=_Format(get_args(ExportFormat), case_sensitive=False),
    default="onnx",
    show_default=True,
    help="ONNX, Keras, TensorFlow SavedModel, LiteRT (for phones), or a folder for the Hugging Face Hub.",
)
@output_option("--out", "-o", default=None, metavar="PATH", help="Write to PATH.  [default: the run's name]")
@output_option("--overwrite", is_flag=True, help="Replace an earlier export at PATH.")
@moved_data_option
@trust_option
@output_options
def command(run: PathLike, format: ExportFormat, out: str | None, overwrite: bool, as_json: bool, quiet: bool) -> None:  # noqa: A002
    """Write the network of RUN for other programs, verify its predictions, and print code that uses it.

    The file also holds what its input must look like: size, channels, pixel scale, polarity; and the class names.
    """
    export = convscope.export(run, format, out=out, overwrite=overwrite)
    if as_json:
        click.echo(text.to_json(_as_json(export)))
    elif quiet:
        click.echo(str(export.path))
    else:
        click.echo(f"{export.path}: {_agreement(export)}")
        click.echo(f"input: {_terms(export)}")
        for language, program in export.snippets.items():
            click.echo(f"\n{language}:\n\n{program}", nl=False)


def _agreement(export: Export) -> str:
    agreement = export.agreement
    if not len(agreement):
        return "copied from the run; comparing its predictions needs Keras"
    count = f"all {len(agreement):,}" if len(agreement) == export.num_test else f"{len(agreement):,} of {export.num_test:,}"
    classes = agreement.mismatched_classes
    same = "same classes as the run" if not classes else f"the class differs by rounding for {count_of(classes, 'image')}"
    logits = f"logits within {agreement.largest_difference:.1e}" if agreement.largest_difference else "equal logits"
    return f"verified on {count} test images: {same}, {logits}"


def _terms(export: Export) -> str:
    about = export.contract.as_dict()
    height, width, _ = export.contract.image_shape
    terms = [f"n × {height} × {width} × {export.contract.image_shape[2]} float32 from 0 to 1 ({about['channels']})"]
    terms += [export.contract.polarity] if export.contract.polarity else []
    terms += [f"{export.contract.content} preprocessed as in training"] if export.contract.digits else []
    terms += [f"temperature {export.contract.temperature:.3f}"] if export.contract.temperature else []
    return ", ".join(terms)


def _as_json(export: Export) -> dict[str, Any]:
    return {
        "path": str(export.path),
        "format": export.format,
        "agreement": export.agreement.as_dict(),
        "test_images": export.num_test,
        "contract": export.contract.as_dict(),
        "snippets": dict(export.snippets),
    }
