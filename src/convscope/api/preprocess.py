"""``preprocess``: images as a network receives them, for other programs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ..data.digits.recognize_dataset import NAMES
from ..data.images.inputs import ImageLike
from ..data.preprocessing import to_inputs
from ..errors import ConfigError, RunError, reason_of
from ..exporters.metadata import NAME, ModelMetadata, from_metadata, metadata_for_dataset, read_metadata
from ..prediction.prepare import prepare
from ..runs import run_folder
from ..runs.files import EVIDENCE, EXAMPLES, REFERENCE_DATA, REQUEST
from ..runs.reading import read_request
from ..runs.reference_data import load_reference_data
from ..system.arguments import checked
from ..system.files import path_of
from ..system.forms import Sizes
from ..types import PathLike

if TYPE_CHECKING:
    from .run import Run

NEEDED = frozenset({REQUEST, EVIDENCE, REFERENCE_DATA, EXAMPLES})
"""Files of a run folder that are read."""
KINDS = ("float32", "uint8")


@checked
def preprocess(
    contract: PathLike | Run | ModelMetadata | Mapping[str, Any],
    images: ImageLike | Iterable[ImageLike],
    *,
    logits: Callable[[npt.NDArray[np.float32]], npt.ArrayLike] | None = None,
    dtype: Literal["float32", "uint8"] = "float32",
    single: bool = False,
    pixel_range: tuple[float, float] | None = None,
) -> npt.NDArray[Any]:
    """Return images as :func:`predict` feeds them to the network, for a program that runs the network itself.

    Images are turned upright, and cropped and resized like the training data; in photos for a network of digits, each digit is
    found, separated from the paper and centred. This takes neither a back-end nor ONNX Runtime.

    Args:
        contract: How to do it: a run or its folder; what :func:`export` wrote, in any format; or the metadata in that, as a
            mapping or as ``Export.contract``.
        images: As for :func:`predict`.
        logits: The network, which maps arrays as this function returns them to (n, k). With it the parts of a digit that do not
            touch are joined, as :func:`predict` does; without it they may come out as two digits.
        dtype: ``"float32"`` from 0 to 1, as exported networks take it, or ``"uint8"`` from 0 to 255.
        single: Whether to treat each image as one digit.
        pixel_range: Black and white in the images; by default from their values and the training data.

    Returns:
        (n, h, w, c), in the order of the images. An image with several digits has one row for each, in reading order; one
        without any has a row of zeros.

    Raises:
        PictureError: Images cannot be read; the message names all of them.
        RunError: The run or file is damaged, or no ``contract``.
        ConfigError: ``dtype`` is neither.

    Example:
    >>> inputs = convscope.preprocess("mnist.onnx", "four.jpg")
    >>> onnxruntime.InferenceSession("mnist.onnx").run(["logits"], {"inputs": inputs})
    """
    if dtype not in KINDS:
        raise ConfigError(f"dtype must be 'float32' or 'uint8'; got {dtype!r}.")
    about = _metadata_of(contract)
    convert = to_inputs if dtype == "float32" else np.asarray
    reads_digits = logits is not None and set(about.class_names) == NAMES
    prepared, _ = prepare(
        about.fitting,
        images,
        trained_on=about.pixels,
        logits=(lambda pixels: np.asarray(logits(convert(pixels)))) if reads_digits else None,  # type: ignore[misc]
        single=single,
        pixel_range=pixel_range,
    )
    return convert(prepared.images)


def _metadata_of(contract: PathLike | Run | ModelMetadata | Mapping[str, Any]) -> ModelMetadata:
    if isinstance(contract, ModelMetadata):
        return contract
    if isinstance(contract, Mapping):
        try:
            return from_metadata({NAME: json.dumps(dict(contract))})
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, RunError):
                raise
            raise RunError(
                f"the metadata are not those that `convscope export` writes ({reason_of(error)}). Pass the file that they are from."
            ) from error
    path = path_of(contract, "contract")
    is_export = os.path.exists(path) and not os.path.exists(path / REQUEST)
    if is_export and (found := read_metadata(path)):
        return found
    if os.path.isfile(path):
        raise RunError(
            f"{str(path)!r} says nothing about the preprocessing. Pass a run folder, or a file that `convscope export` wrote."
        )
    run_folder.verify(path, only=NEEDED)
    return run_folder.read_whole(path, _of_run)


def _of_run(folder: Path) -> ModelMetadata:
    sizes: Sizes = {}
    dataset = read_request(folder, sizes)["dataset"]
    return metadata_for_dataset(dataset, load_reference_data(folder, sizes).examples)
