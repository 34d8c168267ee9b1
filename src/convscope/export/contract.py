"""What a network wants of the pictures that it is given, and what its answers mean: inside every exported file.

A network is of no use to somebody who does not know whether it takes 0..255 or 0..1, light on dark or dark on light.
Everything that convscope knows of it goes with the weights, as one JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..data.digit import DigitSettings
from ..data.fitting import POLARITY, Fitting, fitting_for, settings_from
from ..data.polarity import polarity_of
from ..data.prepare import SCALE
from ..migrations import upgrade_contract
from ..models.predictor import INPUTS, LOGITS, PROBABILITIES

if TYPE_CHECKING:
    from ..analysis.record import RunRecord

NAME = "convscope"
"""The key in the metadata of an ONNX or a ``.keras`` file. Elsewhere the text is a file called :data:`MEMBER`."""
MEMBER = "convscope.json"
VERSION = 2
CLASS_NAMES, PIXEL_SCALE = "class_names", "pixel_scale"
"""Keys of their own in an ONNX file, for those who want no more."""
CHANNELS = {1: "grey", 3: "RGB"}


@dataclass(frozen=True)
class Contract:
    """The terms on which a network works."""

    image_shape: tuple[int, int, int]
    """(h, w, c); c is 1 (grey) or 3 (RGB)."""
    class_names: tuple[str, ...]
    """In the order of the outputs."""
    content: str = "images"
    """What the images are of, as ``"digits"``."""
    polarity: str | None = None
    """``"light on dark"`` or ``"dark on light"``, where nearly all training images are the one or the other, and grey."""
    digits: DigitSettings | None = None
    """How pictures were made into digits like those of the training set, where it is one of digits."""
    temperature: float | None = None
    """Logits divided by it give probabilities that are as sure as they are right; None where that was not measured."""

    @property
    def fitting(self) -> Fitting:
        """How pictures of any size become what the network takes."""
        return Fitting(self.image_shape, self.digits, self.polarity if self.digits is None else None)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, with a word on everything that a reader would otherwise have to guess."""
        digits = None if self.digits is None else asdict(self.digits)
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
            "digit_preprocessing": digits,
            "temperature": self.temperature,
            "input": INPUTS,
            "outputs": [LOGITS, PROBABILITIES],
        }

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False)

    def to_metadata(self) -> dict[str, str]:
        """For an ONNX file, whose metadata are texts."""
        names = json.dumps(self.class_names)
        return {CLASS_NAMES: names, PIXEL_SCALE: repr(1 / SCALE), NAME: self.to_json()}


def contract_of(record: RunRecord) -> Contract:
    """Of a finished run: fitted to the same images, and calibrated as the run is."""
    evidence = record.evidence
    examples = record.examples.samples if evidence is None else evidence.reference_images[: evidence.sample]
    temperature = (record.metrics.get("uncertainty") or {}).get("temperature")
    dataset = record.request["dataset"]
    height, width, channels = (int(size) for size in dataset["image_shape"])
    # Pictures can be fitted to one channel or three; a network of other arrays has nothing to say about them.
    digits = fitting_for(dataset, examples).digits if channels in CHANNELS else None
    return Contract(
        (height, width, channels),
        tuple(dataset["class_names"]),
        str(dataset.get("content") or "images"),
        dataset[POLARITY] if POLARITY in dataset else polarity_of(examples),
        digits,
        None if temperature is None else float(temperature),
    )


def from_metadata(metadata: Mapping[str, str], image_shape: tuple[int, int, int]) -> Contract:
    """The contract in the metadata of an ONNX file; of one that has none, as earlier versions wrote them, the names of the
    classes alone. Raises ``KeyError``, ``TypeError`` or ``ValueError`` where it makes no sense."""
    if NAME not in metadata:
        return Contract(image_shape, _names(json.loads(metadata[CLASS_NAMES])))
    said = upgrade_contract(json.loads(metadata[NAME]))
    digits, temperature = said.get("digit_preprocessing"), said.get("temperature")
    if tuple(said["image_shape"]) != image_shape:
        raise ValueError(f"image_shape is {said['image_shape']}, but the network takes {list(image_shape)}")
    if temperature is not None and not 0 < float(temperature) < float("inf"):
        raise ValueError(f"temperature is {temperature}")
    settings = None if digits is None else settings_from(digits, image_shape[:2])
    return Contract(
        image_shape,
        _names(said["class_names"]),
        str(said.get("content", "images")),
        said.get("polarity"),
        settings if image_shape[2] == 1 else None,
        None if temperature is None else float(temperature),
    )


def _names(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list):
        raise TypeError(f"class_names is {names!r}")
    return tuple(map(str, names))
