"""The public functions, one per command.

Each takes names, paths or arrays, and most return one frozen dataclass.
"""

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
from .reporting import with_evidence, write_page, write_report
from .run_files import ONNX_MODEL
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
    """Measure a run on the test split of ``data``, or return the result on its own test split.

    The network runs in ONNX Runtime and needs no back-end. If ``data`` are read, the run's ledger records it.

    Args:
        run: A run, or its folder.
        data: A dataset, or a source that :func:`load_dataset` accepts. Image files are preprocessed as :func:`predict`
            does it, and classes are matched by name. None returns the result that was measured after the training.
        accuracy: The accuracy to reach, in (0, 1], by leaving out predictions below a confidence threshold. The
            threshold is chosen on the run's validation images and measured on this test split; see ``.threshold`` of
            the result.
        reading: How to read image files and tables.

    Raises:
        RunError: The run folder is damaged.
        ConfigError: The classes of ``data`` are not those of the network, or no threshold reaches ``accuracy``.
        ShapeError: The images have another shape than the network takes.
    """
    folder = _folder(run)
    record = archive.load_record(folder)
    if data is None:
        return _with_threshold(record.evaluation, run, record, accuracy)
    loaded = load_dataset(data, reading, fitting=_fitting(record))
    dataset = align_classes(loaded, record.request["dataset"]["class_names"])
    ledger.Ledger(folder, "evaluate", loaded.name, loaded.fingerprint, len(loaded.test)).enter("an evaluation")
    return _with_threshold(
        _evaluate(Predictor(folder / ONNX_MODEL), dataset.test, dataset.class_names), run, record, accuracy
    )


def examine(run: PathLike | Run, *, everything: bool = False, progress: ExaminingListener | None = None) -> Examination:
    """Measure a run's robustness to corruptions and attacks, and its OOD detection.

    It uses corrupted and attacked images of the run's test split, and images of other kinds. The numbers are added to
    ``metrics.json`` under ``robustness``, ``ood`` and ``attacks``, and the page is made again; the network does
    not change. Attacks need a back-end; without one the rest is measured.

    Args:
        run: A run, or its folder.
        everything: Whether to use all test images instead of a sample stratified by class (1,000 of MNIST).
        progress: Called with an :class:`Examining` after each step.

    Raises:
        RunError: The run folder is damaged.
        DatasetError: The run's data cannot be found any more.

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
    """Write the page of a run, opened at one image.

    The page shows the preprocessing of the image, every layer's activations and the prediction.

    Args:
        run: A run, or its folder.
        image: A path, the bytes of a file, a Pillow image or an array.
        digit: Which digit to open if the image holds several, from 1 in reading order.
        output: The file to write, by default ``NAME.explained.html`` in the current folder, named after the image file.
        overwrite: Whether an existing file may be replaced.

    Raises:
        PictureError: The image cannot be read.
        RunError: The run folder is damaged.
        ConfigError: ``image`` stands for several images, or holds fewer digits than ``digit``.
        OutputError: The file exists already or cannot be written.
    """
    from .explaining import Explanation, choose_page, only_picture

    folder = _folder(run)
    opened, prediction = only_picture(predict(folder, image), digit)
    page = choose_page(opened.name, output, overwrite=overwrite)
    record = with_evidence(archive.load_record(folder), folder, _dataset_in_memory(run))
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
    """Explain every error of a run on its test split, the most confident first.

    Each :class:`Mistake` has the probabilities, the nearest training images of the true and the predicted class, the
    predictions after earlier epochs, and a likely cause: a label error, an ambiguous image or a model error. If the run
    has a label audit, it counts as evidence.

    Args:
        run: A run, or its folder.
        others: Runs on the same data whose predictions are evidence, too.
        study: The folder of a study whose other seeds vote. The votes are saved in the run, and its page is made again.
            A run in the folder of a study finds that study without being told.
        saliency: Whether to measure the influence of every part of the image on both classes, by occlusion and by
            gradients; about 0.2 s per image. Needs Keras with a back-end.
        most: The largest number of errors to explain; None explains all.

    Raises:
        DatasetError: The run has no images of its errors, and its data cannot be found any more.
        ConfigError: A run in ``others`` has different data, or ``study`` has no runs like this one.
        RunError: A run folder is damaged.
        MissingBackendError: ``saliency`` was requested, and there is no back-end.

    >>> [mistake for mistake in convscope.mistakes("runs/mnist-cnn-standard-0") if mistake.triage.kind == "label suspect"]
    """
    from .mistaken import mistakes_of

    folders = [_folder(each) for each in (run, *others)]
    study = None if study is None else Path(study)
    return mistakes_of(folders[0], folders[1:], _dataset_in_memory(run), study=study, saliency=saliency, most=most)


def report(run: PathLike | Run, *, output: PathLike | None = None) -> Path:
    """Write figures and page of a run again, without training and without a back-end.

    A run that was trained without a report reads its dataset once more for the images on the page. If the data cannot be
    found any more, the page is written without them and gives the reason.

    Args:
        run: A run, or its folder.
        output: A file for the page alone; by default figures and page go into the run folder.

    Returns:
        The path of the page.

    Raises:
        RunError: The run folder is damaged.
        OutputError: The page cannot be written.
    """
    folder = _folder(run)
    record = with_evidence(archive.load_record(folder), folder, _dataset_in_memory(run))
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
    """Find possible label errors in the data of a run, the most suspect first.

    Networks trained briefly on the other folds predict each training image; all of them and the run's own network
    predict each test image. The list ``label_suspects.csv`` and the numbers are written into the run folder, and the
    page is made again. An interrupted audit continues after the last complete fold.

    Args:
        run: A run, or its folder.
        folds: The number of cross-validation folds.
        out: A file for a copy of the list.
        overwrite: Whether ``out`` may be replaced.
        confirmed: The list reduced to rows that a person confirmed as label errors; the result then includes the
            accuracy without those test images.
        progress: Called several times per fold.

    Raises:
        MissingExtraError: ``cleanlab`` is not installed; run ``pip install "convscope[audit]"``.
        ConvscopeError: The run, its data or one of the files cannot be used.

    >>> convscope.audit("runs/mnist-cnn-standard-0").rows(10)
    """
    from .auditing.auditing import audit_run

    return audit_run(
        _folder(run),
        _dataset_in_memory(run),
        folds=folds,
        out=None if out is None else Path(out),
        overwrite=overwrite,
        confirmed=None if confirmed is None else Path(confirmed),
        progress=progress,
    )


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
    """Export a run's network with its preprocessing, and verify it on the test images.

    Args:
        run: A run, or its folder.
        format: ``"onnx"``, ``"keras"``, ``"saved_model"`` (a folder) or ``"litert"``; all but the first need a back-end.
        out: The file or folder to write, by default the run's name with the format's suffix in the current folder.
        overwrite: Whether ``out`` may be replaced.

    Raises:
        RunError: The run folder is damaged.
        OutputError: ``out`` exists already or cannot be written.
        MissingBackendError: The format needs a back-end that is not installed.
        ConvscopeError: A logit differs from the run's by more than 1e-4; no file is kept.

    >>> convscope.export("runs/mnist-cnn-standard-0").snippets["Python"]
    """
    from .export.formats import check_format, choose_output
    from .exporting import export_run

    check_format(format)
    folder = _folder(run)
    path = choose_output(format, folder.resolve().name, out, overwrite=overwrite)
    return export_run(folder, path, format, _dataset_in_memory(run))


def serve(
    run: PathLike | Run,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    progress: Callable[[Address], None] | None = None,
) -> signal.Signals | None:
    """Serve a run's page and predictions over HTTP until SIGINT or SIGTERM.

    Pending requests are finished before it returns. ``POST /predict`` takes the bytes of an image file and returns
    JSON; ``GET /openapi.json`` describes the service. It needs the extra ``serve`` and no back-end.

    Args:
        run: A run, or its folder.
        host: The address to listen on. Any other than this machine's own requires a token in every request.
        port: The port; 0 picks a free one.
        token: The token that clients must send; by default one is generated if ``host`` requires it.
        progress: Called with the :class:`Address` once the service accepts requests.

    Returns:
        The signal that stopped the service.

    Raises:
        RunError: The run folder is damaged.
        ConfigError: The token is too easy to guess, or the port does not exist.
        ServiceError: The port is taken, or ``host`` is not an address of this machine.
        MissingExtraError: The extra ``serve`` is not installed.
    """
    from .serving import serve_run

    return serve_run(Path(run), host=host, port=port, token=token, started=progress)


def _fitting(record: RunRecord) -> Fitting | None:
    """Return the preprocessing for a run's network; None if it cannot take image files."""
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


def _dataset_in_memory(run: PathLike | Run) -> Dataset | None:
    """Return the dataset of a run if it is in memory."""
    return run.held_dataset if isinstance(run, Run) else None


def _folder(run: PathLike | Run) -> Path:
    """Return the folder of a run after verifying that it is complete and undamaged."""
    return runs.verify(run)
