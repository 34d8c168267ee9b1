"""``explain``: the page of a run, opened at one image."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..data.images.inputs import ImageLike
from ..errors import ConfigError, PictureError
from ..formatting import count_of
from ..page.payload import OpenedPicture
from ..page.write import write_page
from ..prediction.predictions import Prediction, Predictions
from ..runs import run_folder, store
from ..runs.evidence import ensure_evidence
from ..system.arguments import checked
from ..types import PathLike
from .output import check_output, out_was_output
from .predict import predict, refuse_run
from .run import Run, dataset_in_memory

ENDING = ".explained.html"

NAMELESS = "picture"
"""Stem of the page for an image without a usable file name."""


@dataclass(frozen=True)
class Explanation:
    """The written page, and the prediction."""

    page: Path
    prediction: Prediction


@out_was_output
@checked
def explain(
    run: PathLike | Run, image: ImageLike, *, digit: int = 1, out: PathLike | None = None, overwrite: bool = False
) -> Explanation:
    """Write the page of a run, opened at one image.

    The page shows the preprocessing of the image, every layer's activations and the prediction.

    Args:
        run: A run, or its folder.
        image: A path, the bytes of a file, a Pillow image or an array.
        digit: Which digit to open if the image holds several, from 1 in reading order.
        out: The file to write, by default ``NAME.explained.html`` in the current folder, named after the image file.
        overwrite: Whether an existing file may be replaced.

    Raises:
        PictureError: The image cannot be read.
        RunError: The run folder is damaged.
        ConfigError: ``image`` stands for several images, or holds fewer digits than ``digit``.
        OutputError: The file exists already or cannot be written.
    """
    refuse_run(image)
    folder = run_folder.verify(run)
    page = None if out is None else check_output(out, overwrite=overwrite, inputs=[run, image])
    record = store.load_record(folder)
    opened, prediction = _only_image(predict(folder, image), digit)
    page = page or check_output(default_page(opened.name), overwrite=overwrite, inputs=[run, image])
    record = ensure_evidence(record, folder, dataset_in_memory(run))
    store.refuse_other_run(record, folder)
    write_page(record, page, opened=opened)
    return Explanation(page, prediction)


def _only_image(predictions: Predictions, digit: int) -> tuple[OpenedPicture, Prediction]:
    """Return the image that the page opens at, and its prediction, or raise ConfigError."""
    place = predictions.places[0] if len(predictions) and predictions.places else None
    digits = place.of if place else 1
    if len(predictions) != digits:
        files = sum(each is None or each.number == 1 for each in predictions.places or [None] * len(predictions))
        raise ConfigError(
            f"explain takes one image file; got {files} images. Explain them one by one, or classify them with convscope predict."
        )
    name = predictions.names[0]
    if not 1 <= digit <= digits:
        accepted = "digit must be 1" if digits == 1 else f"digit must be from 1 to {digits}, in reading order"
        raise ConfigError(f"{accepted}; got {digit!r}. {name!r} contains {count_of(digits, 'digit')}.")
    chosen = digit - 1
    if not predictions[chosen].answers:
        raise PictureError(f"no digit found in {name!r}. Pass an image with ink that stands out from its background.")
    return OpenedPicture(name, predictions.prepared[chosen], predictions.preprocessing_steps[chosen]), predictions[chosen]


def default_page(name: str) -> Path:
    """Return the page's path for an image file, with characters that every system accepts."""
    return Path((re.sub(r"[^\w.-]+", "-", Path(name).stem).strip(".-")[:100] or NAMELESS) + ENDING)
