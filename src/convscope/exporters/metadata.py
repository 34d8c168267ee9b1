"""Metadata inside every exported file: how to prepare images, and what the outputs mean.

A user of the network must know whether it takes 0..255 or 0..1, light on dark or dark on light. All that goes with the
weights, as one JSON text.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ..data.digits.mnist_style import DigitPreprocessing
from ..data.digits.polarity import polarity_of
from ..data.preprocessing import POLARITY, SCALE, ImagePreprocessor, preprocessor_for, stored_digit_settings
from ..data.read_options import AS_THEY_ARE, PixelForm, pixel_form_of
from ..errors import ConvscopeError, RunError
from ..models.keras_file import METADATA
from ..models.onnx_file import MAX_FILE, MAX_METADATA
from ..models.onnx_writer import protobuf
from ..models.predictor import INPUTS, LOGITS, PROBABILITIES
from ..runs.forms import DATASET
from ..runs.migrations import upgrade_model_metadata
from ..runs.opening import refuse_later_version
from ..system.forms import Between, Maybe, check, parse_json
from ..system.regular_files import open_bounded
from ..types import Images

if TYPE_CHECKING:
    from ..runs.record import RunRecord

NAME = "convscope"
"""Key in the metadata of an ONNX or ``.keras`` file; elsewhere the file :data:`METADATA_FILE`."""
METADATA_FILE, EXTRA = "convscope.json", "assets.extra"
"""The file elsewhere, and its folder in a SavedModel."""
HUB_CONFIG = "config.json"
"""The file in a folder for the Hugging Face Hub, which counts downloads by it."""
VERSION = 2
CLASS_NAMES, PIXEL_SCALE = "class_names", "pixel_scale"
"""Separate keys in an ONNX file, for programs that need nothing else."""
CHANNELS = {1: "grey", 3: "RGB"}
FORM: Mapping[str, Any] = {
    "content?": str,
    "class_names": DATASET["class_names"],
    "image_shape": DATASET["image_shape"],
    "polarity?": DATASET["polarity?"],
    "digit_preprocessing?": DATASET["digit_preprocessing?"],
    "temperature?": Maybe(Annotated[float, Between(1e-6, 1e6)]),
    "pixels?": DATASET["pixels?"],
}
"""What is read of the metadata that another program may have written."""


@dataclass(frozen=True)
class ModelMetadata:
    """What a network needs to know about its images, and a user about its outputs."""

    image_shape: tuple[int, int, int]
    """(h, w, c); c is 1 (grey) or 3 (RGB)."""
    class_names: tuple[str, ...]
    """In the order of the outputs."""
    content: str = "images"
    """Content of the images, for example ``"digits"``."""
    polarity: str | None = None
    """``"light on dark"`` or ``"dark on light"``, if nearly all training images are so."""
    digits: DigitPreprocessing | None = None
    """How to make image files look like the training set, if that consists of digits."""
    temperature: float | None = None
    """Divisor of the logits that calibrates the probabilities; None if not measured."""
    pixels: PixelForm = AS_THEY_ARE
    """What was done to the pixels of the training data."""

    @property
    def fitting(self) -> ImagePreprocessor:
        """Preprocessing from image files of any size to the network's inputs."""
        return ImagePreprocessor(self.image_shape, self.digits, self.polarity if self.digits is None else None)

    def as_dict(self) -> dict[str, Any]:
        """Return the metadata JSON-ready, with everything that a reader would have to guess."""
        return {
            "version": VERSION,
            "content": self.content,
            "class_names": list(self.class_names),
            "image_shape": list(self.image_shape),
            "layout": "n, height, width, channels",
            "channels": CHANNELS.get(self.image_shape[2], f"{self.image_shape[2]} channels"),
            "dtype": "float32",
            "pixel_scale": 1 / SCALE,
            "range": [0, 1],
            "polarity": self.polarity,
            "digit_preprocessing": None if self.digits is None else asdict(self.digits),
            "temperature": self.temperature,
            **({} if self.pixels == AS_THEY_ARE else {"pixels": asdict(self.pixels)}),
            "input": INPUTS,
            "outputs": [LOGITS, PROBABILITIES],
        }

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False)

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata for an ONNX file, whose entries are texts."""
        names = json.dumps(self.class_names)
        return {CLASS_NAMES: names, PIXEL_SCALE: repr(1 / SCALE), NAME: self.to_json()}


def metadata_for_run(record: RunRecord) -> ModelMetadata:
    """Return the metadata of a finished run, with its preprocessing and temperature."""
    evidence = record.evidence
    examples = record.examples.samples if evidence is None else evidence.reference_images[: evidence.sample]
    temperature = (record.metrics.get("uncertainty") or {}).get("temperature")
    return metadata_for_dataset(record.request["dataset"], examples, None if temperature is None else float(temperature))


def metadata_for_dataset(dataset: Mapping[str, Any], examples: Images, temperature: float | None = None) -> ModelMetadata:
    """Return the metadata for a dataset as ``run.json`` describes it, of which ``examples`` (n, h, w, c) are training images."""
    height, width, channels = (int(size) for size in dataset["image_shape"])
    # Images can be preprocessed to one channel or three; for other arrays there is nothing to say.
    digits = preprocessor_for(dataset, examples).digits if channels in CHANNELS else None
    return ModelMetadata(
        (height, width, channels),
        tuple(dataset["class_names"]),
        str(dataset.get("content") or "images"),
        dataset[POLARITY] if POLARITY in dataset else polarity_of(examples),
        digits,
        temperature,
        pixel_form_of(dataset) or AS_THEY_ARE,
    )


def from_metadata(metadata: Mapping[str, str], image_shape: tuple[int, int, int] | None = None) -> ModelMetadata:
    """Read the metadata of an ONNX file; KeyError or ValueError if they are incomplete or contradictory.

    ``image_shape`` is what the network takes, if known. :class:`RunError` if a later convscope wrote them.
    """
    if NAME not in metadata and image_shape is not None:
        check(DATASET["class_names"], names := parse_json(metadata[CLASS_NAMES]), {}, CLASS_NAMES)
        return ModelMetadata(image_shape, tuple(names))
    check({"version?": int}, document := parse_json(metadata[NAME]), {})
    refuse_later_version("model", document.get("version"), VERSION)
    check(FORM, document := upgrade_model_metadata(document), {})
    digits, temperature = document.get("digit_preprocessing"), document.get("temperature")
    height, width, channels = shape = tuple(document["image_shape"])
    if shape != (image_shape or shape):
        raise ValueError(f"image_shape is {document['image_shape']}, but the network takes {list(image_shape or ())}")
    settings = None if digits is None else stored_digit_settings(digits, (height, width))
    return ModelMetadata(
        (height, width, channels),
        tuple(document["class_names"]),
        document.get("content", "images"),
        document.get("polarity"),
        settings if channels == 1 else None,
        temperature,
        pixel_form_of(document) or AS_THEY_ARE,
    )


def read_metadata(path: Path, image_shape: tuple[int, int, int] | None = None) -> ModelMetadata | None:
    """Return convscope's metadata in what it exported, for a network that takes (h, w, c) if known; None if there are none.

    RunError if they are damaged.
    """
    try:
        text = _in_folder(path) if path.is_dir() else _in_onnx(path) if path.suffix == ".onnx" else _in_archive(path)
        return None if text is None else from_metadata({NAME: text}, image_shape)
    except ConvscopeError:
        raise
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"the metadata of {str(path)!r} are damaged ({error!r}). Export it again with `convscope export`."
        ) from error


def _in_folder(path: Path) -> str | None:
    found = next((each for each in (path / EXTRA / METADATA_FILE, path / HUB_CONFIG) if each.is_file()), None)
    if found is None:
        return None
    with open_bounded(found, MAX_METADATA) as file:
        return file.read().decode("utf-8")


def _in_onnx(path: Path) -> str | None:
    with open_bounded(path, MAX_FILE) as file:
        return protobuf.read_metadata(file.read()).get(NAME)


def _in_archive(path: Path) -> str | None:
    """Return the metadata in a ``.keras`` file, or appended to one of LiteRT."""
    with open_bounded(path, MAX_FILE) as file, zipfile.ZipFile(file) as archive:
        if METADATA_FILE in archive.namelist():
            return _member(archive, METADATA_FILE).decode("utf-8")
        document: dict[str, Any] = parse_json(_member(archive, METADATA))
    return json.dumps(document[NAME]) if NAME in document else None


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_METADATA:
        raise ValueError(f"{name} is too large")
    return archive.read(name)
