"""``train``: one training, from the name of a dataset to a complete run folder."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ..analysis.baseline import Baseline, compare_with_baseline
from ..analysis.evaluation import Evaluation
from ..analysis.evaluation import evaluate as _evaluate
from ..analysis.evidence import measure_reference_data
from ..analysis.split_accuracy import measure_splits
from ..analysis.uncertainty.uncertainty import measure_uncertainty
from ..data.checks import check_dataset
from ..data.dataset import Data, Dataset
from ..data.known.builtin import KNOWN
from ..data.load import load_dataset
from ..data.read_options import DEFAULTS, DatasetChecked, ReadOptions
from ..data.readers.assemble import dataset_name
from ..data.readers.in_memory import NAME
from ..errors import ConfigError, ConvscopeError, option
from ..exporters.metadata import metadata_for_run
from ..exporters.onnx import export_onnx, write_metadata
from ..exporters.rehearsal import rehearse
from ..exporters.verification import Verification
from ..figures.parallel import ALL, SecondProcess
from ..models.architectures import MODELS, find_model
from ..models.backend import process_index
from ..models.custom import Build, short_name
from ..models.fingerprint import network_fingerprint
from ..models.keras_model import write_keras_archive
from ..models.onnx_writer.writer import onnx_bytes
from ..models.predictor import Predictor
from ..models.saving import save_model
from ..page.write import write_report
from ..runs import ledger, run_folder, store
from ..runs.evidence import ensure_evidence
from ..runs.files import CHECKPOINT, EVIDENCE, KERAS_MODEL, ONNX_MODEL, REQUEST
from ..runs.reading import read_begun_request
from ..runs.record import RunRecord, make_record, with_metrics
from ..runs.reference_data import save_reference_data
from ..runs.request import NETWORK, describe_outcome, describe_request, refuse_other_request
from ..system.arguments import checked
from ..system.dataclass_json import to_json
from ..system.files import write_json
from ..system.forms import LARGEST_FLOAT
from ..training.augmentation import Augmentation
from ..training.config import TrainConfig
from ..training.engines import check_engine
from ..training.epoch_log import divergence, lower_rate
from ..training.events import Callback, Event, Listener, TrainProgress, calling
from ..training.loop import Training, build_custom, fit
from ..training.recipe_rule import TrainingSet
from ..training.recipes import find_recipe
from ..types import Balance, EngineChoice, IfExists, Labels, PathLike, RecipeName
from .notebook import default_progress
from .run import Run, load_run

if TYPE_CHECKING:
    import keras

BASELINE_OF = {"cnn": "ann"}
"""The baseline of each network that has one: for the notebook's network, its predecessor."""


@checked
def train(
    data: Data,
    *,
    model: PathLike | Build | keras.Model = "cnn",
    weights: str = "fresh",
    recipe: RecipeName | TrainConfig = "standard",
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    augment: str | Augmentation | None = None,
    flip: bool | None = None,
    time: float | None = None,
    balance: Balance | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    engine: EngineChoice = "auto",
    out: PathLike | None = None,
    resume: bool = False,
    overwrite: bool = False,
    if_exists: IfExists = "error",
    report: bool = True,
    reading: ReadOptions = DEFAULTS,
    test_share: float | None = None,
    progress: Listener | Literal["auto"] | None = "auto",
    callbacks: Sequence[Callback] = (),
) -> Run:
    """Train a classifier, measure it on the test split, and write a run folder.

    Ctrl-C ends the training early and keeps what was learned so far; ``resume`` goes on from there.

    Args:
        data: A dataset, or a source that :func:`load_dataset` accepts.
        model: The name of a network, or a function of image shape (h, w, c) and number of classes that returns a
            ``keras.Model``. ``"file.py:build"`` runs that file and takes its function; ``"file.keras"``, or a
            ``keras.Model``, gives its layers.
        weights: ``"fresh"``, or ``"keep"`` to go on from the weights of a ``.keras`` file or a ``keras.Model``.
        recipe: The name of a recipe, or the settings themselves. By its name, ``standard`` adapts to the training set.
        epochs: The number of epochs; None keeps the recipe's.
        batch_size: Images per step; by default the recipe's, and fewer for small sets.
        learning_rate: The learning rate, or its peak; by default the recipe's.
        augment: ``"none"``, changes to the recipe's augmentation such as ``"rotation=0,shift=0.1"``, or all of it.
        flip: Whether to mirror every other training image; by default only ``standard`` does, with photos.
        time: Seconds of training: less time than the recipe takes ends it early, with more it goes on as long as the validation
            improves, unless the number of epochs is given. The baseline gets as much. No limit by default.
        balance: What to do about uneven classes: ``"prior"`` subtracts class frequencies from the logits after the training,
            ``"weights"`` weights the loss by their inverse; by default ``"none"``.
        settings: Other values for any settings of the recipe by name, such as ``{"label_smoothing": 0.1}``;
            :data:`convscope.training.config.SETTINGS` lists them.
        seed: A whole number from 0 to 2**32 - 1. The same seed on the same machine gives the same weights, bit for bit.
        engine: ``"native"``, ``"keras"``, or ``"auto"``: the native engine where it knows every layer, else Keras.
        out: The run folder, by default ``runs/DATA-MODEL-RECIPE-SEED``.
        resume: Whether to continue a training that was killed or that Ctrl-C stopped; the weights are the same as without the
            interruption. A run that Ctrl-C stopped remains until the new one is complete.
        overwrite: Whether to replace a run in the same folder.
        if_exists: What to do if the folder holds a run: ``"error"`` raises one; ``"new"`` takes the next free name, such as
            ``mnist-cnn-standard-0-2``; ``"load"`` returns that run if it has the same data and settings, so that the cell of a
            notebook can be run again; ``"overwrite"`` replaces it.
        report: Whether to train the baseline, draw the figures and write the page.
        reading: How to read image files and tables.
        test_share: The share of the images to hold out for testing, of data without a test split; a fifth by default.
        progress: Called with :class:`ReadProgress` and :class:`DatasetLoaded` events while the data are read, with
            :class:`DatasetChecked` if something is odd about them, with :class:`TrainingStarted` before the first step, and
            with :class:`TrainProgress` several times per epoch. ``"auto"`` writes a line on standard error in a notebook and
            on a terminal; None writes nothing.
        callbacks: Functions of ``(epoch, logs)``, or objects with ``on_epoch_end(epoch, logs)`` such as Keras' callbacks, of which
            nothing else is called. After each epoch of the run, on either engine, they get its number, from 0, and
            ``accuracy``, ``loss``, ``val_accuracy``, ``val_loss`` and ``learning_rate``. An exception in one ends the training,
            which can be resumed.

    Returns:
        The run, with model and dataset in memory.

    Raises:
        ConvscopeError: The arguments, the data or the run folder cannot be used; before the training where possible.

    >>> run = convscope.train("mnist", seed=0)
    >>> run.evaluation.accuracy
    """
    started = perf_counter()
    own = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "flip": flip, "time": time}
    given = _given({**own, "balance": balance}, settings or {})
    build, config = find_model(model, weights=weights), _configured(recipe, augment, given, weights)
    reading = reading if test_share is None else replace(reading, test_share=test_share)
    listening = default_progress() if isinstance(progress, str) else progress
    after_epochs = calling(callbacks, listening)
    seed = _checked_seed(seed)
    check_engine(engine)  # what can be refused is refused before any work
    overwrite = _overwrites(if_exists, overwrite=overwrite, resume=resume)
    model_name = os.fspath(model) if isinstance(model, (str, os.PathLike)) else getattr(build, "__name__", "custom")
    name, ending = _known_name(data), f"{short_name(model_name)}-{config.recipe}-{seed}"
    if out is not None or name is not None:  # before all images are decoded
        run_folder.check_free(_run_folder(out, f"{name}-{ending}", if_exists), overwrite or resume or if_exists == "load")
    dataset = load_dataset(data, reading, progress=listening)
    folder = _run_folder(out, f"{dataset.name}-{ending}", if_exists)
    config = _configured(recipe, augment, given, weights, TrainingSet.of(dataset))
    check = check_dataset(dataset)
    if listening and check.problems:
        listening(DatasetChecked(dataset.name, check.problems))
    request = describe_request(dataset, model_name, config, seed, engine, check.problems, weights)
    own_network = None if build in MODELS.values() else build_custom(build, dataset, seed)
    if own_network is not None:
        request[NETWORK] = network_fingerprint(own_network, with_weights=weights == "keep")
    if if_exists == "load" and run_folder.is_run(folder):
        return _load_same(folder, request, dataset)
    with run_folder.writing_run(folder, overwrite=overwrite, resume=resume) as writable:
        if resume and os.path.isfile(folder / REQUEST):
            refuse_other_request(read_begun_request(folder), request)
        write_json(writable / REQUEST, request)
        if own_network is not None:
            rehearse(model_name, own_network, dataset)
            del own_network  # the training builds one that has taken no step
        checkpoint, reads = (folder if resume else writable) / CHECKPOINT, _ledger(dataset, writable)
        listener = _recording_validation(after_epochs, config, reads, "validation after every epoch")
        training = fit(build, dataset, config, seed=seed, engine=engine, progress=listener, checkpoint=checkpoint)
        reads.record("the final evaluation")
        agreement = _save_models(training, dataset, writable, config.learning_rate)
        evaluation = Evaluation(dataset.test.labels, agreement.logits, dataset.class_names, names=dataset.test.names)
        predictor = Predictor(writable / ONNX_MODEL)
        found = measure_uncertainty(predictor, dataset, evaluation, request["config"], seed=seed)
        splits = measure_splits(predictor, dataset, evaluation, request["config"], seed=seed)
        outcome = {**describe_outcome(request, training), "onnx": agreement.as_dict()}
        seconds = perf_counter() - started + training.earlier_seconds
        record = make_record(
            outcome, dataset, training, evaluation, check, uncertainty=found, splits=splits, wall_seconds=seconds
        )
        store.save_record(record, writable)
        interrupted = False
        if report:
            try:
                record = _add_report(record, training, dataset, config, writable, listening)
            except KeyboardInterrupt:
                interrupted = True
        if not os.path.isfile(writable / EVIDENCE):
            _save_reference_data(record, dataset, writable)
        write_metadata(writable / ONNX_MODEL, metadata_for_run(record))  # so that the model can be used without the run
    if interrupted:
        to_write = shlex.join(["convscope", "report", str(folder)])
        raise KeyboardInterrupt(f"The training is complete, in {str(folder)!r}; write its page with: {to_write}")
    return Run(folder, record, training.keras_model, dataset)


def _given(own: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings that are given, ``own`` as arguments of their own."""
    given = {name: value for name, value in own.items() if value is not None}
    if twice := [name for name in given if name in settings]:
        raise ConfigError(f"{twice[0]} is given twice: as an argument and among the settings. Drop one of the two.")
    return {**settings, **given}


def _load_same(folder: Path, request: Mapping[str, Any], dataset: Dataset) -> Run:
    run = load_run(folder)
    refuse_other_request(run.record.request, request, to="load")
    return replace(run, held_dataset=dataset)


def _overwrites(if_exists: str, *, overwrite: bool, resume: bool) -> bool:
    if if_exists not in get_args(IfExists):
        raise ConfigError(f"if_exists must be one of {', '.join(get_args(IfExists))}; got {if_exists!r}.")
    overwrite = overwrite or if_exists == "overwrite"
    if resume and overwrite:
        raise ConfigError("resume and overwrite exclude each other. Continue the run, or replace it.")
    if if_exists == "load" and overwrite:
        raise ConfigError("if_exists='load' and overwrite exclude each other. Load the run, or replace it.")
    return overwrite


def _configured(
    recipe: str | TrainConfig,
    augment: str | Augmentation | None,
    given: Mapping[str, Any],
    weights: str,
    to: TrainingSet | None = None,
) -> TrainConfig:
    config = find_recipe(recipe, to).with_augmentation(augment).with_settings(given)
    # Kept weights would begin with other scales and without the biases.
    return replace(config, batch_normalization=False) if weights == "keep" else config


def _save_models(training: Training, dataset: Dataset, folder: Path, rate: float) -> Verification:
    # The model is saved first, so that no later failure can cost the user the training.
    if training.keras_model is None:
        write_keras_archive(training.network, folder / KERAS_MODEL)
    else:
        save_model(training.keras_model, folder / KERAS_MODEL)
    images = dataset.test.images
    logits = training.logits(images)
    if not (largest := float(np.abs(logits).max())) <= LARGEST_FLOAT:  # a run with more could not be read again
        raise ConvscopeError(
            f"the training diverged: the logits of the test images reach {largest:.3g}. "
            f"Try {option('learning_rate', lower_rate(rate))}."
        )
    try:
        return export_onnx(
            training.network,
            folder / ONNX_MODEL,
            class_names=dataset.class_names,
            images=images,
            expected=logits,
            model=training.keras_model,
        )
    except ConvscopeError as error:
        diverged = divergence(training.history[-1].loss, dataset.num_classes, rate)
        if not diverged or type(error) is not ConvscopeError:
            raise
        # Weights that grew without bounds round too coarsely for the comparison, which is not what went wrong.
        raise ConvscopeError(diverged) from error


def _save_reference_data(record: RunRecord, dataset: Dataset, folder: Path) -> None:
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
    # A second process draws the figures; a thread suffices for the evidence, whose time ONNX Runtime takes.
    with SecondProcess(folder, ALL) as second, ThreadPoolExecutor(1) as thread:
        with_its_evidence = thread.submit(ensure_evidence, record, folder, dataset, verb="train")
        name, baseline = BASELINE_OF.get(record.request["model"]), None
        if name and not training.stopped_early:
            baseline = _train_baseline(record, name, dataset, config, folder, progress)
        record = replace(with_its_evidence.result(), readings=ledger.read(folder))
        if baseline:
            comparison, predictions = baseline
            record = replace(with_metrics(record, baseline=to_json(comparison)), baseline_predictions=predictions)
            store.save_predictions(record, folder)
            store.save_metrics(record.metrics, folder)
        write_report(record, folder, second)
    return record


def _known_name(data: Data) -> str | None:
    """Return the name that a dataset will have, if that is certain before it is read."""
    if isinstance(data, Dataset):
        return data.name
    if not isinstance(data, (str, os.PathLike)):
        return NAME
    name = os.fsdecode(data)
    return name if name in KNOWN else dataset_name(name) if os.path.isdir(name) else None


def _run_folder(out: PathLike | None, name: str, if_exists: str) -> Path:
    """Return the folder to write to; processes that train together get one each."""
    folder = Path(out) if out is not None else Path("runs", name)
    if if_exists == "new":
        numbered = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
        folder = next(each for each in itertools.chain([folder], numbered) if not os.path.lexists(each))
    index = process_index()
    return folder.with_name(f"{folder.name}-process-{index}") if index else folder


def _train_baseline(
    record: RunRecord, name: str, dataset: Dataset, config: TrainConfig, folder: Path, progress: Listener | None
) -> tuple[Baseline, Labels] | None:
    """Train the baseline exactly like the run; return it with its predictions, or None if Ctrl-C stopped its training."""
    reads = _ledger(dataset, folder)
    listener = _recording_validation(progress, config, reads, f"validation of the baseline {name} after every epoch")
    seed, engine = record.request["seed"], record.request["engine"]
    training = fit(find_model(name), dataset, config, seed=seed, engine=engine, progress=listener)
    if training.stopped_early:
        return None
    reads.record(f"the baseline {name}")
    evaluation = _evaluate(Predictor(onnx_bytes(training.network)), dataset.test, dataset.class_names)
    return compare_with_baseline(name, training, evaluation, record.evaluation), evaluation.predictions


def _checked_seed(seed: int) -> int:
    if not 0 <= seed < 2**32:
        raise ConfigError(f"seed must be a whole number from 0 to {2**32 - 1}; got {seed!r}.")
    return int(seed)  # one of NumPy's is no JSON
