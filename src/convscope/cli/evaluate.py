"""``convscope evaluate``: accuracy of a run on its own or other data, and its robustness."""

import os
from collections.abc import Iterator
from pathlib import Path

import click

import convscope

from ..analysis.evaluation import Evaluation
from ..analysis.measured_data import MeasuredData
from ..analysis.metrics import evaluation_metrics
from ..analysis.uncertainty.calibration import measure_calibration
from ..data.known.builtin import KNOWN
from ..data.read_options import ReadOptions
from ..formatting import count_of, percent, percent_range, printable, shorten_list
from ..runs import ledger
from ..runs.files import REPORT
from ..runs.reading import read_calibration, read_request
from ..system.dataclass_json import to_json
from ..types import PathLike
from . import progress, text
from .csv_output import check_csv, csv_options, write_csv
from .help_sections import argument, data_option, option, verb
from .options import moved_data_option, output_options, reading_options, refuse_swapped, trust_option

MAX_NAMED, MAX_CLASSES = 5, 30
"""Images, or classes of the run, that a line names; classes with another name."""
CSV_HEAD = ("index", "file", "true", "predicted", "correct", "probability")


@verb(
    "evaluate",
    ("convscope evaluate runs/mnist-cnn-standard-0", "its own test split"),
    ("convscope evaluate RUN new-photos --csv answers.csv", "other data, with a row per image"),
    ("convscope evaluate RUN --thorough", "its robustness, too"),
    ("convscope evaluate RUN letters --map-classes classes.csv", "classes with other names"),
)
@argument("run", metavar="RUN")
@argument("data", required=False, choices=KNOWN)
@data_option(
    "--map-classes",
    metavar="FILE",
    help="For DATA whose classes have other names than RUN's: a CSV file with one line per class of DATA, such as 10,0; the second "
    "cell is RUN's class, or empty to leave the images out.",
)
@moved_data_option
@reading_options
@option(
    "--thorough",
    is_flag=True,
    help="Also measure robustness: corruptions, adversarial attacks, out-of-distribution images; and rebuild the report.",
)
@option("--everything", is_flag=True, help="With --thorough: use all test images instead of a sample of 1,000.")
@option(
    "--accuracy",
    type=float,
    metavar="A",
    help="Also find the confidence threshold for this accuracy, such as 0.997; chosen on validation images.",
)
@csv_options("file or row, classes and probability of each image")
@trust_option
@output_options
def command(
    run: PathLike,
    data: str | None,
    thorough: bool,
    everything: bool,
    accuracy: float | None,
    map_classes: str | None,
    csv_file: str | None,
    overwrite: bool,
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure RUN on the test split of DATA; by default, of the data it was trained on.

    All images of DATA without a test split are test images. Classes are matched by name.
    """
    if everything and not thorough:
        raise click.UsageError("--everything needs --thorough. Add --thorough, or leave --everything out.")
    if thorough and data is not None:
        raise click.UsageError("--thorough always measures a run on its own test split. Leave DATA out.")
    for flag, given in (("--accuracy", accuracy), ("--csv", csv_file)):
        if thorough and given is not None:
            raise click.UsageError(f"--thorough and {flag} cannot be combined. Run the command once with each.")
    refuse_swapped("evaluate", run, [data] if data else [])
    table = check_csv(csv_file, overwrite=overwrite, inputs=[run, data])
    before = len(ledger.read(run))
    evaluation = convscope.evaluate(run, data, accuracy=accuracy, reading=reading, map_classes=map_classes)
    numbers = evaluation_metrics(evaluation)
    if evaluation.threshold is not None:
        numbers["threshold"] = to_json(evaluation.threshold)
    entries = ledger.read(run)
    if data is not None and len(entries) == before:
        click.echo(
            "convscope: warning: cannot write the ledger of the run, so this read of the data is not recorded.", err=True
        )
    write_csv(table, CSV_HEAD, _csv_rows(evaluation))
    if thorough:
        _examine(run, numbers, everything=everything, as_json=as_json, quiet=quiet)
        return
    request = read_request(Path(run))
    own = request["dataset"]["fingerprint"]
    fingerprint = own if data is None or len(entries) == before else entries[-1].fingerprint
    if evaluation.data is not None:
        numbers["data"] = evaluation.data.as_dict()
    if as_json:
        click.echo(text.to_json({**numbers, "readings": ledger.number_of_readings(entries, fingerprint)}))
        return
    click.echo(text.result_line(numbers))
    if evaluation.data is not None:
        click.echo("\n".join(_data_lines(evaluation.data)))
    if evaluation.threshold is not None:
        click.echo(text.threshold_lines(numbers["threshold"], os.fspath(run)))
    if not quiet:
        temperature = read_calibration(Path(run)).temperature
        click.echo(text.probability_scores_line(numbers, temperature))
        if temperature:
            calibrated = measure_calibration(
                evaluation.logits, evaluation.labels, temperature=temperature, seed=request["seed"]
            )
            click.echo(text.calibrated_scores_line(calibrated, temperature))
        if readings := text.readings_line(entries, fingerprint):
            click.echo(readings)
        click.echo(f"\n{text.class_table(numbers)}")
        if pairs := text.pairs_line(numbers):
            click.echo(f"\n{pairs}")


def _data_lines(data: MeasuredData) -> Iterator[str]:
    if data.is_own_test_split:
        yield f"measured: the {count_of(data.used, 'test image')} of the run's own data"
    else:
        yield f"measured: {count_of(data.used, 'image')} of {printable(data.source)}"
    left_out = (
        f"{count_of(data.training_images, 'image')} of its training split" * (data.training_images > 0),
        f"{count_of(data.dropped, 'image')} of classes that the class map drops" * (data.dropped > 0),
        count_of(data.unreadable, "unreadable file") * (data.unreadable > 0),
    )
    if any(left_out):
        yield f"left out: {'; '.join(filter(None, left_out))}"
    yield from (f"note: {note}" for note in data.notes)
    renamed = [f"{source} as {target}" for source, target in data.classes.matched.items() if source != target]
    if renamed:
        yield f"classes with another name: {printable(shorten_list(renamed, MAX_CLASSES))}"
    if data.classes.absent:
        number = count_of(len(data.classes.absent), "class", "classes")
        yield f"{number} of the run without a test image: {printable(shorten_list(data.classes.absent, MAX_NAMED))}"
    yield _overlap_line(data)


def _overlap_line(data: MeasuredData) -> str:
    overlap = data.overlap
    if overlap is None:
        return f"unknown whether the run was trained on some of these images: {data.overlap_unknown}"
    number = overlap.n + overlap.near
    if not number:
        return "none of these images equals or nearly equals one that the run was trained on"
    names = printable(shorten_list(overlap.images[:MAX_NAMED], MAX_NAMED, number))
    equal = f"{'' if overlap.n else 'nearly '}{'equals' if number == 1 else 'equal'}"
    nearly = f" ({overlap.near:,} of them nearly)" if overlap.n and overlap.near else ""
    line = f"{number:,} of {count_of(data.used, 'image')} {equal} training images of the run{nearly}"
    if overlap.accuracy_of_others is None or overlap.interval_of_others is None:
        return f"{line}, so this accuracy is not that on new images: {names}"
    interval = percent_range(overlap.interval_of_others)
    return f"{line}: {names}\naccuracy on the other {overlap.others:,}: {percent(overlap.accuracy_of_others)} (95% CI {interval})"


def _csv_rows(evaluation: Evaluation) -> Iterator[tuple[object, ...]]:
    names, classes = evaluation.names, evaluation.class_names
    for index, (true, predicted) in enumerate(zip(evaluation.labels.tolist(), evaluation.predictions.tolist(), strict=True)):
        yield (
            index, names[index] if len(names) else "", classes[true], classes[predicted],
            "yes" if true == predicted else "no", f"{evaluation.confidence[index]:.6f}",
        )  # fmt: skip


def _examine(run: PathLike, numbers: dict[str, object], *, everything: bool, as_json: bool, quiet: bool) -> None:
    with progress.open_progress(progress.examining, quiet=quiet) as listener:
        found = convscope.examine(run, everything=everything, progress=listener)
    sections = {name: found.metrics[name] for name in ("robustness", "ood", "attacks")}
    if as_json:
        click.echo(text.to_json({**numbers, **sections}))
        return
    click.echo(text.result_line(numbers))
    for part in text.summary(sections) if quiet else text.tables(sections):
        click.echo(f"\n{part}")
    for name, reason in found.missing.items():
        click.echo(f"convscope: warning: {text.TITLES[name]} not measured: {reason}", err=True)
    click.echo(f"\nreport: {found.folder / REPORT}")
