"""The predictions of all seeds of one configuration, counted per test image and class."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, ConvscopeError, RunError, option
from ..models.custom import short_name
from ..system.arrays import INTEGERS, ArrayForm, below, check_arrays, save_arrays
from ..system.forms import FormError
from ..types import Floats, Labels
from . import opening
from .array_forms import CLASSES, TEST, read_arrays
from .files import PREDICTIONS
from .forms import STUDY_REQUEST, STUDY_RESULTS
from .opening import wrong_value
from .reading import read_checked
from .record import RunRecord

RUNS, REQUEST, RESULTS, VOTES = "runs", "study.json", "study-results.json", "votes.npz"
"""Names in the folder of a study."""


@dataclass(frozen=True, eq=False)
class Votes:
    """Votes of the seeds of one configuration on the test images."""

    counts: npt.NDArray[np.int64]
    """(n, k): how many seeds predict class j for test image i."""
    labels: Labels
    """(n,): the true classes."""

    @property
    def seeds(self) -> int:
        return int(self.counts[0].sum())

    @property
    def winners(self) -> Labels:
        """(n,): the class with the most votes; ties go to the lower index."""
        return np.asarray(self.counts.argmax(axis=1), np.int64)

    @property
    def correct(self) -> Labels:
        """(n,): how many seeds predict the true class."""
        return np.asarray(self.counts[np.arange(len(self.labels)), self.labels], np.int64)

    @property
    def majority_errors(self) -> int:
        """Test images that the majority vote misclassifies."""
        return int((self.winners != self.labels).sum())


def count_votes(predictions: Iterable[Labels], labels: Labels, num_classes: int) -> Votes:
    """Count the ``predictions`` of each seed, arrays (n,) of class indices."""
    counts = np.zeros((len(labels), num_classes), np.int64)
    for each in predictions:
        counts[np.arange(len(labels)), each] += 1
    return Votes(counts, labels)


def save_votes(votes: Mapping[str, Votes], folder: Path) -> None:
    """Write ``votes.npz``: ``labels`` (n,) and ``votes/CONFIGURATION`` (n, k) uint16."""
    labels = next(iter(votes.values())).labels
    counts = {f"votes/{name}": each.counts.astype(np.uint16) for name, each in votes.items()}
    save_arrays(folder / VOTES, {"labels": labels, **counts}, compressed=True)


def load_votes(folder: Path) -> dict[str, Votes]:
    """Load the votes of a study by configuration, such as ``cnn-standard``."""
    arrays = opening.load_arrays(folder / VOTES)
    counts = {name: ArrayForm(INTEGERS, (TEST, CLASSES)) for name in arrays if name.startswith("votes/")}
    try:
        check_arrays(
            {**counts, "labels": ArrayForm(INTEGERS, (TEST,), high=CLASSES)}, arrays, {CLASSES: 0} if not counts else {}
        )
    except FormError as error:
        raise wrong_value(folder / VOTES, error) from error
    return {name: Votes(each.astype(np.int64), arrays["labels"]) for name, each in below(arrays, "votes").items()}


def read_study_request(folder: Path) -> dict[str, Any]:
    """Return ``study.json`` after a check of its form."""
    return read_checked(folder / REQUEST, STUDY_REQUEST)


@dataclass(frozen=True, eq=False)
class SeedVotes:
    """The votes of a study's other seeds on the test images of a run."""

    counts: Labels
    """(n, k): how many of the seeds predict class j for test image i."""
    seeds: tuple[int, ...]
    """The seeds that vote, without the run's own."""
    study: str
    """Path of the study's folder, relative to the run folder."""
    files: tuple[Path, ...] = ()
    """Those with their predictions, as far as they are there."""

    def logits(self) -> Iterator[Floats]:
        """Yield the logits (n, k) of each seed in ``files``. Raises :class:`RunError`."""
        return (_logits(file, self.counts) for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        return {"study": self.study, "seeds": list(self.seeds)}


def seed_votes(record: RunRecord, folder: Path, study: Path | None = None) -> SeedVotes | None:
    """Return the votes of other seeds on the test images of a run, or None if there are none.

    By default, ``study`` is the folder of the study named in the run's metrics, or of the one that contains the run.

    Raises:
        ConfigError: ``study`` contains no complete study, or no runs like this one.
        RunError: The files of ``study`` contradict each other.
    """
    if study is not None:
        return _votes_of_study(record, folder, study)
    for candidate in _candidate_studies(record, folder):
        try:
            return _votes_of_study(record, folder, candidate)
        except ConvscopeError:  # of another network, or damaged; the user did not ask for it, so this is no error
            continue
    return None


def _candidate_studies(record: RunRecord, folder: Path) -> list[Path]:
    known = ((record.metrics.get("mistakes") or {}).get("votes") or {}).get("study")
    studies = [folder / known] if known and not Path(known).is_absolute() else []
    if folder.resolve().parent.name == RUNS:
        studies.append(folder.resolve().parent.parent)
    return [study for study in studies if (study / VOTES).is_file()]


def _votes_of_study(record: RunRecord, folder: Path, study: Path) -> SeedVotes | None:
    for name in (VOTES, RESULTS, REQUEST):
        if not (study / name).is_file():
            raise ConfigError(
                f"{str(study)!r} has no {name}, so it is not the folder of a complete study of seeds. Run the command that "
                f"started the study again to complete it, unless it has {option('folds')}."
            )
    results, request = read_checked(study / RESULTS, STUDY_RESULTS), read_study_request(study)
    try:
        entries = _matching_runs(results, request, record, folder, study)
        votes = _votes(study, entries, record)
        own = next((entry for entry in entries if entry["seed"] == record.request["seed"]), None)
        counts = votes.counts if own is None else _excluding(votes, study / RUNS / own["run"] / PREDICTIONS)
        others = [entry for entry in entries if entry is not own]
        seeds = tuple(int(entry["seed"]) for entry in others)
        files = [study / RUNS / entry["run"] / PREDICTIONS for entry in others]
    except ConvscopeError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise RunError(
            f"the files of the study {str(study)!r} contradict each other ({error!r}). Copy the folder again."
        ) from error
    if not seeds:
        return None
    place = os.path.relpath(study.resolve(), folder.resolve())
    return SeedVotes(counts, seeds, place, tuple(filter(Path.is_file, files)))


def _matching_runs(
    results: Mapping[str, Any], request: Mapping[str, Any], record: RunRecord, folder: Path, study: Path
) -> list[Mapping[str, Any]]:
    """Return the study's runs that differ from that of ``record`` only in the seed."""
    largest = max(entry["size"] for entry in results["runs"])
    own = next((each for each in results["runs"] if (study / RUNS / each["run"]).resolve() == folder.resolve()), None)
    if own is not None:
        configuration, same_data = (own["model"], own["recipe"], own["size"]), True
    else:
        run = record.request
        names = results["dataset"].get("class_names", run["dataset"]["class_names"])
        same_data = (
            request["dataset"]["fingerprint"] == run["dataset"]["fingerprint"] and names == run["dataset"]["class_names"]
        )
        recipe = run["recipe"] if request["recipes"].get(run["recipe"]) == run["config"] else None
        configuration = short_name(run["model"]), recipe, results["dataset"]["train"]
    found = [each for each in results["runs"] if (each["model"], each["recipe"], each["size"]) == configuration]
    # Votes are kept only for the runs that trained on the most images.
    if not found or not same_data or configuration[-1] != largest:
        name = f"{short_name(record.request['model'])}-{record.request['recipe']}"
        raise ConfigError(
            f"the study {str(study)!r} has no runs of {name} with the settings and training images of {str(folder)!r}. "
            f"Drop {option('study')}, or name another one."
        )
    return found


def _votes(study: Path, entries: list[Mapping[str, Any]], record: RunRecord) -> Votes:
    votes = load_votes(study)[f"{entries[0]['model']}-{entries[0]['recipe']}"]
    if votes.counts.shape != record.evaluation.logits.shape or not np.array_equal(votes.labels, record.evaluation.labels):
        raise ValueError("votes on different images")
    if votes.seeds != len(entries):
        raise ValueError(f"votes of {votes.seeds} seeds instead of {len(entries)}")
    return votes


def _excluding(votes: Votes, predictions: Path) -> Labels:
    predicted = _logits(predictions, votes.counts).argmax(axis=1)
    counts = votes.counts.copy()
    counts[np.arange(len(predicted)), predicted] -= 1
    if counts.min() < 0:
        raise ValueError(f"predictions in {str(predictions)!r} that were not counted")
    return counts


def _logits(predictions: Path, counts: Labels) -> Floats:
    """Return the logits (n, k) in a run of a study, whose votes were counted."""
    sizes = {TEST: len(counts), CLASSES: counts.shape[1]}
    return read_arrays(predictions, sizes, lambda name: name == "logits")["logits"]
