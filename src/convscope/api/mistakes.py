"""``mistakes``: the errors of a run on its test split, with their likely causes."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..analysis.evaluation import Evaluation
from ..analysis.mistakes.mistakes import Mistakes, explain_mistakes
from ..errors import ConfigError, DatasetError, option
from ..page.write import write_report
from ..runs import run_folder, store
from ..runs.evidence import MISTAKES, OTHER_SEEDS, ensure_evidence
from ..runs.label_suspects import load_audit
from ..runs.reading import open_predictor
from ..runs.record import RunRecord
from ..runs.seed_votes import count_votes, seed_votes
from ..system.arguments import checked
from ..types import Floats, PathLike
from .run import Run, dataset_in_memory

OTHER_NETWORKS = "other networks"
"""Name for the networks that vote when they are not all from one study."""


@checked
def mistakes(
    run: PathLike | Run, *, others: Iterable[PathLike | Run] = (), study: PathLike | None = None, most: int | None = None
) -> Mistakes:
    """Explain every error of a run on its test split, the most confident first.

    Each :class:`Mistake` has the probabilities, the nearest training images of the true and the predicted class, the
    predictions after earlier epochs, and a likely cause: an ambiguous image; or, if a label audit or at least two other
    networks are witnesses, a label error or a model error.

    Args:
        run: A run, or its folder.
        others: Runs on the same data whose predictions are evidence, too.
        study: The folder of a study whose other seeds vote. The votes are saved in the run, and its page is made again.
            A run in the folder of a study finds that study without being told.
        most: The largest number of errors to explain; None explains all.

    Raises:
        DatasetError: The run has no images of its errors, and its data cannot be found any more.
        ConfigError: A run in ``others`` has different data, or ``study`` has no runs like this one.
        RunError: A run folder is damaged.

    >>> [mistake for mistake in convscope.mistakes("runs/mnist-cnn-standard-0") if mistake.triage.kind == "label suspect"]
    """
    if most is not None and most < 0:
        raise ConfigError(f"most must be a whole number of at least 0; got {most!r}.")
    folder, *other_folders = (run_folder.verify(each) for each in (run, *others))
    study_folder = None if study is None else Path(study)
    if study is not None:
        run_folder.refuse_unwritable(folder)
    stored = store.load_record(folder)
    voters = [stored.evaluation]
    for other in other_folders:
        its = _evaluation(stored, store.load_record(other), other)
        if _is_among(its.logits, (each.logits for each in voters)):
            raise ConfigError(f"the run {str(other)!r}, or a copy of it, is given twice, but has one vote. Name it once.")
        voters.append(its)
    record = ensure_evidence(stored, folder, dataset_in_memory(run), verb="mistakes", study=study_folder)
    if record.evidence is None:
        raise DatasetError(f"the run {str(folder)!r} has no images of its mistakes: {record.evidence_missing}")
    if study is not None and record.metrics[MISTAKES] != stored.metrics.get(MISTAKES):
        with store.updating_run(record, folder):
            write_report(record, folder)
    seeds = seed_votes(record, folder, study_folder)
    counted = [*seeds.logits()] if seeds and other_folders else []
    predictions = [each.predictions for each in voters[1:] if not _is_among(each.logits, counted)]
    votes = count_votes(predictions, record.evaluation.labels, len(record.evaluation.class_names)).counts
    found = explain_mistakes(
        record,
        open_predictor(folder, record.request["dataset"]),
        votes=votes if seeds is None else votes + seeds.counts,
        voter_name=OTHER_NETWORKS if predictions else OTHER_SEEDS,
        audit=load_audit(record, folder),
        most=most,
    )
    store.refuse_other_run(record, folder)
    return found


def _is_among(logits: Floats, known: Iterable[Floats]) -> bool:
    """Return whether these are the answers of a known network: it is the same, or a copy, wherever it lies."""
    return any(np.array_equal(logits, each, equal_nan=True) for each in known)


def _evaluation(record: RunRecord, other: RunRecord, folder: Path) -> Evaluation:
    """Return what another run answers for the same test images, or raise ConfigError for others."""
    own, its = record.evaluation, other.evaluation
    same_data = record.request["dataset"]["fingerprint"] == other.request["dataset"]["fingerprint"]
    same_names = own.class_names == its.class_names
    other_data = "data" if same_names else "class names"
    if not same_data or not same_names or not np.array_equal(own.labels, its.labels):
        raise ConfigError(
            f"the run {str(folder)!r} was trained on different {other_data}, so its predictions mean something else. "
            f"Leave it out of {option('others')}."
        )
    return its
