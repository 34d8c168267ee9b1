"""The forms of the ``.npz`` files of a run: every array that convscope reads, its type, its shape and its range."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..system.arrays import BYTE, FLOATS, INTEGERS, TEXT, Array, ArrayForm, check_arrays
from ..system.forms import LARGEST_FLOAT, FormError, Sizes
from . import opening
from .files import EVIDENCE, EXAMPLES, PREDICTIONS, REFERENCE_DATA, SNAPSHOTS
from .migrations import upgrade_arrays, upgraded_name
from .opening import wrong_value

MAY_LACK = ("epoch_snapshots/confusion", "epoch_snapshots/predictions")
"""With very many classes, and in a few old runs."""
IMAGE = ("rows of an image", "columns of an image", "channels")
"""Names of sizes, which ``run.json`` gives."""
CLASSES, TEST, REFERENCE = "classes", "test images", "reference images"
DISTANCES = {
    "mahalanobis/layer_name": ArrayForm(TEXT, is_optional=True),
    "mahalanobis/whitening": ArrayForm(
        FLOATS, ("features", "directions"), low=-LARGEST_FLOAT, high=LARGEST_FLOAT, is_optional=True
    ),
    "mahalanobis/means": ArrayForm(
        FLOATS, ("class means", "directions"), low=-LARGEST_FLOAT, high=LARGEST_FLOAT, is_optional=True
    ),
    "mahalanobis/distances": ArrayForm(FLOATS, (101,), high=LARGEST_FLOAT, is_optional=True),
}
FORMS: Mapping[str, Mapping[str, ArrayForm]] = {
    PREDICTIONS: {
        "labels": ArrayForm(INTEGERS, (TEST,), high=CLASSES),
        "logits": ArrayForm(FLOATS, (TEST, CLASSES), low=-LARGEST_FLOAT, high=LARGEST_FLOAT),
        "names": ArrayForm(BYTE, ("bytes of names",), is_optional=True),
        "baseline": ArrayForm(INTEGERS, (TEST,), high=CLASSES, is_optional=True),
    },
    SNAPSHOTS: {"network": ArrayForm(BYTE, ("bytes of the network",)), "epochs": ArrayForm(INTEGERS, size="epochs")},
    EXAMPLES: {
        "first_image": ArrayForm(BYTE, (1, *IMAGE)),
        "first_label": ArrayForm(INTEGERS, high=CLASSES),
        "samples": ArrayForm(BYTE, ("samples", *IMAGE)),
        "sample_labels": ArrayForm(INTEGERS, ("samples",), high=CLASSES),
        "one_per_class": ArrayForm(BYTE, ("shown classes", *IMAGE)),
        "one_per_class_labels": ArrayForm(INTEGERS, ("shown classes",), high=CLASSES),
        "one_per_class_indices": ArrayForm(INTEGERS, ("shown classes",), high=TEST),
        "test_image": ArrayForm(BYTE, (1, *IMAGE)),
        "test_label": ArrayForm(INTEGERS, high=CLASSES),
        "mistakes": ArrayForm(BYTE, ("shown mistakes", *IMAGE)),
        "mistake_indices": ArrayForm(INTEGERS, ("shown mistakes",), high=TEST),
    },
    EVIDENCE: {
        "test_images": ArrayForm(BYTE, ("shown test images", *IMAGE)),
        "test_indices": ArrayForm(INTEGERS, ("shown test images",), high=TEST, is_ascending=True),
        "reference_images": ArrayForm(BYTE, (REFERENCE, *IMAGE)),
        "reference_labels": ArrayForm(INTEGERS, (REFERENCE,), high=CLASSES),
        "reference_indices": ArrayForm(INTEGERS, (REFERENCE,)),
        "sample": ArrayForm(INTEGERS, high=LARGEST_FLOAT),
        "selected_on": ArrayForm(TEXT, choices=("validation", "training")),
        "nearest_neighbours/test_indices": ArrayForm(INTEGERS, ("mistakes",), high=TEST, is_optional=True),
        "nearest_neighbours/true": ArrayForm(INTEGERS, ("mistakes", 3), low=-1, high=REFERENCE, is_optional=True),
        "nearest_neighbours/predicted": ArrayForm(INTEGERS, ("mistakes", 3), low=-1, high=REFERENCE, is_optional=True),
        "epoch_snapshots/epochs": ArrayForm(INTEGERS, ("kept epochs",), low=1, is_optional=True, is_ascending=True),
        "epoch_snapshots/accuracy": ArrayForm(FLOATS, ("kept epochs",), high=1, is_optional=True),
        "epoch_snapshots/confusion": ArrayForm(INTEGERS, ("kept epochs", CLASSES, CLASSES), is_optional=True),
        "epoch_snapshots/predictions": ArrayForm(INTEGERS, ("kept epochs", TEST), high=CLASSES, is_optional=True),
        "pca_map/layer_name": ArrayForm(TEXT, is_optional=True),
        "pca_map/test_indices": ArrayForm(INTEGERS, ("points",), high=TEST, is_optional=True, is_ascending=True),
        "pca_map/coordinates": ArrayForm(FLOATS, ("points", 2), low=-LARGEST_FLOAT, high=LARGEST_FLOAT, is_optional=True),
        "pca_map/explained_variance_ratio": ArrayForm(FLOATS, (2,), high=1, is_optional=True),
        "pca_map/mean": ArrayForm(FLOATS, ("features",), low=-LARGEST_FLOAT, high=LARGEST_FLOAT, is_optional=True),
        "pca_map/components": ArrayForm(FLOATS, (2, "features"), low=-1, high=1, is_optional=True),
        **DISTANCES,
    },
    REFERENCE_DATA: {
        "reference_images": ArrayForm(BYTE, (REFERENCE, *IMAGE)),
        "sample": ArrayForm(INTEGERS, high=LARGEST_FLOAT),
        **DISTANCES,
    },
}


def read_arrays(path: Path, sizes: Sizes, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, Array]:
    """Return the arrays of a file of a run that are ``wanted``, under today's names, after a check of their form.

    Raises :class:`RunError`, which names the first array that is of another form, or contradicts ``sizes``.
    """
    forms = {name: form for name, form in FORMS[path.name].items() if wanted(name)}
    arrays = upgrade_arrays(opening.load_arrays(path, lambda name: path.name == SNAPSHOTS or upgraded_name(name) in forms))
    try:
        checked = check_arrays(forms, arrays, sizes)
        _refuse_cut_parts(forms, checked)
        return arrays if path.name == SNAPSHOTS else checked
    except FormError as error:
        raise wrong_value(path, error) from error


def _refuse_cut_parts(forms: Mapping[str, ArrayForm], arrays: Mapping[str, Array]) -> None:
    """Raise :class:`FormError` for a part of the evidence of which some arrays are missing."""
    parts = {name.split("/")[0] for name in arrays if "/" in name}
    needed = [name for name in forms if name.split("/")[0] in parts and name not in MAY_LACK]
    if missing := [name for name in needed if name not in arrays]:
        raise FormError(f"the array {missing[0]} is missing")
