"""One training, from what the user named to a finished run folder."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import archive, ledger, runs
from .analysis.baseline import Baseline
from .analysis.doubt import measure_uncertainty
from .analysis.evaluation import Evaluation
from .analysis.evaluation import evaluate as _evaluate
from .analysis.familiarity import measure_reference_data
from .analysis.record import RunRecord
from .analysis.recording import make_record, measure_baseline, with_metrics
from .data.dataset import Dataset
from .data.load import load_dataset
from .data.reading import DEFAULTS, ReadOptions
from .dataclass_json import to_json
from .drawing import ALL, SecondProcess
from .errors import ConfigError
from .files import write_json
from .migrations import upgrade_request
from .models.architectures import Build, find_model
from .models.backend import check_backend, process_index
from .models.mapping import mapping_tensorflow
from .models.network import from_keras
from .models.onnx_layers import onnx_bytes
from .models.own_model import short_name
from .models.predictor import Predictor
from .models.saving import save_model
from .reporting import ONNX_MODEL, with_evidence, write_report
from .request import describe_outcome, describe_request, refuse_other_request
from .trained_run import MODEL, Run
from .training.augmentation import Augmentation
from .training.config import TrainConfig
from .training.events import Event, Listener, Progress
from .training.loop import Training, fit
from .training.recipes import beside, find_recipe
from .types import PathLike
from .yardsticks_file import save_reference_data

if TYPE_CHECKING:
    from .export.agreement import Agreement

RUNS = Path("runs")
BASELINE_OF = {"cnn": "ann"}
"""The network that a report sets beside another: the notebook's predecessor beside the notebook's."""


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
    """Train, measure on the test split, and write the run folder with its report.

    ``data``: whatever :func:`load_dataset` takes, read as ``reading`` says. ``model``: a name, or a
    function of image shape (h, w, c) and number of classes that returns a ``keras.Model``; or where one is: ``"file.py:build"``,
    a file that is then run, or ``"file.keras"``, of which the layers are taken and not the weights. ``augment``: ``"none"``, or
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
    model_name = os.fspath(model) if isinstance(model, (str, os.PathLike)) else getattr(build, "__name__", "custom")
    dataset = _read(data, reading, progress)
    folder = _run_folder(out, f"{dataset.name}-{short_name(model_name)}-{config.recipe}-{seed}")
    request = describe_request(dataset, model_name, config, seed)
    with runs.writing(folder, overwrite=overwrite, resume=resume) as writable:
        if resume and (writable / runs.REQUEST).is_file():
            refuse_other_request(upgrade_request(runs.read_json(writable / runs.REQUEST)), request)
        write_json(writable / runs.REQUEST, request)
        checkpoint, entries = writable / runs.CHECKPOINT, _ledger(dataset, writable)
        noting = _noting(progress, config, entries, "validation after every epoch")
        training = fit(build, dataset, config, seed=seed, progress=noting, checkpoint=checkpoint)
        entries.enter("the result, after the training")
        agreement = _keep(training, dataset, writable)
        evaluation = Evaluation(dataset.test.labels, agreement.logits, dataset.class_names)
        found = measure_uncertainty(Predictor(writable / ONNX_MODEL), dataset, evaluation, request["config"], seed=seed)
        outcome = {**describe_outcome(request, training), "onnx": agreement.as_dict()}
        seconds = time.perf_counter() - started
        record = make_record(outcome, dataset, training, evaluation, uncertainty=found, wall_seconds=seconds)
        _save(record, dataset, writable, with_yardsticks=not report)
        if report:
            record = _report(record, training, dataset, config, writable, progress)
        _stamp(record, writable)
        checkpoint.unlink(missing_ok=True)
    return Run(folder, record, training.model, dataset)


def _read(data: PathLike | Dataset, reading: ReadOptions, progress: Listener | None) -> Dataset:
    """The dataset; the other core has TensorFlow's library ready by then."""
    with mapping_tensorflow():
        dataset = load_dataset(data, reading, progress=progress)
    check_backend()
    return dataset


def _keep(training: Training, dataset: Dataset, folder: Path) -> Agreement:
    """Save the model at once, so that nothing that goes wrong later can cost the user the minutes before; then export it,
    and measure what was exported: the same numbers as Keras', and seconds sooner."""
    from .export.onnx import export_onnx

    save_model(training.model, folder / MODEL)
    return export_onnx(training.model, folder / ONNX_MODEL, class_names=dataset.class_names, check=dataset.test.images)


def _save(record: RunRecord, dataset: Dataset, folder: Path, *, with_yardsticks: bool) -> None:
    """The record; and where no evidence will follow, what a prediction needs to warn of a picture like no other."""
    archive.save_record(record, folder)
    if not with_yardsticks:
        return
    config, seed, last = record.request["config"], record.request["seed"], record.network.layers[-2:][0]
    predictor = Predictor(folder / ONNX_MODEL)
    yardsticks = measure_reference_data(predictor, dataset.train, config, layer_name=last.name, seed=seed)
    if yardsticks is not None:
        save_reference_data(yardsticks, folder)


def _ledger(dataset: Dataset, folder: Path) -> ledger.Ledger:
    return ledger.Ledger(folder, "train", dataset.name, dataset.fingerprint, len(dataset.test))


def _noting(progress: Listener | None, config: TrainConfig, entries: ledger.Ledger, purpose: str) -> Listener | None:
    """``progress``; where the recipe validates on the test split, one that also enters that, once an epoch, before its end."""
    if config.validation != "test":
        return progress
    entered: set[int] = set()

    def listen(event: Event) -> None:
        if isinstance(event, Progress) and event.epoch not in entered:
            entered.add(event.epoch)
            entries.enter(purpose)
        if progress:
            progress(event)

    return listen


def _stamp(record: RunRecord, folder: Path) -> None:
    """Tell the exported network what it wants of pictures, which the evidence has shown, so that it can leave the run."""
    from .export.contract import contract_of
    from .export.onnx import stamp

    stamp(folder / ONNX_MODEL, contract_of(record))


def _report(
    record: RunRecord, training: Training, dataset: Dataset, config: TrainConfig, folder: Path, progress: Listener | None
) -> RunRecord:
    """The network beside, where there is one, the evidence, the figures and the page. The figures are drawn by a second process;
    a thread gathers the evidence, which is not Python's work but ONNX Runtime's."""
    with SecondProcess(folder, ALL) as second, ThreadPoolExecutor(1) as thread:
        gathered = thread.submit(with_evidence, record, folder, dataset, verb="train")
        name, baseline = BASELINE_OF.get(record.request["model"]), None
        if name and not training.stopped_early:
            baseline = _train_beside(record, name, dataset, config, folder, progress)
        record = replace(gathered.result(), readings=ledger.read(folder))
        if baseline:
            record = with_metrics(record, baseline=to_json(baseline))
            archive.save_metrics(record.metrics, folder)
        write_report(record, folder, second)
    return record


def _run_folder(out: PathLike | None, name: str) -> Path:
    """Where a training writes. Of several processes that train together each has a folder of its own, with the same in it."""
    folder = Path(out) if out is not None else RUNS / name
    index = process_index()
    return folder.with_name(f"{folder.name}-process-{index}") if index else folder


def _train_beside(
    record: RunRecord, name: str, dataset: Dataset, config: TrainConfig, folder: Path, progress: Listener | None
) -> Baseline | None:
    """The network beside, trained and measured; none where Ctrl-C cut that short."""
    config, entries = beside(config), _ledger(dataset, folder)
    noting = _noting(progress, config, entries, f"validation of the baseline {name}, after every epoch")
    training = fit(find_model(name), dataset, config, seed=record.request["seed"], progress=noting)
    if training.stopped_early:
        return None
    network = from_keras(training.model)
    entries.enter(f"baseline {name}")
    of_baseline = _evaluate(Predictor(onnx_bytes(network)), dataset.test, dataset.class_names)
    return measure_baseline(name, training, network, of_baseline, record.evaluation)


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ConfigError(f"seed={seed!r} cannot be used; a whole number from 0 to {2**32 - 1} was expected.")
