"""What networks of other seeds, else made alike, say of a run's test images: from the votes of the study that it belongs to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import runs
from .analysis.record import RunRecord
from .archive import PREDICTIONS
from .arrays import load_arrays
from .errors import ConfigError, ConvscopeError, RunError
from .models.own_model import short_name
from .types import Labels
from .votes import VOTES, Votes, load_votes

RUNS, REQUEST, RESULTS = "runs", "study.json", "study-results.json"
"""Of a study's folder."""
VOTES_KEY = "votes"
"""Under ``mistakes`` in the metrics of a run: the study and the seeds that its votes are from."""


@dataclass(frozen=True, eq=False)
class OtherSeeds:
    """The votes of a study's other seeds."""

    counts: Labels
    """(n, k): how many of them gave test image i class j."""
    seeds: tuple[int, ...]
    """The run's own is not among them."""
    study: str
    """The study's folder, as seen from the run's."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, but for the counts."""
        return {"study": self.study, "seeds": list(self.seeds)}


def other_seeds(record: RunRecord, folder: Path, study: Path | None = None) -> OtherSeeds | None:
    """The votes on the test images of the run in ``folder``: of ``study``, or of the study that the run lies in, or that it was
    told of before. ``None`` where there is none, or no other seed.

    Raises :class:`ConfigError` where ``study`` has no finished study in it, or one that has no such runs, and :class:`RunError`
    where its files do not fit together.
    """
    if study is not None:
        return _asked(record, folder, study)
    for place in _places(record, folder):
        try:
            return _asked(record, folder, place)
        except ConvscopeError:  # nobody has asked for it: of another network, or damaged
            continue
    return None


def _places(record: RunRecord, folder: Path) -> list[Path]:
    """Where a study may be that nobody has named."""
    known = ((record.metrics.get("mistakes") or {}).get(VOTES_KEY) or {}).get("study")
    places = [folder / known] if known else []
    if folder.resolve().parent.name == RUNS:
        places.append(folder.resolve().parent.parent)
    return [place for place in places if (place / VOTES).is_file()]


def _asked(record: RunRecord, folder: Path, study: Path) -> OtherSeeds | None:
    for name in (VOTES, RESULTS, REQUEST):
        if not (study / name).is_file():
            raise ConfigError(
                f"{str(study)!r} has no {name}; the folder of a finished study was expected. The command that began a study "
                "also ends it."
            )
    results, request = (runs.read_json(study / name) for name in (RESULTS, REQUEST))
    try:
        entries = _alike(results, request, record, folder, study)
        votes = _votes(study, entries, record)
        own = next((entry for entry in entries if entry["seed"] == record.request["seed"]), None)
        counts = votes.counts if own is None else _without(votes, study / RUNS / own["run"] / PREDICTIONS)
        seeds = tuple(int(entry["seed"]) for entry in entries if entry is not own)
    except ConvscopeError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"the files of the study {str(study)!r} do not fit together ({error!r}); those that one study wrote were expected. "
            "Copy the folder again."
        ) from error
    if not seeds:
        return None
    return OtherSeeds(counts, seeds, os.path.relpath(study.resolve(), folder.resolve()))


def _alike(
    results: Mapping[str, Any], request: Mapping[str, Any], record: RunRecord, folder: Path, study: Path
) -> list[Mapping[str, Any]]:
    """The study's runs, one per seed, that differ from that of ``record`` in nothing else."""
    largest = max(entry["size"] for entry in results["runs"])
    own = next((each for each in results["runs"] if (study / RUNS / each["run"]).resolve() == folder.resolve()), None)
    if own is not None:
        alike, same_data = (own["model"], own["recipe"], own["size"]), True
    else:
        asked = record.request
        same_data = request["dataset"]["fingerprint"] == asked["dataset"]["fingerprint"]
        same_way = request["recipes"].get(asked["recipe"]) == asked["config"]
        alike = short_name(asked["model"]), asked["recipe"] if same_way else None, results["dataset"]["train"]
    found = [each for each in results["runs"] if (each["model"], each["recipe"], each["size"]) == alike]
    # The votes are those of the runs on the most images.
    if not found or not same_data or alike[-1] != largest:
        name = f"{short_name(record.request['model'])}-{record.request['recipe']}"
        raise ConfigError(
            f"the study {str(study)!r} has no runs like {str(folder)!r}; some of {name}, trained in the same way on the same "
            "images, were expected. Leave the study out."
        )
    return found


def _votes(study: Path, entries: list[Mapping[str, Any]], record: RunRecord) -> Votes:
    votes = load_votes(study)[f"{entries[0]['model']}-{entries[0]['recipe']}"]
    if votes.counts.shape != record.evaluation.logits.shape or not np.array_equal(votes.labels, record.evaluation.labels):
        raise ValueError("votes on other images")
    if votes.seeds != len(entries):
        raise ValueError(f"votes of {votes.seeds} seeds in place of {len(entries)}")
    return votes


def _without(votes: Votes, predictions: Path) -> Labels:
    """The counts but for the answers of one of the runs."""
    answers = load_arrays(predictions)["logits"].argmax(axis=1)
    counts = votes.counts.copy()
    counts[np.arange(len(answers)), answers] -= 1
    if counts.min() < 0:
        raise ValueError(f"answers in {str(predictions)!r} that were not counted")
    return counts
