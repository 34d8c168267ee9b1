"""Reference data in a run folder: all that a prediction needs besides the model.

Apart from :mod:`convscope.runs.store`, so that a prediction neither reads nor imports the rest of a run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ..analysis.ood.mahalanobis import MahalanobisDistance, ReferenceData
from ..system.arrays import Array, below, save_arrays
from ..system.forms import Sizes
from .array_forms import read_arrays
from .files import EVIDENCE, EXAMPLES, REFERENCE_DATA
from .opening import is_held

REFERENCE_KEYS = ("reference_images", "sample", "mahalanobis")
"""The arrays, or groups of arrays, that :class:`ReferenceData` is made from."""


def save_reference_data(reference: ReferenceData, folder: Path) -> None:
    """Write ``yardsticks.npz``, for a run without evidence. About 140 kB for MNIST."""
    arrays: dict[str, npt.ArrayLike] = {"reference_images": reference.examples, "sample": len(reference.examples)}
    arrays |= dict(to_arrays("mahalanobis", reference.mahalanobis))
    save_arrays(folder / REFERENCE_DATA, arrays, compressed=True)


def load_reference_data(path: Path, sizes: Sizes) -> ReferenceData:
    """Return the reference data of the run folder ``path``, a hundred times faster than the whole run.

    ``sizes`` are those of ``run.json``.
    """
    found = next((path / name for name in (EVIDENCE, REFERENCE_DATA) if is_held(path / name)), None)
    wanted = REFERENCE_KEYS if found else ("samples",)
    arrays = read_arrays(found or path / EXAMPLES, sizes, lambda name: name.split("/")[0] in wanted)
    examples = arrays["samples"] if not found else arrays["reference_images"][: int(arrays["sample"])]
    return ReferenceData(examples, from_arrays(MahalanobisDistance, below(arrays, "mahalanobis")))


def to_arrays(name: str, part: Any) -> Iterator[tuple[str, npt.ArrayLike]]:
    """Yield the fields of a dataclass as ``name/field``, without those that are None; nothing if ``part`` is None."""
    for field in fields(part) if part is not None else ():
        if (value := getattr(part, field.name)) is not None:
            yield f"{name}/{field.name}", value


def from_arrays(kind: type[Any], arrays: Mapping[str, Array]) -> Any:
    """Return the dataclass ``kind`` that :func:`to_arrays` wrote; None if there are no arrays."""
    return kind(**{name: to_scalar(array) for name, array in arrays.items()}) if arrays else None


def to_scalar(array: Array) -> Any:
    """Return an array without axes as a Python value, any other as it is."""
    return array if array.ndim else array.item()
