"""``train``: one training, from the name of a dataset to a complete run folder."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from ..analysis.baseline import Baseline
from ..analysis.evaluation import Evaluation
from ..analysis.evaluation import evaluate as _evaluate
from ..analysis.ood.measure_reference_data import measure_reference_data
from ..analysis.uncertainty.uncertainty import measure_uncertainty
from ..data.dataset import Dataset
from ..data.load import load_dataset
from ..data.read_options import DEFAULTS, ReadOptions
from ..errors import ConfigError
from ..exporters.metadata import metadata_for_run
from ..exporters.onnx import export_onnx, write_metadata
from ..exporters.verification import Verification
from ..figures.parallel import ALL, SecondProcess
from ..models.architectures import find_model
from ..models.backend import check_backend, process_index
from ..models.custom import Build, short_name
from ..models.network import from_keras
from ..models.onnx_writer.writer import onnx_bytes
from ..models.predictor import Predictor
from ..models.preload import preload_tensorflow
from ..models.saving import save_model
from ..page.write import write_report
from ..runs import ledger, run_folder, store
from ..runs.evidence import ensure_evidence
from ..runs.files import CHECKPOINT, KERAS_MODEL, ONNX_MODEL, REQUEST
from ..runs.migrations import upgrade_request
from ..runs.record import RunRecord, make_record, measure_baseline, with_metrics
from ..runs.reference_data import save_reference_data
from ..runs.request import describe_outcome, describe_request, refuse_other_request
from ..system.dataclass_json import to_json
from ..system.files import write_json
from ..training.augmentation import Augmentation
from ..training.config import TrainConfig
from ..training.events import Event, Listener, TrainProgress
from ..training.loop import Training, fit
from ..training.recipes import baseline_config, find_recipe
from ..types import PathLike
from .run import Run

BASELINE_OF = {"cnn": "ann"}
"""The baseline of each network that has one: for the notebook's network, its predecessor."""


def train(
    data: PathLike | Dataset,
    *,
    model: PathLike | Build = "cnn",
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
    """Train a classifier, measure it on the test split, and write a run folder.

    Ctrl-C ends the training early and keeps what was learned so far.

    Args:
        data: A dataset, or a source that :func:`load_dataset` accepts.
        model: The name of a network, or a function of image shape (h, w, c) and number of classes that returns a
            ``keras.Model``. ``"file.py:build"`` runs that file and takes its function; ``"file.keras"`` takes the
            layers of a saved model without their weights.
        recipe: The name of a recipe, or the settings themselves.
        epochs: The number of epochs; None keeps the recipe's.
        augment: ``"none"``, changes to the recipe's augmentation such as ``"rotation=0,shift=0.1"``, or all of it.
        seed: A whole number from 0 to 2**32 - 1. The same seed on the same machine gives the same weights, bit for bit.
        out: The run folder, by default ``runs/DATA-MODEL-RECIPE-SEED``.
        resume: Whether to continue a training that was killed; the weights are the same as without the interruption.
        overwrite: Whether to replace a run in the same folder.
        report: Whether to train the baseline, draw the figures and write the page.
        reading: How to read image files and tables.
        progress: Called with :class:`ReadProgress` and :class:`DatasetLoaded` events while the data are read, with
            :class:`TrainingStarted` before the first step, and with :class:`TrainProgress` several times per epoch.

    Returns:
        The run, with model and dataset in memory.

    Raises:
        ConvscopeError: The arguments, the data or the run folder cannot be used; before the training where possible.

    >>> run = convscope.train("mnist", seed=0)
    >>> run.evaluation.accuracy
    """
    started = time.perf_counter()
    build, config = find_model(model), find_recipe(recipe).with_epochs(epochs).with_augmentation(augment)
    _check_seed(seed)
    if resume and overwrite:
        raise ConfigError("resume and overwrite exclude each other. Continue the run, or replace it.")
    model_name = os.fspath(model) if isinstance(model, (str, os.PathLike)) else getattr(build, "__name__", "custom")
    dataset = _read(data, reading, progress)
    folder = _run_folder(out, f"{dataset.name}-{short_name(model_name)}-{config.recipe}-{seed}")
    request = describe_request(dataset, model_name, config, seed)
    with run_folder.writing_run(folder, overwrite=overwrite, resume=resume) as writable:
        if resume and (writable / REQUEST).is_file():
            refuse_other_request(upgrade_request(run_folder.read_json(writable / REQUEST)), request)
        write_json(writable / REQUEST, request)
        checkpoint, reads = writable / CHECKPOINT, _ledger(dataset, writable)
        listener = _recording_validation(progress, config, reads, "validation after every epoch")
        training = fit(build, dataset, config, seed=seed, progress=listener, checkpoint=checkpoint)
        reads.record("the final evaluation")
        agreement = _save_models(training, dataset, writable)
        evaluation = Evaluation(dataset.test.labels, agreement.logits, dataset.class_names)
        found = measure_uncertainty(Predictor(writable / ONNX_MODEL), dataset, evaluation, request["config"], seed=seed)
        outcome = {**describe_outcome(request, training), "onnx": agreement.as_dict()}
        seconds = time.perf_counter() - started
        record = make_record(outcome, dataset, training, evaluation, uncertainty=found, wall_seconds=seconds)
        _save_record(record, dataset, writable, with_reference_data=not report)
        if report:
            record = _add_report(record, training, dataset, config, writable, progress)
        write_metadata(writable / ONNX_MODEL, metadata_for_run(record))  # so that the model can be used without the run
        checkpoint.unlink(missing_ok=True)
    return Run(folder, record, training.model, dataset)


def _read(data: PathLike | Dataset, reading: ReadOptions, progress: Listener | None) -> Dataset:
    """Load the dataset while another core loads TensorFlow's library."""
    with preload_tensorflow():
        dataset = load_dataset(data, reading, progress=progress)
    check_backend()
    return dataset


def _save_models(training: Training, dataset: Dataset, folder: Path) -> Verification:
    """Save the Keras model, export it to ONNX and compare the two on the test images."""
    # The model is saved first, so that no later failure can cost the user the training.
    save_model(training.model, folder / KERAS_MODEL)
    return export_onnx(training.model, folder / ONNX_MODEL, class_names=dataset.class_names, check=dataset.test.images)


def _save_record(record: RunRecord, dataset: Dataset, folder: Path, *, with_reference_data: bool) -> None:
    """Save the record and, for a run without evidence, the reference data."""
    store.save_record(record, folder)
    if not with_reference_data:
        return
    config, seed, last_hidden = record.request["config"], record.request["seed"], record.network.layers[-2:][0]
    predictor = Predictor(folder / ONNX_MODEL)
    reference_data = measure_reference_data(predictor, dataset.train, config, layer_name=last_hidden.name, seed=seed)
    if reference_data is not None:
        save_reference_data(reference_data, folder)


def _ledger(dataset: Dataset, folder: Path) -> ledger.Ledger:
    return ledger.Ledger(folder, "train", dataset.name, dataset.fingerprint, len(dataset.test))


def _recording_validation(
    progress: Listener | None, config: TrainConfig, reads: ledger.Ledger, purpose: str
) -> Listener | None:
    """Return a listener that also records each validation on the test split."""
    if config.validation != "test":
        return progress
    recorded: set[int] = set()

    def listen(event: Event) -> None:
        # An epoch's first event comes before its validation: a read that is interrupted is recorded, too.
        if isinstance(event, TrainProgress) and event.epoch not in recorded:
            recorded.add(event.epoch)
            reads.record(purpose)
        if progress:
            progress(event)

    return listen


def _add_report(
    record: RunRecord, training: Training, dataset: Dataset, config: TrainConfig, folder: Path, progress: Listener | None
) -> RunRecord:
    """Train the baseline if there is one, collect the evidence, and write figures and page."""
    # A second process draws the figures; a thread suffices for the evidence, whose time ONNX Runtime takes.
    with SecondProcess(folder, ALL) as second, ThreadPoolExecutor(1) as thread:
        with_its_evidence = thread.submit(ensure_evidence, record, folder, dataset, verb="train")
        name, baseline = BASELINE_OF.get(record.request["model"]), None
        if name and not training.stopped_early:
            baseline = _train_baseline(record, name, dataset, config, folder, progress)
        record = replace(with_its_evidence.result(), readings=ledger.read(folder))
        if baseline:
            record = with_metrics(record, baseline=to_json(baseline))
            store.save_metrics(record.metrics, folder)
        write_report(record, folder, second)
    return record


def _run_folder(out: PathLike | None, name: str) -> Path:
    """Return the folder to write to; processes that train together get one each."""
    folder = Path(out) if out is not None else Path("runs", name)
    index = process_index()
    return folder.with_name(f"{folder.name}-process-{index}") if index else folder


def _train_baseline(
    record: RunRecord, name: str, dataset: Dataset, config: TrainConfig, folder: Path, progress: Listener | None
) -> Baseline | None:
    """Train and measure the baseline; return None if Ctrl-C stopped its training."""
    config, reads = baseline_config(config), _ledger(dataset, folder)
    listener = _recording_validation(progress, config, reads, f"validation of the baseline {name} after every epoch")
    training = fit(find_model(name), dataset, config, seed=record.request["seed"], progress=listener)
    if training.stopped_early:
        return None
    network = from_keras(training.model)
    reads.record(f"the baseline {name}")
    evaluation = _evaluate(Predictor(onnx_bytes(network)), dataset.test, dataset.class_names)
    return measure_baseline(name, training, network, evaluation, record.evaluation)


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ConfigError(f"seed must be a whole number from 0 to {2**32 - 1}; got {seed!r}.")
