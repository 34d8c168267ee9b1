"""``convscope predict``: classes and confidences of new images."""

from collections.abc import Iterable, Iterator, Sequence

import click

import convscope

from ..data.readers.unlabelled_table import ANSWER, is_table, read_unlabelled_table
from ..formatting import count_of, printable
from ..prediction.classifier import open_classifier
from ..prediction.predictions import Prediction, Predictions
from ..prediction.predictions import as_json as json_form
from . import progress, text
from .csv_output import check_csv, csv_options, write_csv
from .help_sections import argument, option, verb
from .options import output_options, parse_image_arguments, pixel_range_option, refuse_swapped, trust_option

CSV_HEAD = ("file", "digit", "class_name", "probability", "out_of_distribution", "error")


@verb(
    "predict",
    ("convscope predict runs/mnist-cnn-standard-0 example", "the four that comes with convscope"),
    ("convscope predict RUN drawings --csv answers.csv", "all images of a folder, as a table"),
    ("convscope predict RUN 'scans/*.png' --at-least 0.98", "unsure answers marked"),
)
@argument("run", metavar="RUN")
@argument("images", metavar="IMAGE...", nargs=-1, required=True)
@option("--top", type=int, default=3, show_default=True, metavar="K", help="Print the K most probable classes.")
@option("--single", is_flag=True, help="Treat every IMAGE as one digit instead of detecting several.")
@option(
    "--at-least",
    type=float,
    default=0.0,
    metavar="P",
    help="Mark predictions with a confidence below P, from 0 to 1; find P with convscope evaluate RUN --accuracy.",
)
@pixel_range_option
@csv_options("file, class and probability of each prediction, or ImageId and Label for a table")
@trust_option
@output_options
def command(
    run: str,
    images: tuple[str, ...],
    top: int,
    single: bool,
    at_least: float,
    pixel_range: tuple[float, float] | None,
    csv_file: str | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Classify every IMAGE with the network of RUN, a run folder or an .onnx file. Does not need TensorFlow.

    IMAGE is an image file, a folder of them, a pattern such as 'photos/*.jpg', - for standard input, or example for a
    handwritten four that comes with convscope. If an image shows several digits,
    a network for digits classifies each, in reading order.

    IMAGE may also be one table of pixels without labels, such as Kaggle's test.csv, or an .npz file with x_test or x.
    """
    refuse_swapped("predict", run, images)
    file, table = check_csv(csv_file, overwrite=overwrite, inputs=[run, *images]), None
    if any(map(is_table, images)):
        if len(images) > 1:
            raise click.UsageError("a table must be the only IMAGE. Pass one table, or image files.")
        trained_on = open_classifier(run).trained_on  # a wrong RUN is refused before the table is read
        with progress.open_progress(progress.reading, quiet=quiet) as listener:
            table = read_unlabelled_table(images[0], listener, trained_on, pixel_range)
    found = convscope.predict(
        run,
        table or parse_image_arguments(images),
        top=top,
        skip_bad_images=True,
        single=single,
        at_least=at_least,
        pixel_range=pixel_range,
    )
    if table is None:
        write_csv(file, CSV_HEAD, _csv_rows(found))
    else:
        answers = ((number, each.class_name) for number, each in zip(table.ids, found, strict=True))
        write_csv(file, (table.id_column, ANSWER), answers)
        ignored = (f"the column {printable(table.ignored)!r} of {images[0]} is not read",) if table.ignored else ()
        for note in () if quiet else (*table.notes, *ignored):
            click.echo(f"convscope: note: {printable(note)}.", err=True)
    if table is not None and file is not None and not as_json:
        click.echo(f"{count_of(len(found), 'answer')}: {file}")
    elif as_json:
        click.echo(text.to_json(json_form(found)))
    else:
        for each in _by_image_file(found):
            _print(each, quiet)
    if len(found) and not found.is_calibrated and not quiet:
        click.echo(f"convscope: note: the probabilities are not calibrated: {found.uncalibrated_reason}.", err=True)
    if len(found) and found.ood_unavailable_reason and not quiet:
        click.echo(
            f"convscope: note: out-of-distribution detection is unavailable: {found.ood_unavailable_reason}.", err=True
        )
    for warning in found.warnings:
        click.echo(f"convscope: warning: {printable(warning)}", err=True)
    for bad in found.bad:
        click.echo(f"convscope: error: {bad.reason}", err=True)
    nothing = [printable(name) for name, is_empty in zip(found.names, found.empty, strict=False) if is_empty]
    if nothing:
        more = f" and {count_of(len(nothing) - 1, 'other image')}" if len(nothing) > 1 else ""
        click.echo(
            f"convscope: error: no digit found in {nothing[0]}{more}. Pass images with ink that stands out from its background.",
            err=True,
        )
    return 1 if found.bad or nothing else 0


def _csv_rows(found: Predictions) -> Iterator[tuple[object, ...]]:
    for each in found:
        place, ood = each.place, each.is_out_of_distribution
        yield (
            each.name, "" if place is None else place.number, each.class_name if each.answers else "",
            f"{each.probability:.6f}" if each.answers else "", "" if ood is None else "yes" if ood else "no", "",
        )  # fmt: skip
    for bad in found.bad:
        yield bad.name, "", "", "", "", bad.reason


def _by_image_file(found: Iterable[Prediction]) -> Iterator[list[Prediction]]:
    group: list[Prediction] = []
    for prediction in found:
        group.append(prediction)
        if prediction.place is None or prediction.place.number == prediction.place.of:
            yield group
            group = []


def _print(group: Sequence[Prediction], quiet: bool) -> None:
    click.echo(text.sheet_line(group) if len(group) > 1 else text.answer_line(group[0]))
    for prediction in group:
        if not quiet:
            click.echo(f"  {text.digit_line(prediction) if len(group) > 1 else ', '.join(prediction.preprocessing_steps)}")
        if prediction.is_out_of_distribution:
            click.echo(text.ood_warning(prediction), err=True)
