"""The verbs. Each takes what people hold (a name, a path, an array) and returns one frozen dataclass."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from . import archive, runs
from .analysis.evaluation import Evaluation
from .analysis.evaluation import evaluate as _evaluate
from .data.alignment import align_classes
from .data.dataset import Dataset
from .data.load import fit_to_run, load_dataset
from .data.pictures import PictureLike
from .data.reading import DEFAULTS, ReadOptions
from .experiment import Run as Run
from .experiment import train as train
from .models.predictor import Predictor
from .prediction.classifier import open_classifier
from .prediction.predicting import predict as _predict
from .prediction.predictions import Predictions
from .reporting import ONNX_MODEL, with_evidence, write_page, write_report
from .types import PathLike

if TYPE_CHECKING:
    from .explaining import Explanation


def evaluate(run: PathLike | Run, data: PathLike | Dataset | None = None, *, reading: ReadOptions = DEFAULTS) -> Evaluation:
    """How good a run is on the test split of ``data``; without it, what was measured on its own when it was trained.

    Pictures in a folder are fitted to what the network takes, and classes are found by their names.
    Goes through ONNX Runtime and needs no back-end. Raises :class:`RunError` for a damaged run,
    :class:`ConfigError` or :class:`ShapeError` for data that the network was not made for.
    """
    folder = _folder(run)
    record = archive.load_record(folder)
    known = record.request["dataset"]
    if data is None:
        return record.evaluation
    height, width, _ = known["image_shape"]
    dataset = align_classes(load_dataset(data, fit_to_run(data, reading, (height, width))), known["class_names"])
    return _evaluate(Predictor(folder / ONNX_MODEL), dataset.test, dataset.class_names)


def predict(
    run: PathLike | Run,
    images: PictureLike | Iterable[PictureLike],
    *,
    top: int = 3,
    skip_bad_images: bool = False,
) -> Predictions:
    """Classify pictures with a run, or with a ``model.onnx`` that convscope wrote, through ONNX Runtime.

    ``images``: names of files or folders, patterns such as ``"photos/*.jpg"``, the bytes of files, Pillow's images, arrays
    (h, w) or (h, w, c) of uint8 or of floats 0..1, a list of these, or one array (n, h, w, c). Each is fitted to what the
    network takes, and the result says how. ``top``: classes per picture.

    Raises :class:`PictureError` that names every picture that cannot be read; with ``skip_bad_images`` they are left out,
    and listed in the result. :class:`RunError` for a damaged run.

    >>> convscope.predict("runs/mnist-cnn-standard-0", "four.jpg")[0].class_name
    """
    return _predict(
        open_classifier(run.folder if isinstance(run, Run) else run), images, top=top, skip_bad_images=skip_bad_images
    )


def explain(
    run: PathLike | Run, image: PictureLike, *, output: PathLike | None = None, overwrite: bool = False
) -> Explanation:
    """Make the page of a run, opened at one picture: what the network sees of it, every layer, and why it answers so.

    Written to ``output``, by default to ``NAME.explained.html`` in the current folder, after the name of the picture's
    file. Raises :class:`PictureError`, :class:`RunError`, or :class:`OutputError`, also where that file exists already.
    """
    from .explaining import Explanation, choose_page, only_picture

    folder = _folder(run)
    found = predict(folder, image)
    opened = only_picture(found)
    page = choose_page(opened.name, output, overwrite=overwrite)
    record = with_evidence(archive.load_record(folder), folder, run.dataset if isinstance(run, Run) else None)
    write_page(record, page, opened=opened)
    return Explanation(page, found[0])


def report(run: PathLike | Run, *, output: PathLike | None = None) -> Path:
    """Make figures and page of a run again, from its folder alone: without training, without a back-end.

    Writes into the run folder, or, with ``output``, the page alone to that file. Returns the page's path. Of a run that was
    trained without a report, the dataset is read once more, for the images that the page shows; where it is not there any
    more, the page does without them, and says why.
    """
    folder = _folder(run)
    record = with_evidence(archive.load_record(folder), folder, run.dataset if isinstance(run, Run) else None)
    if output is None:
        with runs.rewriting_report(folder):
            return write_report(record, folder)
    write_page(record, Path(output))
    return Path(output)


def _folder(run: PathLike | Run) -> Path:
    """The folder of a complete run, undamaged."""
    return runs.verify(run.folder if isinstance(run, Run) else run)
