"""``convscope data``: the content and the problems of a dataset."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..analysis.measured_data import named_pairs
from ..data.checks import DatasetCheck, check_dataset
from ..data.dataset import Dataset
from ..data.load import load_dataset
from ..data.read_options import ReadListener, ReadOptions
from ..errors import DatasetError
from ..formatting import count_of
from . import progress, text
from .csv_output import check_csv, csv_options, write_csv
from .help_sections import verb
from .options import data_argument, output_options, reading_options, splitting_options


@verb(
    "data",
    ("convscope data mnist", "a known set"),
    ("convscope data photos --csv photos.csv", "a folder of image files, also as a list"),
)
@data_argument
@splitting_options
@reading_options
@csv_options("split, file or row and class of each image")
@output_options
def command(data: str, reading: ReadOptions, csv_file: str | None, overwrite: bool, as_json: bool, quiet: bool) -> None:
    """Show a dataset: sizes, images per class, the first image, and possible problems.

    DATA is a name (mnist, digits, fashion, kmnist, emnist-letters, emnist-balanced) or a path to an .npz or .csv file, a
    folder of IDX files, or a folder of image files with one subfolder per class, optionally under train/ and test/.
    """
    file = check_csv(csv_file, overwrite=overwrite, inputs=[data])
    with progress.open_progress(progress.reading, quiet=quiet) as listener:
        dataset, error = _load(data, reading, listener)
    write_csv(file, ("split", "index", "file", "class_name"), _csv_rows(dataset))
    check = check_dataset(dataset)
    if as_json:
        click.echo(text.to_json(_as_json(dataset, check)))
    else:
        click.echo("\n\n".join(_paragraphs(dataset, check.problems, quiet)))
    if error:
        raise error


def _load(data: str, reading: ReadOptions, listener: ReadListener) -> tuple[Dataset, DatasetError | None]:
    """Return the dataset, if need be without the image files that cannot be read, and the error that these are."""
    try:
        return load_dataset(data, reading, progress=listener), None
    except DatasetError as error:
        if Path(data).is_dir():
            with suppress(DatasetError):
                return load_dataset(data, replace(reading, skip_bad_images=True, most_bad=1.0), progress=listener), error
        raise


def _csv_rows(dataset: Dataset) -> Iterator[tuple[object, ...]]:
    for what, split in (("train", dataset.train), ("test", dataset.test)):
        for index, label in enumerate(split.labels.tolist()):
            yield what, index, split.names[index] if len(split.names) else "", dataset.class_names[label]


def _paragraphs(dataset: Dataset, problems: tuple[str, ...], quiet: bool) -> list[str]:
    height, width, channels = dataset.image_shape
    kind = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    head = (
        f"{dataset.name}: {dataset.provenance.description}\n"
        f"{len(dataset.train):,} training and {count_of(len(dataset.test), 'test image')}, {height} × {width}, {kind}, "
        f"{dataset.num_classes} classes"
    )
    if dataset.provenance.licence:
        head += f"\nlicence: {dataset.provenance.licence}"
    counts = [split.class_counts(dataset.num_classes) for split in (dataset.train, dataset.test)]
    rows = [(name, f"{counts[0][index]:,}", f"{counts[1][index]:,}") for index, name in enumerate(dataset.class_names)]
    paragraphs = [head, text.table(("class", "train", "test"), rows)]
    if not quiet:
        image, label = dataset.train.images[0], dataset.class_names[dataset.train.labels[0]]
        if width <= text.MAX_MATRIX:
            which = f", first of {channels} channels" if channels > 1 else ""
            paragraphs.append(f"first training image as a matrix{which}:\n{text.matrix(image)}")
        paragraphs.append(f"first training image (label {label}):\n{text.picture(image)}")
    listed = {"possible problems": problems or ("none found",), "notes": dataset.provenance.notes}
    return [*paragraphs, *("\n- ".join([f"{title}:", *lines]) for title, lines in listed.items() if lines)]


def _as_json(dataset: Dataset, check: DatasetCheck) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "image_shape": list(dataset.image_shape),
        "class_names": list(dataset.class_names),
        "fingerprint": dataset.fingerprint,
        "train": {"n": len(dataset.train), "class_counts": dataset.train.class_counts(dataset.num_classes).tolist()},
        "test": {"n": len(dataset.test), "class_counts": dataset.test.class_counts(dataset.num_classes).tolist()},
        "problems": [*check.problems, *dataset.provenance.notes],
        "near_duplicates": {"n": len(check.near_duplicates), "images": named_pairs(check.near_duplicates, dataset)},
        "groups": check.groups and check.groups.as_dict(),
    }
