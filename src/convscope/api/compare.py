"""``compare``: several runs on the same test images, as numbers and as a page."""

import contextlib
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..analysis.comparison import ComparedRun, Comparison, Costs, compare_evaluations
from ..data.load import reload_dataset
from ..errors import ConfigError, ConvscopeError
from ..formatting import count_of
from ..models.predictor import Predictor
from ..page.comparison import render_comparison
from ..runs import run_folder, store
from ..runs.files import ONNX_MODEL
from ..runs.record import RunRecord
from ..system.arguments import checked
from ..system.files import path_of, write_output
from ..types import Images, PathLike
from .output import check_output, out_was_output
from .run import Run

ROUNDS, PER_ROUND, WARM_UP = 15, 20, 10
"""A round times a few single images of each network in turn; the median over rounds is robust against other load."""
MAX_IMAGES = 240
"""Images in the gallery; one of MNIST takes about half a kilobyte of the page."""


@out_was_output
@checked
def compare(runs: Sequence[PathLike | Run], *, out: PathLike | None = None, overwrite: bool = False) -> Comparison:
    """Compare two or more runs on their common test images, with significance tests.

    Each pair gets McNemar's test (mid-p, with Holm's correction for several pairs) and a 95% CI of the difference in
    accuracy. Each run gets its cost, including the time per image, measured now.

    Args:
        runs: Runs, or their folders.
        out: A file for a page with the comparison and the images on which the runs disagree.
        overwrite: Whether ``out`` may be replaced.

    Raises:
        ConfigError: There are fewer than two runs, they have different data, or one is given twice.
        RunError: A run folder is damaged.
        OutputError: The page exists already or cannot be written; checked before any work where possible.

    >>> convscope.compare(["runs/mnist-cnn-standard-0", "runs/mnist-ann-standard-0"]).pairs[0].significant
    """
    runs = list(runs)
    page = None if out is None else check_output(out, overwrite=overwrite, inputs=runs)
    opened = _open_runs([path_of(run, "run") for run in runs])
    contestants = [_contestant(run, costs) for run, costs in zip(opened, _measure_costs(opened), strict=True)]
    dataset = str(opened[0].record.request["dataset"]["name"])
    comparison = compare_evaluations(contestants, [run.record.calibrated for run in opened], dataset=dataset)
    if page is not None:
        write_output(page, render_comparison(comparison, _disagreeing_images(comparison, opened)))
    return comparison


@dataclass(frozen=True, eq=False)
class Opened:
    """A run and its name in the comparison."""

    folder: Path
    name: str
    """The shortest unique name: the folder's, with parent folders if needed."""
    record: RunRecord


def _open_runs(paths: Sequence[Path]) -> list[Opened]:
    if len(paths) < 2:
        raise ConfigError(f"a comparison needs at least two runs; got {len(paths)}. Name another run folder.")
    _refuse_duplicates(paths)
    named = zip(paths, names_of(paths), strict=True)
    opened = [Opened(path, name, store.load_record(run_folder.verify(path))) for path, name in named]
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
    return f"{known['name']} ({count_of(len(run.record.evaluation), 'test image')}, fingerprint {known['fingerprint'][:12]})"


def _measure_costs(runs: Sequence[Opened]) -> list[Costs]:
    milliseconds = _time_per_image([run.folder / ONNX_MODEL for run in runs])
    costs = []
    for run, each in zip(runs, milliseconds, strict=True):
        metrics, size = run.record.metrics, (run.folder / ONNX_MODEL).stat().st_size
        parameters, multiply_adds = int(metrics["parameters"]), int(metrics["multiply_adds"])
        costs.append(Costs(parameters, multiply_adds, each, size, float(metrics["train_seconds"])))
        store.refuse_other_run(run.record, run.folder)
    return costs


def _time_per_image(models: Sequence[Path]) -> list[float]:
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


def _disagreeing_images(comparison: Comparison, runs: Sequence[Opened]) -> dict[int, Images]:
    """Return the first images of ``comparison.disagreements``, (h, w, c) uint8, by index in the test split.

    Images that no run has stored and that cannot be read again are missing.
    """
    wanted = comparison.disagreements[:MAX_IMAGES].tolist()
    stored: dict[int, Images] = {}
    for run in runs:
        if (evidence := run.record.evidence) is not None:
            stored |= dict(zip(evidence.test_indices.tolist(), evidence.test_images, strict=True))
    if any(index not in stored for index in wanted):
        with contextlib.suppress(ConvscopeError):  # if the data are gone, the page says how many images are missing
            images = reload_dataset(runs[0].record.request["dataset"]).test.images
            stored = {index: images[index] for index in wanted}
    return {index: stored[index] for index in wanted if index in stored}


def _contestant(run: Opened, costs: Costs) -> ComparedRun:
    request, evaluation = run.record.request, run.record.evaluation
    return ComparedRun(
        run.name, str(request["model"]), str(request["recipe"]), int(request["seed"]),
        evaluation.errors, evaluation.accuracy, evaluation.interval, costs,
    )  # fmt: skip
