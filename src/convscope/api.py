"""The verbs. Each takes what people hold (a name, a path, an array) and returns one frozen dataclass."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import archive, ledger, runs
from .analysis.evaluation import Evaluation
from .analysis.evaluation import evaluate as _evaluate
from .data.again import same_dataset
from .data.alignment import align_classes
from .data.dataset import Dataset
from .data.load import load_dataset
from .data.pictures import PictureLike
from .data.reading import DEFAULTS, ReadOptions
from .experiment import train as train
from .models.predictor import Predictor
from .predicting import predict as predict
from .reporting import ONNX_MODEL, with_evidence, write_page, write_report
from .study.studying import Study as Study
from .study.studying import study as study
from .trained_run import Run as Run
from .trained_run import load_run as load_run
from .types import PathLike

if TYPE_CHECKING:
    from .analysis.comparison import Comparison
    from .analysis.label_audit import LabelAudit
    from .analysis.mistakes import Mistake
    from .analysis.record import RunRecord
    from .auditing.cross_validation import Listener as AuditListener
    from .data.fitting import Fitting
    from .examining import Examination
    from .examining import Listener as ExaminingListener
    from .explaining import Explanation
    from .exporting import Export
    from .server.address import Address


def evaluate(
    run: PathLike | Run,
    data: PathLike | Dataset | None = None,
    *,
    accuracy: float | None = None,
    reading: ReadOptions = DEFAULTS,
) -> Evaluation:
    """How good a run is on the test split of ``data``; without it, what was measured on its own when it was trained.

    Pictures in a folder are prepared as :func:`predict` prepares them for the network, and classes are found by their names.
    That ``data`` were read is noted in the run's ledger, where its folder can be written.
    ``accuracy``: also find the threshold of confidence from which answers are right so often, 0..1. It is chosen on the run's
    validation images, whose data are read again for it, and what it comes to is measured here: ``.threshold`` of the result.

    Goes through ONNX Runtime and needs no back-end. Raises :class:`RunError` for a damaged run,
    :class:`ConfigError` or :class:`ShapeError` for data that the network was not made for, :class:`ConfigError` for an
    ``accuracy`` that no threshold gives.
    """
    folder = _folder(run)
    record = archive.load_record(folder)
    known = record.request["dataset"]
    if data is None:
        return _with_threshold(record.evaluation, run, record, accuracy)
    loaded = load_dataset(data, reading, fitting=_fitting(record))
    dataset = align_classes(loaded, known["class_names"])
    ledger.Ledger(folder, "evaluate", loaded.name, loaded.fingerprint, len(loaded.test)).enter("an evaluation")
    return _with_threshold(
        _evaluate(Predictor(folder / ONNX_MODEL), dataset.test, dataset.class_names), run, record, accuracy
    )


def examine(run: PathLike | Run, *, everything: bool = False, progress: ExaminingListener | None = None) -> Examination:
    """Measure how a run's network bears corrupted images and attacks, and whether it notices strange ones.

    Measured on test images of the data that it was trained on: a sample in proportion to the classes (1,000 of MNIST), or
    with ``everything`` all of them. The numbers go into the run's ``metrics.json`` under ``robustness``, ``ood`` and
    ``attacks``, and its page is made again; nothing in the network is changed or chosen by them. The attacks need a
    back-end; without one the rest is measured. ``progress`` is called with an :class:`Examining` after each part.

    Raises :class:`RunError` for a damaged run, :class:`DatasetError` where its data are not there any more.

    >>> convscope.examine("runs/mnist-cnn-standard-0").robustness.worst
    """
    from .examining import examine_run

    return examine_run(run, everything=everything, progress=progress)


def explain(
    run: PathLike | Run,
    image: PictureLike,
    *,
    digit: int = 1,
    output: PathLike | None = None,
    overwrite: bool = False,
) -> Explanation:
    """Make the page of a run, opened at one picture: what the network sees of it, every layer, and why it answers so.

    Written to ``output``, by default to ``NAME.explained.html`` in the current folder, after the name of the picture's
    file. ``digit``: which one, where several are found on a sheet. Raises :class:`PictureError`, :class:`RunError`,
    :class:`ConfigError`, or :class:`OutputError`, also where that file exists already.
    """
    from .explaining import Explanation, choose_page, only_picture

    folder = _folder(run)
    found = predict(folder, image)
    opened, prediction = only_picture(found, digit)
    page = choose_page(opened.name, output, overwrite=overwrite)
    record = with_evidence(archive.load_record(folder), folder, _held(run))
    write_page(record, page, opened=opened)
    return Explanation(page, prediction)


def mistakes(
    run: PathLike | Run,
    *,
    others: Iterable[PathLike | Run] = (),
    study: PathLike | None = None,
    saliency: bool = False,
    most: int | None = None,
) -> tuple[Mistake, ...]:
    """Explain every test image that a run got wrong, the most confident mistake first.

    Each :class:`Mistake` has the probabilities, the nearest training images of both classes, what the image was taken for after
    earlier epochs, and a hint at whose fault it is: the label's, nobody's, or the network's. A label audit of the run is part of
    its evidence. ``others``: runs on the same data that are asked too. ``study``: the folder of a study, of whose other seeds the
    votes are counted; they are written into the run too, and its page is made again. A run in a study's own folder finds it by
    itself. ``saliency``: whether to measure what every part of the image contributes to both classes, by covering patches
    and by gradients; this takes about 0.2 s an image and needs Keras with a back-end, TensorFlow or JAX. Nothing else here does.
    ``most``: how many mistakes at most.

    Raises :class:`DatasetError` where the run has no images of its mistakes and its data are not there any more,
    :class:`ConfigError` for ``others`` on different data or a ``study`` without runs like this one, :class:`RunError` for a
    damaged run, :class:`MissingBackendError` for ``saliency`` without a back-end.

    >>> [mistake for mistake in convscope.mistakes("runs/mnist-cnn-standard-0") if mistake.triage.kind == "label suspect"]
    """
    from .mistaken import mistakes_of

    folders = [_folder(each) for each in (run, *others)]
    place = None if study is None else Path(study)
    return mistakes_of(folders[0], folders[1:], _held(run), study=place, saliency=saliency, most=most)


def report(run: PathLike | Run, *, output: PathLike | None = None) -> Path:
    """Make figures and page of a run again, from its folder alone: without training, without a back-end.

    Writes into the run folder, or, with ``output``, the page alone to that file. Returns the page's path. Of a run that was
    trained without a report, the dataset is read once more, for the images that the page shows; where it is not there any
    more, the page does without them, and says why.
    """
    folder = _folder(run)
    record = with_evidence(archive.load_record(folder), folder, _held(run))
    if output is None:
        with runs.rewriting_report(folder):
            return write_report(record, folder)
    write_page(record, Path(output))
    return Path(output)


def audit(
    run: PathLike | Run,
    *,
    folds: int = 4,
    out: PathLike | None = None,
    overwrite: bool = False,
    confirmed: PathLike | None = None,
    progress: AuditListener | None = None,
) -> LabelAudit:
    """The labels of a run's data that deserve a second look, the most suspect first: hints, never a verdict.

    Each training image is judged by a network that was trained quickly on the other ``folds``, each test image by all of them
    and the run's own. Writes ``label_suspects.csv`` and the numbers into the run folder and makes its page again; ``out``: a copy
    of the list. ``confirmed``: that list with only the rows left that a person found to be wrong: the result says how accurate
    the network is without those test images. ``progress`` is called several times per fold. An audit that was stopped goes on
    where it was.

    Raises :class:`ConvscopeError`, also where ``cleanlab`` is missing (``pip install "convscope[audit]"``).

    >>> convscope.audit("runs/mnist-cnn-standard-0").rows(10)
    """
    from .auditing.auditing import audit_run

    return audit_run(
        _folder(run),
        _held(run),
        folds=folds,
        out=None if out is None else Path(out),
        overwrite=overwrite,
        confirmed=None if confirmed is None else Path(confirmed),
        progress=progress,
    )


def compare(runs: Sequence[PathLike | Run], *, output: PathLike | None = None, overwrite: bool = False) -> Comparison:
    """Set two or more runs against each other on their common test images: is one better, or do the images not say?

    Per pair McNemar's test (mid-p, with Holm's correction where there are several pairs) and the 95% interval of the
    difference; per run what it costs, the time per image measured now. ``output``: the file to write the page to, with the
    images on which they disagree. Needs no back-end.

    Raises :class:`ConfigError` for runs on different data or one given twice, :class:`RunError` for a damaged run,
    :class:`OutputError` where the page exists already.

    >>> convscope.compare(["runs/mnist-cnn-standard-0", "runs/mnist-ann-standard-0"]).pairs[0].told_apart
    """
    from .comparing.comparing import compare_runs

    if isinstance(runs, str | os.PathLike):
        runs = [runs]
    return compare_runs(runs, output=output, overwrite=overwrite)


def export(
    run: PathLike | Run,
    format: str = "onnx",  # noqa: A002
    *,
    out: PathLike | None = None,
    overwrite: bool = False,
) -> Export:
    """Write a run's network for use elsewhere, checked against what the run itself answered.

    ``format``: ``"onnx"``, ``"keras"``, ``"saved_model"`` (a folder) or ``"litert"``; all but the first need the back-end.
    ``out``: by default the run's name with the format's ending, in the current folder. What the network wants of pictures
    goes into the file.

    Raises :class:`RunError`, :class:`OutputError` where something is there already, :class:`MissingBackendError`, and
    :class:`ConvscopeError` where a logit differs by more than 1e-4; nothing is then kept.

    >>> convscope.export("runs/mnist-cnn-standard-0").snippets["Python"]
    """
    from .export.formats import check_format, choose_output
    from .exporting import export_run

    check_format(format)
    folder = _folder(run)
    path = choose_output(format, folder.resolve().name, out, overwrite=overwrite)
    return export_run(folder, path, format, _held(run))


def serve(
    run: PathLike | Run,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    progress: Callable[[Address], None] | None = None,
) -> signal.Signals | None:
    """Serve a run's page and its predictions over HTTP until the process is told to stop; returns the signal that did.

    ``POST /predict`` takes the bytes of a picture and answers with JSON; ``GET /openapi.json`` describes it all. Only this
    machine is answered; for another ``host`` everybody who asks has to show the ``token``, which is made up where none is
    given. ``port`` 0 takes a free one. ``progress`` is called with the :class:`Address` once requests are taken. Needs the
    extra ``serve`` and no back-end. What is under way when the signal comes is finished.

    Raises :class:`RunError`, :class:`ConfigError` for a token that could be guessed, :class:`OutputError` for a port that
    is taken.
    """
    from .serving import serve_run

    return serve_run(Path(run), host=host, port=port, token=token, started=progress)


def _fitting(record: RunRecord) -> Fitting | None:
    """How a run's network takes pictures; None of one that takes arrays of other channels alone."""
    from .export.contract import CHANNELS, contract_of

    return contract_of(record).fitting if record.request["dataset"]["image_shape"][2] in CHANNELS else None


def _with_threshold(evaluation: Evaluation, run: PathLike | Run, record: RunRecord, accuracy: float | None) -> Evaluation:
    if accuracy is None:
        return evaluation
    from .analysis.doubt import threshold_for_accuracy

    dataset = run.dataset if isinstance(run, Run) else same_dataset(record.request["dataset"])
    predictor = Predictor(_folder(run) / ONNX_MODEL)
    return replace(
        evaluation,
        threshold=threshold_for_accuracy(predictor, dataset, evaluation, record.request, record.metrics, accuracy),
    )


def _held(run: PathLike | Run) -> Dataset | None:
    """The dataset of a run, where it is in memory."""
    return run.held_dataset if isinstance(run, Run) else None


def _folder(run: PathLike | Run) -> Path:
    """The folder of a complete run, undamaged."""
    return runs.verify(run)
