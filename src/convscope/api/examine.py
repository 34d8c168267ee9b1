"""``examine``: robustness of a run to corruptions and attacks, and its out-of-distribution detection."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..analysis.ood.detection import OODDetection, measure_ood_detection
from ..analysis.ood.image_sets import make_ood_sets
from ..analysis.robustness.adversarial import EPSILONS, Attacks, attacks_metrics, measure_attacks
from ..analysis.robustness.background import Background, background_of
from ..analysis.robustness.corruption_accuracy import Robustness, measure_robustness, robustness_metrics
from ..analysis.robustness.corruptions.kinds import KINDS, STRENGTHS
from ..data.dataset import Dataset, Split
from ..data.load import reload_dataset
from ..data.preprocessing import to_inputs
from ..data.split import stratified_sample
from ..errors import ConvscopeError, RunError
from ..models.predictor import Predictor
from ..models.saving import load_model
from ..page.write import write_report
from ..prediction.classifier import why_no_distances
from ..runs import ledger, run_folder, store
from ..runs.evidence import ensure_evidence
from ..runs.files import KERAS_MODEL
from ..runs.reading import open_predictor
from ..runs.record import RunRecord, with_metrics
from ..system.arguments import checked
from ..system.dataclass_json import to_json
from ..training.input_gradients import InputGradient
from ..types import Labels, PathLike
from .run import Run

SEED = 0
"""The same for every run, so that two networks get the same images, corrupted in the same way."""
PURPOSE = "robustness: corruptions, attacks, OOD images"

SAMPLE, ATTACKED, OOD_IMAGES = 1000, 500, 500
"""Test images that are corrupted; those of them that are attacked; images in each out-of-distribution set."""
MAX_VALUES, MIN_SAMPLE = 4_000_000, 200
"""Pixel values in the sample, which limits it for images above 63 × 63; but never below this number of images."""


@dataclass(frozen=True)
class ExamineProgress:
    """Progress; the steps come one after the other."""

    step: str
    """``"corruptions"``, ``"ood"``, ``"attacks"`` or ``"page"``."""
    done: int
    total: int


Listener = Callable[[ExamineProgress], None]


@dataclass(frozen=True, eq=False)
class RobustnessReport:
    """The results; None for a part that could not be measured, with the reason in ``missing`` by its metrics key."""

    folder: Path
    robustness: Robustness
    ood: OODDetection | None
    attacks: Attacks | None
    missing: Mapping[str, str]
    metrics: Mapping[str, Any]
    """The run's ``metrics.json`` with these results."""
    seconds: float

    def __repr__(self) -> str:
        clean, mean = self.robustness.clean.mean(), self.robustness.mean()
        return (
            f"RobustnessReport({str(self.folder)!r}, accuracy {clean:.4f}, corrupted {mean:.4f}, n={len(self.robustness):,})"
        )


@checked
def examine(run: PathLike | Run, *, everything: bool = False, progress: Listener | None = None) -> RobustnessReport:
    """Measure a run's robustness to corruptions and attacks, and its OOD detection.

    It uses corrupted and attacked images of the run's test split, and images of other kinds. The numbers are added to
    ``metrics.json`` under ``robustness``, ``ood`` and ``attacks``, and the page is made again; the network does
    not change. Attacks need a back-end; without one the rest is measured.

    Args:
        run: A run, or its folder.
        everything: Whether to use all test images instead of a sample stratified by class (1,000 of MNIST).
        progress: Called with an :class:`ExamineProgress` after each step.

    Raises:
        RunError: The run folder is damaged.
        DatasetError: The run's data cannot be found any more.

    >>> convscope.examine("runs/mnist-cnn-standard-0").robustness.worst
    """
    started = time.perf_counter()
    folder = run_folder.verify(run)
    run_folder.refuse_unwritable(folder)
    record = store.load_record(folder)
    dataset = run.dataset if isinstance(run, Run) else reload_dataset(record.request["dataset"])
    record = ensure_evidence(record, folder, dataset, verb="evaluate")
    indices = choose_indices(dataset.test, everything=everything)
    ledger.Ledger(folder, "evaluate", dataset.name, dataset.fingerprint, len(dataset.test)).record(PURPOSE, n=len(indices))
    background, predictor = background_of(dataset.test.images), open_predictor(folder, record.request["dataset"])
    on_step = _step_counter("corruptions", len(KINDS) * STRENGTHS, progress)
    robustness = measure_robustness(predictor, dataset.test, indices, background, seed=SEED, on_step=on_step)
    missing: dict[str, str] = {}
    ood: OODDetection | None = None
    attacks: Attacks | None = None
    try:
        ood = _measure_ood(record, predictor, dataset, background, indices, progress)
    except ConvscopeError as error:
        missing["ood"] = str(error)
    try:
        model = run.held_model if isinstance(run, Run) else None
        gradient = InputGradient(load_model(folder / KERAS_MODEL) if model is None else model)
        attacks = _measure_attacks(gradient, dataset.test, indices, everything, progress)
    except ConvscopeError as error:
        missing["attacks"] = str(error)
    sections = {
        "ood": None if ood is None else to_json(ood),
        "attacks": None if attacks is None else attacks_metrics(attacks),
        "robustness": {**robustness_metrics(robustness), "missing": missing},
    }
    metrics = _save(folder, record, sections, progress)
    return RobustnessReport(folder, robustness, ood, attacks, missing, metrics, time.perf_counter() - started)


def choose_indices(test: Split, *, everything: bool) -> Labels:
    """Return indices of the test split, ascending: all, or a sample in proportion to the classes."""
    size = max(MIN_SAMPLE, min(SAMPLE, MAX_VALUES // test.images[0].size))
    return stratified_sample(test.labels, len(test) if everything else size, seed=SEED)


def _measure_ood(
    record: RunRecord, predictor: Predictor, dataset: Dataset, background: Background, indices: Labels,
    progress: Listener | None,
) -> OODDetection:  # fmt: skip
    evidence = record.evidence
    if evidence is None or not predictor.has_features:
        raise RunError("the network has no hidden layer to measure distances in. Train one that has.")
    if evidence.mahalanobis is None:
        reason = why_no_distances(record.metrics["data"]["validation"], record.request["versions"])
        raise RunError(f"{reason}. Train again{', on more images' * ('fewer' in reason)}.")
    if len(indices) < 2:
        raise RunError("the test split has one image, and distances of at least two are compared. Use a larger test split.")
    sets, skipped = make_ood_sets(dataset, background, number=OOD_IMAGES, seed=SEED)
    return measure_ood_detection(
        predictor,
        evidence.mahalanobis,
        dataset.test.images[indices],
        sets,
        skipped,
        on_step=_step_counter("ood", len(sets), progress),
    )


def _measure_attacks(
    gradient: InputGradient, test: Split, indices: Labels, everything: bool, progress: Listener | None
) -> Attacks:
    on_step = _step_counter("attacks", len(EPSILONS), progress)
    if not everything:
        indices = indices[stratified_sample(test.labels[indices], ATTACKED, seed=SEED)]
    chosen = test.take(indices)
    return measure_attacks(
        gradient, to_inputs(chosen.images), chosen.labels, indices, num_images=len(test), seed=SEED, on_step=on_step
    )


def _save(folder: Path, record: RunRecord, sections: Mapping[str, Any], progress: Listener | None) -> Mapping[str, Any]:
    on_step = _step_counter("page", 1, progress)
    with store.updating_run(record, folder):
        now = store.load_record(folder)  # again: another process may have added something meanwhile
        now = replace(now, evidence=now.evidence or record.evidence)
        fresh = with_metrics(now, **sections)
        store.save_metrics(fresh.metrics, folder)
        write_report(fresh, folder)
    on_step()
    return fresh.metrics


def _step_counter(step: str, total: int, progress: Listener | None) -> Callable[[], None]:
    """Return a function to call after each part of a step; reports zero parts at once."""
    done = -1

    def on_step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(ExamineProgress(step, done, total))

    on_step()
    return on_step
