"""The form of ``run.json``: every key that convscope reads, its type and its range.

Keys with a question mark are missing in runs of earlier versions. Keys that are not declared, such as those of later versions,
are passed over. :mod:`convscope.runs.metrics_form` declares ``metrics.json``, :mod:`convscope.runs.array_forms` the arrays.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from ..data.digits.mnist_style import DigitPreprocessing
from ..data.digits.polarity import DARK, LIGHT
from ..data.read_options import PixelForm, ReadOptions
from ..system.forms import Between, Items, Maybe, Moment, NotNegative, Positive, Size

MAX_CLASSES = 2**16
"""Classes are stored in 16 bits."""
Epochs = Annotated[int, Between(1, 10**6)]
Rows = Annotated[int, Size("rows of an image", 1)]
Columns = Annotated[int, Size("columns of an image", 1)]
Channels = Annotated[int, Size("channels", 1)]

DATASET: Mapping[str, Any] = {
    "name": str,
    "source": str,
    "description": str,
    "licence": str,
    "content": str,
    "notes": [str],
    "pixels?": Maybe(PixelForm),
    "problems": [str],
    "reading?": Maybe(ReadOptions),
    "fingerprint": str,
    "image_shape": tuple[Rows, Columns, Channels],
    "class_names": Items(str, "classes", unique=True, low=1, high=MAX_CLASSES),
    "digit_preprocessing?": Maybe(DigitPreprocessing),
    "polarity?": Maybe(Literal[LIGHT, DARK]),
}

RUN_FORM: Mapping[str, Any] = {
    "schema_version": int,
    "state": str,
    "created": Moment,
    "command": str,
    "model": str,
    "weights?": str,
    "network_fingerprint?": str,
    "recipe": str,
    "seed": int,
    "engine?": str,
    "config": {"recipe": str, "epochs": Epochs, "batch_size": Positive, "learning_rate": NotNegative, "validation": str,
               "augmentation": Mapping[str, Any], "*": Any},
    "training_set?": {"num_images": Positive, "image_shape": tuple[Rows, Columns, Channels], "num_classes": Positive,
                      "photos": bool},
    "augmentation": Mapping[str, Any],
    "dataset": DATASET,
    "left_out": [{"name": str, "reason": str}],
    "versions": {"convscope": str, "*": str},
    "machine": {"processor": str, "cores": int, "system": str},
    "stopped_early": bool,
    "ending?": Maybe(Literal["epochs", "time", "validation"]),
    "epochs_trained?": Epochs,
    "precision": str,
    "batch_size": Positive,
    "steps_per_epoch?": Positive,
    "backend": str,
    "accelerators": [str],
    "arithmetic?": str,
    "onnx?": Mapping[str, Any],
}  # fmt: skip

BEGUN_FORM: Mapping[str, Any] = {
    "dataset?": {"fingerprint?": str, "reading?": Maybe(Mapping[str, Any]), "class_names?": [str]},
    "config?": Mapping[str, Any],
    "versions?": Mapping[str, str],
}
"""Of a training that was not finished: what a resumed one is compared with."""
STUDY_REQUEST: Mapping[str, Any] = {
    "created": Moment,
    "dataset": {"fingerprint": str},
    "models?": [str],
    "recipes": {"*": Mapping[str, Any]},
    "sizes": list[Any],
    "seeds?": [int],
    "folds?": Maybe(Positive),
    "versions": {"*": str},
    "machine": {"processor": str, "cores": int, "system": str},
}
STUDY_RESULTS: Mapping[str, Any] = {
    "runs": [{"run": str, "seed": int, "size": int, "model": str, "recipe": str, "fold?": Positive}],
    "dataset": {"train": int, "class_names?": [str]},
    "folds?": Positive,
}
"""Of ``study-results.json``, what the votes of a study's seeds are found by."""
