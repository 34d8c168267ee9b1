"""A run examined thoroughly: corruptions, attacks and strangers, on its own test split; the numbers go into the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import archive, ledger, runs
from .analysis.attacks import EPSILONS, Attacks, attacks_metrics, measure_attacks
from .analysis.corruptions.kinds import KINDS, STRENGTHS
from .analysis.record import RunRecord
from .analysis.recording import with_metrics
from .analysis.robustness import Robustness, measure_robustness, robustness_metrics
from .analysis.sampling import stratified_sample
from .analysis.strangers import Strangers, measure_strangers, strangers_metrics
from .data.again import same_dataset
from .data.background import Background, background_of
from .data.dataset import Dataset, Split
from .data.prepare import to_inputs
from .data.strangers.sets import make_strangers
from .errors import ConvscopeError, RunError
from .models.predictor import Predictor
from .reporting import with_evidence, write_report
from .run_files import KERAS_MODEL, ONNX_MODEL
from .trained_run import Run
from .types import Labels, PathLike

if TYPE_CHECKING:
    import keras

SEED = 0
"""The same for every run, so that two networks are shown the same images, corrupted in the same way."""
PURPOSE = "what it bears: damage, attacks and strange images"
SAMPLE, ATTACKED, STRANGE = 1000, 500, 500
"""Test images that are corrupted; those of them that are attacked; strange images in each set."""
MOST_VALUES, FEWEST = 4_000_000, 200
"""Pixel values of the sample, at most, where its images are larger than 63 × 63; but never fewer images than this."""


@dataclass(frozen=True)
class Examining:
    """How far it is; the steps come one after the other."""

    step: str
    """``"corruptions"``, ``"strangers"``, ``"attacks"`` or ``"page"``."""
    done: int
    total: int


Listener = Callable[[Examining], None]


@dataclass(frozen=True, eq=False)
class Examination:
    """What came out. ``None`` where a part could not be measured; ``missing`` says why, by its key in the metrics."""

    folder: Path
    robustness: Robustness
    strangers: Strangers | None
    attacks: Attacks | None
    missing: Mapping[str, str]
    metrics: Mapping[str, Any]
    """The run's ``metrics.json``, as it is now."""
    seconds: float

    def __repr__(self) -> str:
        clean, mean = self.robustness.clean.mean(), self.robustness.mean()
        return f"Examination({str(self.folder)!r}, accuracy {clean:.4f}, corrupted {mean:.4f}, n={len(self.robustness):,})"


def examine_run(run: PathLike | Run, *, everything: bool, progress: Listener | None) -> Examination:
    """What :func:`convscope.api.examine` says."""
    started = time.perf_counter()
    folder = runs.verify(run)
    record = archive.load_record(folder)
    dataset = run.dataset if isinstance(run, Run) else same_dataset(record.request["dataset"])
    record = with_evidence(record, folder, dataset, verb="evaluate")
    places = choose_places(dataset.test, everything=everything)
    ledger.Ledger(folder, "evaluate", dataset.name, dataset.fingerprint, len(dataset.test)).enter(PURPOSE, n=len(places))
    background, predictor = background_of(dataset.test.images), Predictor(folder / ONNX_MODEL)
    tick = _ticker("corruptions", len(KINDS) * STRENGTHS, progress)
    robustness = measure_robustness(predictor, dataset.test, places, background, seed=SEED, tick=tick)
    sections: dict[str, Any] = {"strangers": None, "attacks": None}
    missing: dict[str, str] = {}
    strangers: Strangers | None = None
    attacks: Attacks | None = None
    try:
        strangers = _strangers(record, predictor, dataset, background, places, progress)
        sections["strangers"] = strangers_metrics(strangers)
    except ConvscopeError as error:
        missing["strangers"] = str(error)
    try:
        model = run.held_model if isinstance(run, Run) else None
        attacks = _attacks(model, folder, dataset.test, places, everything, progress)
        sections["attacks"] = attacks_metrics(attacks)
    except ConvscopeError as error:
        missing["attacks"] = str(error)
    sections["robustness"] = {**robustness_metrics(robustness), "missing": missing}
    metrics = _keep(folder, record, sections, progress)
    return Examination(folder, robustness, strangers, attacks, missing, metrics, time.perf_counter() - started)


def choose_places(test: Split, *, everything: bool) -> Labels:
    """Places in the test split, ascending: of all images, or of a sample in proportion to the classes."""
    room = max(FEWEST, min(SAMPLE, MOST_VALUES // test.images[0].size))
    return stratified_sample(test.labels, len(test) if everything else room, seed=SEED)


def _strangers(
    record: RunRecord, predictor: Predictor, dataset: Dataset, background: Background, places: Labels,
    progress: Listener | None,
) -> Strangers:  # fmt: skip
    evidence = record.evidence
    if evidence is None or evidence.novelty is None or not predictor.has_features:
        raise RunError(
            "the run has no distances in a last hidden layer; a network with one was expected. Train one that has."
        )
    sets, left_out = make_strangers(dataset, background, number=STRANGE, seed=SEED)
    return measure_strangers(
        predictor,
        evidence.novelty,
        evidence.reference_images[: evidence.sample],
        dataset.test.images[places],
        sets,
        left_out,
        tick=_ticker("strangers", len(sets), progress),
    )


def _attacks(
    model: keras.Model | None, folder: Path, test: Split, places: Labels, everything: bool, progress: Listener | None
) -> Attacks:
    from .models.saving import load_model
    from .training.gradients import InputGradient

    tick = _ticker("attacks", len(EPSILONS), progress)
    gradient = InputGradient(load_model(folder / KERAS_MODEL) if model is None else model)
    if not everything:
        places = places[stratified_sample(test.labels[places], ATTACKED, seed=SEED)]
    chosen = test.take(places)
    return measure_attacks(
        gradient, to_inputs(chosen.images), chosen.labels, places, num_images=len(test), seed=SEED, tick=tick
    )


def _keep(folder: Path, record: RunRecord, sections: Mapping[str, Any], progress: Listener | None) -> Mapping[str, Any]:
    """Put the numbers into the run, beside what others may have put there since it was read, and make its page again."""
    tick = _ticker("page", 1, progress)
    with runs.rewriting_report(folder):
        now = archive.load_record(folder)
        now = replace(now, evidence=now.evidence or record.evidence)
        fresh = with_metrics(now, **sections)
        archive.save_metrics(fresh.metrics, folder)
        write_report(fresh, folder)
    tick()
    return fresh.metrics


def _ticker(step: str, total: int, progress: Listener | None) -> Callable[[], None]:
    """Call it after each part of a step; the first report, of none done, is made at once."""
    done = -1

    def tick() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(Examining(step, done, total))

    tick()
    return tick
