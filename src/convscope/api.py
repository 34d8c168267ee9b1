"""The verbs. Each takes what people hold (a name, a path, an array) and returns one frozen dataclass."""

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
from .errors import ConfigError
from .files import make_folder, write_bytes, write_json, write_text
from .models.architectures import Build, find_model
from .models.backend import check_backend
from .models.predictor import Predictor
from .models.saving import save_model
from .request import describe_outcome, describe_request, refuse_other_request
from .training.config import TrainConfig
from .training.events import Listener
from .training.history import History
from .training.loop import Training, fit
from .training.recipes import find_recipe
from .types import PathLike

if TYPE_CHECKING:
    import keras

    from .figures.illustration import Illustration

RUNS = Path("runs")
MODEL, ONNX_MODEL = "model.keras", "model.onnx"
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
    seed: int = 0,
    out: PathLike | None = None,
    resume: bool = False,
    overwrite: bool = False,
    report: bool = True,
    progress: Listener | None = None,
) -> Run:
    """Train, measure on the test split, and write the run folder with its report.

    ``data``: ``"mnist"``, ``"digits"``, the path of an ``.npz`` file, or a :class:`Dataset`. ``model``: a name, or a
    function of image shape (h, w, c) and number of classes that returns a ``keras.Model``. ``out``: the run folder, by
    default ``runs/DATA-MODEL-RECIPE-SEED``. ``resume`` goes on with a training that was killed, and ends with the same
    weights, bit for bit, as if it had not been. ``progress`` is called with a :class:`Built` once the network stands and
    with a :class:`Progress` several times per epoch. Ctrl-C ends the training early and keeps what was learnt.

    Raises :class:`ConvscopeError`, before any work starts where that is possible.

    >>> run = convscope.train("mnist", seed=0)
    >>> run.evaluation.accuracy
    """
    started = time.perf_counter()
    build, config = find_model(model), find_recipe(recipe).with_epochs(epochs)
    _check_seed(seed)
    if resume and overwrite:
        raise ConfigError("resume and overwrite were both given; one of them was expected: go on with a run, or replace it.")
    model_name = model if isinstance(model, str) else getattr(build, "__name__", "custom")
    dataset = load_dataset(data)
    check_backend()
    folder = Path(out) if out is not None else RUNS / f"{dataset.name}-{model_name}-{config.recipe}-{seed}"
    request = describe_request(dataset, model_name, config, seed)
    with runs.writing(folder, overwrite=overwrite, resume=resume) as writable:
        if resume and (writable / runs.REQUEST).is_file():
            refuse_other_request(runs.read_json(writable / runs.REQUEST), request)
        write_json(writable / runs.REQUEST, request)
        checkpoint = writable / runs.CHECKPOINT
        training = fit(build, dataset, config, seed=seed, progress=progress, checkpoint=checkpoint)
        # At once, so that nothing that goes wrong from here on can cost the user the minutes before.
        save_model(training.model, writable / MODEL)
        evaluation = _evaluate(training.model, dataset.test, dataset.class_names)
        baseline = None
        if report and model_name in BASELINE_OF and not training.stopped_early:
            baseline = _baseline(BASELINE_OF[model_name], dataset, config, seed, evaluation, progress)
        record = make_record(
            describe_outcome(request, training),
            dataset,
            training,
            evaluation,
            baseline=baseline,
            wall_seconds=time.perf_counter() - started,
        )
        _write(record, training, dataset, writable)
        if report:
            _write_report(record, writable)
        checkpoint.unlink(missing_ok=True)
    return Run(folder, training.model, dataset, record, training.stopped_early)


def evaluate(run: PathLike | Run, data: PathLike | Dataset | None = None) -> Evaluation:
    """How good a run is on the test split of ``data``; without it, what was measured on its own when it was trained.

    Goes through ONNX Runtime and needs no back-end. Raises :class:`RunError` for a damaged run,
    :class:`ConfigError` or :class:`ShapeError` for data that the network was not made for.
    """
    folder = _folder(run)
    record = archive.load_record(folder)
    known = record.request["dataset"]
    if data is None:
        return record.evaluation
    dataset = load_dataset(data)
    if dataset.num_classes > len(known["class_names"]):
        raise ConfigError(
            f"{dataset.name} has {dataset.num_classes} classes; at most {len(known['class_names'])} were expected, "
            "as many as the run was trained on."
        )
    return _evaluate(Predictor(folder / ONNX_MODEL), dataset.test, tuple(known["class_names"]))


def report(run: PathLike | Run, *, output: PathLike | None = None) -> Path:
    """Make figures and page of a run again, from its folder alone: without training, without a back-end.

    Writes into the run folder, or, with ``output``, the page alone to that file. Returns the page's path.
    """
    folder = _folder(run)
    record = archive.load_record(folder)
    if output is None:
        with runs.rewriting_report(folder):
            return _write_report(record, folder)
    from .figures.gallery import illustrate
    from .figures.rendering import to_drawing, to_svg
    from .page.document import render

    write_text(output, render(record, [to_drawing(each, to_svg(each)) for each in illustrate(record)]))
    return Path(output)


def _folder(run: PathLike | Run) -> Path:
    """The folder of a complete run, undamaged."""
    return runs.verify(run.folder if isinstance(run, Run) else run)


def _baseline(
    name: str, dataset: Dataset, config: TrainConfig, seed: int, evaluation: Evaluation, progress: Listener | None
) -> Baseline | None:
    """The network beside, trained and measured like the first one; nothing where Ctrl-C cut it short."""
    training = fit(find_model(name), dataset, config, seed=seed, progress=progress)
    if training.stopped_early:
        return None
    of_baseline = _evaluate(training.model, dataset.test, dataset.class_names)
    return measure_baseline(name, training, of_baseline, evaluation)


def _write(record: RunRecord, training: Training, dataset: Dataset, folder: Path) -> None:
    from .export.onnx import export_onnx

    archive.save_record(record, folder)
    export_onnx(
        training.model, folder / ONNX_MODEL, class_names=dataset.class_names, check=dataset.test.images[:CHECKED_IMAGES]
    )


def _write_report(record: RunRecord, folder: Path) -> Path:
    """The figures, each as PNG and SVG, and the page that they are embedded in."""
    from .figures.gallery import illustrate
    from .figures.rendering import to_drawing, to_png, to_svg
    from .page.document import render

    figures = folder / "figures"
    make_folder(figures)
    drawings = []
    for illustration in illustrate(record):
        svg = to_svg(illustration)
        write_text(figures / f"{illustration.name}.svg", svg)
        write_bytes(figures / f"{illustration.name}.png", to_png(illustration))
        drawings.append(to_drawing(illustration, svg))
    page = folder / "report.html"
    write_text(page, render(record, drawings))
    return page


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ConfigError(f"seed={seed!r} cannot be used; a whole number from 0 to {2**32 - 1} was expected.")
