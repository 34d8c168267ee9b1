"""Compare runs and write the comparison page."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..analysis.comparison import ComparedRun, Comparison, Costs, compare_evaluations
from ..data.reload import reload_dataset
from ..errors import ConfigError, ConvscopeError, OutputError
from ..models.predictor import Predictor
from ..runs import run_folder, store
from ..runs.files import ONNX_MODEL
from ..runs.record import RunRecord
from ..system.files import write_text
from ..types import Images, PathLike
from .run import Run as Run

MIN_FINGERPRINT = 12
"""Characters of a fingerprint in messages."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A run and its name in the comparison."""

    folder: Path
    name: str
    """The shortest unique name: the folder's, with parent folders if needed."""
    record: RunRecord


def open_runs(folders: Sequence[PathLike]) -> list[Opened]:
    """Read the runs in ``folders``.

    Raises:
        ConfigError: There are fewer than two, one is given twice, or their test images differ.
        RunError: A run is damaged.
    """
    paths = [Path(folder) for folder in folders]
    if len(paths) < 2:
        raise ConfigError(f"a comparison needs at least two runs; got {len(paths)}. Name another run folder.")
    _refuse_duplicates(paths)
    opened = [
        Opened(path, name, store.load_record(run_folder.verify(path)))
        for path, name in zip(paths, names_of(paths), strict=True)
    ]
    for other in opened[1:]:
        _refuse_other_data(opened[0], other)
    return opened


def names_of(paths: Sequence[Path]) -> list[str]:
    """Return the last parts of ``paths``, as many of each as make all of them distinct."""
    whole = [path.resolve().parts for path in paths]
    for length in range(1, max(map(len, whole)) + 1):
        names = ["/".join(parts[-length:]) for parts in whole]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]


def _refuse_duplicates(paths: Sequence[Path]) -> None:
    seen: dict[Path, Path] = {}
    for path in paths:
        resolved = path.resolve()
        if resolved in seen:
            raise ConfigError(f"the run {str(path)!r} is given twice. Name each run once.")
        seen[resolved] = path


def _refuse_other_data(first: Opened, other: Opened) -> None:
    ours, theirs = (each.record.request["dataset"] for each in (first, other))
    same = np.array_equal(first.record.evaluation.labels, other.record.evaluation.labels)
    if ours["fingerprint"] == theirs["fingerprint"] and list(ours["class_names"]) == list(theirs["class_names"]) and same:
        return
    raise ConfigError(
        f"{first.name} was measured on {_data(first)}, but {other.name} on {_data(other)}. A paired comparison needs the same test "
        "images: train both on the same data."
    )


def _data(run: Opened) -> str:
    known = run.record.request["dataset"]
    fingerprint = known["fingerprint"][:MIN_FINGERPRINT]
    return f"{known['name']} ({len(run.record.evaluation):,} test images, fingerprint {fingerprint})"


ROUNDS, PER_ROUND, WARM_UP = 15, 20, 10
"""A round times a few single images of each network in turn; the median over rounds is robust against other load."""


def measure_costs(runs: Sequence[Opened]) -> list[Costs]:
    """Return the costs of ``runs``, in their order; takes about 0.1 s for small networks."""
    milliseconds = time_per_image([run.folder / ONNX_MODEL for run in runs])
    return [
        Costs(
            int(run.record.metrics["parameters"]),
            int(run.record.metrics["multiply_adds"]),
            each,
            (run.folder / ONNX_MODEL).stat().st_size,
            float(run.record.metrics["train_seconds"]),
        )
        for run, each in zip(runs, milliseconds, strict=True)
    ]


def time_per_image(models: Sequence[Path]) -> list[float]:
    """Return the milliseconds that each of ``models`` takes for one image, including preprocessing."""
    predictors = [Predictor(model) for model in models]
    # Noise is enough: the work of a network does not depend on the image.
    image = np.random.default_rng(0).integers(0, 256, (1, *predictors[0].image_shape), dtype=np.uint8)
    for predictor in predictors:
        for _ in range(WARM_UP):
            predictor.logits(image)
    rounds: list[list[float]] = [[] for _ in predictors]
    for _ in range(ROUNDS):
        for predictor, seconds in zip(predictors, rounds, strict=True):
            started = time.perf_counter()
            for _ in range(PER_ROUND):
                predictor.logits(image)
            seconds.append((time.perf_counter() - started) / PER_ROUND)
    return [1000 * statistics.median(seconds) for seconds in rounds]


MAX_PICTURES = 240
"""Images in the gallery; one of MNIST takes about half a kilobyte of the page."""


def disagreeing_images(comparison: Comparison, runs: Sequence[Opened]) -> dict[int, Images]:
    """Return the first images of ``comparison.disagreements``, (h, w, c) uint8, by index in the test split.

    Images that no run has stored and that cannot be read again are missing.
    """
    wanted = comparison.disagreements[:MAX_PICTURES].tolist()
    kept: dict[int, Images] = {}
    for run in runs:
        if run.record.evidence is not None:
            evidence = run.record.evidence
            kept |= dict(zip(evidence.test_indices.tolist(), evidence.test_images, strict=True))
    if any(place not in kept for place in wanted):
        try:
            test = reload_dataset(runs[0].record.request["dataset"]).test
            kept = {place: test.images[place] for place in wanted}
        except ConvscopeError:  # the data are gone; the page says how many images are missing
            pass
    return {place: kept[place] for place in wanted if place in kept}


def compare_runs(folders: Sequence[PathLike], *, output: PathLike | None = None, overwrite: bool = False) -> Comparison:
    """Compare complete runs on their common test images.

    Args:
        folders: At least two run folders.
        output: File of the comparison page; no page by default.
        overwrite: Whether ``output`` may exist.

    Raises:
        ConfigError: The runs cannot be compared.
        RunError: A run is damaged.
        OutputError: ``output`` cannot be written; checked before any work where possible.
    """
    page = None if output is None else _page(output, overwrite)
    runs = open_runs(folders)
    contestants = [_contestant(run, costs) for run, costs in zip(runs, measure_costs(runs), strict=True)]
    dataset = str(runs[0].record.request["dataset"]["name"])
    comparison = compare_evaluations(contestants, [run.record.evaluation for run in runs], dataset=dataset)
    if page is not None:
        from ..page.comparison import render_comparison

        write_text(page, render_comparison(comparison, disagreeing_images(comparison, runs)))
    return comparison


def _contestant(run: Opened, costs: Costs) -> ComparedRun:
    request, evaluation = run.record.request, run.record.evaluation
    return ComparedRun(
        run.name,
        str(request["model"]),
        str(request["recipe"]),
        int(request["seed"]),
        evaluation.errors,
        evaluation.accuracy,
        evaluation.interval,
        costs,
    )


def _page(output: PathLike, overwrite: bool) -> Path:
    page = Path(output)
    if page.is_dir():
        raise OutputError(f"{str(page)!r} is a folder. Choose a file with --output FILE.")
    if page.exists() and not overwrite:
        raise OutputError(
            f"{str(page)!r} already exists. Choose another file with --output FILE, or replace it with --overwrite."
        )
    return page


def compare(runs: Sequence[PathLike | Run], *, output: PathLike | None = None, overwrite: bool = False) -> Comparison:
    """Compare two or more runs on their common test images, with significance tests.

    Each pair gets McNemar's test (mid-p, with Holm's correction for several pairs) and a 95% CI of the difference in
    accuracy. Each run gets its cost, including the time per image, measured now.

    Args:
        runs: Runs, or their folders.
        output: A file for a page with the comparison and the images on which the runs disagree.
        overwrite: Whether ``output`` may be replaced.

    Raises:
        ConfigError: The runs have different data, or one run is given twice.
        RunError: A run folder is damaged.
        OutputError: The page exists already or cannot be written.

    >>> convscope.compare(["runs/mnist-cnn-standard-0", "runs/mnist-ann-standard-0"]).pairs[0].significant
    """

    if isinstance(runs, str | os.PathLike):
        runs = [runs]
    return compare_runs(runs, output=output, overwrite=overwrite)
