"""One training, from what the user named to a finished run folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from . import archive, runs
from .analysis.baseline import Baseline
from .analysis.evaluation import Evaluation
from .analysis.evaluation import evaluate as _evaluate
from .analysis.record import RunRecord
from .analysis.recording import make_record, measure_baseline
from .data.dataset import Dataset
from .data.load import load_dataset
from .data.reading import DEFAULTS, ReadOptions
from .errors import ConfigError
from .files import write_json
from .models.architectures import Build, find_model
from .models.backend import check_backend, process_index
from .models.predictor import Predictor
from .models.saving import save_model
from .reporting import ONNX_MODEL, with_evidence, write_report
from .request import describe_outcome, describe_request, refuse_other_request
from .training.augmentation import Augmentation
from .training.config import TrainConfig
from .training.events import Listener
from .training.history import History
from .training.loop import Training, fit
from .training.recipes import beside, find_recipe
from .types import PathLike

if TYPE_CHECKING:
    import keras

    from .figures.illustration import Illustration

RUNS = Path("runs")
MODEL = "model.keras"
BASELINE_OF = {"cnn": "ann"}
"""The network that a report sets beside another: the notebook's predecessor beside the notebook's."""
CHECKED_IMAGES = 1000
"""Test images on which the exported model must agree with Keras."""


@dataclass(frozen=True, eq=False)
class Run:
    """A finished training: the folder it is in, the plain ``keras.Model``, and what was measured."""

    folder: Path
    model: keras.Model
    dataset: Dataset
    record: RunRecord
    stopped_early: bool

    @property
    def history(self) -> History:
        return self.record.history

    @property
    def evaluation(self) -> Evaluation:
        """Of the test split, which was read once, after the training."""
        return self.record.evaluation

    @cached_property
    def figures(self) -> Mapping[str, Illustration]:
        """Every figure of the run by name, drawn when first asked for (two seconds); in a notebook each shows itself."""
        from .figures.gallery import illustrate

        return {illustration.name: illustration for illustration in illustrate(self.record)}

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}, {self.evaluation!r})"


def train(
    data: PathLike | Dataset,
    *,
    model: str | Build = "cnn",
    recipe: str | TrainConfig = "standard",
    epochs: int | None = None,
    augment: str | Augmentation | None = None,
    seed: int = 0,
    out: PathLike | None = None,
    resume: bool = False,
    overwrite: bool = False,
    report: bool = True,
    reading: ReadOptions = DEFAULTS,
    progress: Listener | None = None,
) -> Run:
    """Train, measure on the test split, and write the run folder with its report.

    ``data``: whatever :func:`load_dataset` takes, read as ``reading`` says. ``model``: a name, or a
    function of image shape (h, w, c) and number of classes that returns a ``keras.Model``. ``augment``: ``"none"``, or
    changes to what the recipe does to training images, as ``"rotation=0,shift=0.1"``. ``out``: the run folder, by
    default ``runs/DATA-MODEL-RECIPE-SEED``. ``resume`` goes on with a training that was killed, and ends with the same
    weights, bit for bit, as if it had not been. ``progress`` is called with a :class:`Reading` while pictures are decoded and
    a :class:`Loaded` after it, with a :class:`Built` once the network stands, and with a :class:`Progress` several times per
    epoch. Ctrl-C ends the training early and keeps what was learnt.

    Raises :class:`ConvscopeError`, before any work starts where that is possible.

    >>> run = convscope.train("mnist", seed=0)
    >>> run.evaluation.accuracy
    """
    started = time.perf_counter()
    build, config = find_model(model), find_recipe(recipe).with_epochs(epochs).with_augmentation(augment)
    _check_seed(seed)
    if resume and overwrite:
        raise ConfigError("resume and overwrite were both given; one of them was expected: go on with a run, or replace it.")
    model_name = model if isinstance(model, str) else getattr(build, "__name__", "custom")
    dataset = load_dataset(data, reading, progress=progress)
    check_backend()
    folder = _run_folder(out, f"{dataset.name}-{model_name}-{config.recipe}-{seed}")
    request = describe_request(dataset, model_name, config, seed)
    with runs.writing(folder, overwrite=overwrite, resume=resume) as writable:
        if resume and (writable / runs.REQUEST).is_file():
            refuse_other_request(runs.read_json(writable / runs.REQUEST), request)
        write_json(writable / runs.REQUEST, request)
        checkpoint = writable / runs.CHECKPOINT
        training = fit(build, dataset, config, seed=seed, progress=progress, checkpoint=checkpoint)
        evaluation = _keep(training, dataset, writable)
        baseline = None
        if report and model_name in BASELINE_OF and not training.stopped_early:
            baseline = _baseline(BASELINE_OF[model_name], dataset, beside(config), seed, evaluation, progress)
        outcome, seconds = describe_outcome(request, training), time.perf_counter() - started
        record = make_record(outcome, dataset, training, evaluation, baseline=baseline, wall_seconds=seconds)
        archive.save_record(record, writable)
        if report:
            record = with_evidence(record, writable, dataset)
            write_report(record, writable)
        checkpoint.unlink(missing_ok=True)
    return Run(folder, training.model, dataset, record, training.stopped_early)


def _keep(training: Training, dataset: Dataset, folder: Path) -> Evaluation:
    """Save the model at once, so that nothing that goes wrong later can cost the user the minutes before; then export it,
    and measure what was exported: the same numbers as Keras', and seconds sooner."""
    from .export.onnx import export_onnx

    save_model(training.model, folder / MODEL)
    check = dataset.test.images[:CHECKED_IMAGES]
    export_onnx(training.model, folder / ONNX_MODEL, class_names=dataset.class_names, check=check)
    return _evaluate(Predictor(folder / ONNX_MODEL), dataset.test, dataset.class_names)


def _run_folder(out: PathLike | None, name: str) -> Path:
    """Where a training writes. Of several processes that train together each has a folder of its own, with the same in it."""
    folder = Path(out) if out is not None else RUNS / name
    index = process_index()
    return folder.with_name(f"{folder.name}-process-{index}") if index else folder


def _baseline(
    name: str, dataset: Dataset, config: TrainConfig, seed: int, evaluation: Evaluation, progress: Listener | None
) -> Baseline | None:
    """The network beside, trained and measured; nothing where Ctrl-C cut it short."""
    training = fit(find_model(name), dataset, config, seed=seed, progress=progress)
    if training.stopped_early:
        return None
    of_baseline = _evaluate(training.model, dataset.test, dataset.class_names)
    return measure_baseline(name, training, of_baseline, evaluation)


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ConfigError(f"seed={seed!r} cannot be used; a whole number from 0 to {2**32 - 1} was expected.")
