"""What new images are judged by, to and from the files of a run folder: all that a prediction needs besides the model, so that it
waits for nothing else of a run, neither to be read nor to be imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy.typing as npt

from .analysis.calibration import Calibration
from .analysis.novelty import Novelty
from .analysis.yardsticks import Yardsticks
from .arrays import Array, below, load_arrays, save_arrays
from .errors import RunError
from .run_files import EVIDENCE, EXAMPLES, REFERENCE_DATA

JUDGING = ("reference_images", "sample", "calibration", "novelty")
"""The parts of the evidence that new images are judged by."""


def save_yardsticks(yardsticks: Yardsticks, folder: Path) -> None:
    """Write ``yardsticks.npz``, of a run that has no evidence. About 100 kB for MNIST."""
    arrays: dict[str, npt.ArrayLike] = {"reference_images": yardsticks.examples, "sample": len(yardsticks.examples)}
    arrays |= dict(part_arrays("calibration", yardsticks.calibration))
    arrays |= dict(part_arrays("novelty", yardsticks.novelty))
    save_arrays(folder / REFERENCE_DATA, arrays, compressed=True)


def load_yardsticks(path: Path) -> Yardsticks:
    """What new images are judged by, without the rest of a run, which takes a hundred times as long to read."""
    found = next((path / name for name in (EVIDENCE, REFERENCE_DATA) if (path / name).is_file()), None)
    if found:
        arrays = load_arrays(found, lambda name: name.split("/")[0] in JUDGING)
    else:
        arrays = load_arrays(path / EXAMPLES, lambda name: name == "samples")
    try:
        examples = arrays["samples"] if "samples" in arrays else arrays["reference_images"][: int(arrays["sample"])]
        calibration = part_from(Calibration, below(arrays, "calibration"))
        novelty = part_from(Novelty, below(arrays, "novelty"))
    except (KeyError, TypeError, ValueError) as error:
        raise unfitting(path, error) from error
    return Yardsticks(examples, calibration, novelty)


def unfitting(path: Path, error: Exception) -> RunError:
    """Of files that can be read, but are not of one training."""
    return RunError(
        f"the files of the run {str(path)!r} do not fit together ({error!r}); those that one training wrote were "
        "expected. Copy the run folder again, or train again."
    )


def part_arrays(name: str, part: Any) -> Iterator[tuple[str, npt.ArrayLike]]:
    """The fields of a part that is there."""
    for field in fields(part) if part is not None else ():
        if (value := getattr(part, field.name)) is not None:
            yield f"{name}/{field.name}", value


def part_from(kind: type[Any], arrays: Mapping[str, Array]) -> Any:
    """A frozen dataclass from its fields, as :func:`part_arrays` kept them; ``None`` where there are none."""
    return kind(**{name: plain(array) for name, array in arrays.items()}) if arrays else None


def plain(array: Array) -> Any:
    """Numbers and texts are kept as arrays without axes."""
    return array if array.ndim else array.item()
