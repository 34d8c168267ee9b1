"""The form of ``metrics.json``: the dataclasses that write its sections, and the types and ranges of the other keys.

Apart from :mod:`convscope.runs.forms`, because a prediction, which needs one number of it, would import half of ``analysis``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from ..analysis.baseline import Baseline
from ..analysis.class_balance import ClassBalance
from ..analysis.evaluation import Evaluation
from ..analysis.findings.finding import Finding
from ..analysis.label_audit.confirmed import AccuracyWithoutConfirmed
from ..analysis.mistakes.triage import KINDS
from ..analysis.ood.detection import OODDetection
from ..analysis.robustness.background import Background
from ..analysis.robustness.corruption_accuracy import LowestKind
from ..analysis.split_accuracy import SplitAccuracies
from ..analysis.statistics.proportions import Interval
from ..analysis.uncertainty.uncertainty import Uncertainty
from ..models.summary import LayerRow
from ..system.forms import Ascending, Between, FormError, Items, Maybe, Member, NotNegative, Positive, Share, Size, Sizes
from ..training.history import EpochRecord
from .files import METRICS, PREDICTIONS
from .forms import Epochs
from .migrations import upgrade_metrics
from .opening import wrong_value
from .reading import read_checked

Label = Annotated[int, Between(0, "classes")]
Index = Annotated[int, Between(0, "test images")]
Split = Literal["train", "test"]

NEAR_DUPLICATES: Mapping[str, Any] = {
    "n": int, "share": Share, "interval": Interval, "images": [{"test": str, "train": str}], "others": int,
    "copies?": int, "accuracy_of_others": Maybe(Share), "interval_of_others": Maybe(Interval),
}  # fmt: skip
GROUPS: Mapping[str, Any] = {"pattern": str, "offered": bool, "n": int, "in_both_splits": int, "shared": [str]}
DATA: Mapping[str, Any] = {
    "train": Positive,
    "validation": int,
    "test": Size("test images", low=1),
    "class_counts": {split: Items(int, "classes") for split in ("train", "validation", "test")},
    "pixels": {"minimum": float, "maximum": float, "mean": float},
    "near_duplicates?": Maybe(NEAR_DUPLICATES),
    "groups?": Maybe(GROUPS),
}

MAJORITY: Mapping[str, Any] = {
    "class_name": Member("classes"), "share": Share, "difference": float, "difference_interval": Interval, "p": Share,
    "better": bool, "uneven": bool,
}  # fmt: skip
PER_CLASS: Mapping[str, Any] = {
    "class_name": Member("classes"), "precision": Maybe(Share), "recall": Maybe(Share), "f1": Maybe(Share), "support": int,
    "recall_interval": Maybe(Interval), "precision_interval": Maybe(Interval), "f1_interval": Maybe(Interval),
}  # fmt: skip
TEST: Mapping[str, Any] = {
    "n": Size("test images", low=1),
    "errors": Annotated[int, Between(0, 2**53)],
    "accuracy": Share,
    "interval": Interval,
    "majority?": MAJORITY,
    "balanced_accuracy?": Share,
    "balanced_accuracy_interval?": Interval,
    "recall_p?": Maybe(Share),
    "top_k_accuracy?": [{"k": Positive, "count": int, "n": Positive, "accuracy": Share, "interval": Interval}],
    "never_predicted?": [Member("classes")],
    **dict.fromkeys(("loss", "brier", "ece", "macro_f1"), float),
    **{f"{name}_interval": Interval for name in ("loss", "brier", "ece", "macro_f1")},
    "confusion": Items(Items(int, "classes"), "classes"),
    "per_class": Items(PER_CLASS, "classes"),
    "confused_pairs": [{"true": Member("classes"), "predicted": Member("classes"), "count": Positive, "support": Positive}],
}

MISTAKE: Mapping[str, Any] = {
    "index": Index, "true": Label, "predicted": Label, "true_probability": Share, "predicted_probability": Share,
    "distance_ratio": Maybe(float), "epochs_correct": int, "earlier_epochs": int, "votes": [tuple[Label, int]],
    "audit_score": Maybe(float), "triage": Literal[KINDS], "evidence": [str], "reason": str,
}  # fmt: skip
MISTAKES: Mapping[str, Any] = {
    "errors": int,
    "explained": int,
    "votes": Maybe({"study": str, "seeds": [int]}),
    "audited": bool,
    "triage": dict.fromkeys(KINDS, int),
    "indices": {kind: [Index] for kind in KINDS},
    "list": [MISTAKE],
}

SUSPECT: Mapping[str, Any] = {
    "split": Split, "index": int, "given": Member("classes"), "suggested": Member("classes"), "score": float, "file?": str | None,
}  # fmt: skip
AUDITED: Mapping[str, Any] = {
    "n": Positive, "scored": int, "estimated_wrong": int, "suspects": int, "is_lower_bound?": bool, "worst?": [SUSPECT],
    "per_class": Items({"class_name": Member("classes"), "suspects": int}, "classes"),
}  # fmt: skip
LABEL_AUDIT: Mapping[str, Any] = {
    **{f"{split}?": Ascending(AUDITED, ("suspects", "scored", "n")) for split in ("train", "test")},
    "suspects": int, "worst": [SUSPECT], "notes": [str], "confirmed?": AccuracyWithoutConfirmed, "folds?": Positive,
    "model?": str, "recipe?": str, "epochs?": Epochs, "seed?": int, "cleanlab?": str, "seconds?": NotNegative,
}  # fmt: skip

ACCURACY: Mapping[str, Any] = {"count": int, "n?": Positive, "accuracy": Share, "interval": Interval}
MEAN: Mapping[str, Any] = {"accuracy": Share, "interval": Interval, "relative_accuracy": Maybe(NotNegative)}
KIND: Mapping[str, Any] = {
    "kind": str, "title": str, **MEAN,
    "strengths": Items({"strength": int, **ACCURACY}, "strengths", low=1),
}  # fmt: skip
ROBUSTNESS: Mapping[str, Any] = {
    "n": Positive, "test_images": Positive, "seed": int, "background": Background, "clean": ACCURACY, "mean": MEAN,
    "worst": str | None, "lowest?": LowestKind, "kinds": [KIND], "missing?": Mapping[str, str],
}  # fmt: skip
ATTACKS: Mapping[str, Any] = {
    "n": Positive, "test_images": Positive, "seed": int, "steps": int, "epsilons": Items(Share, "ε"), "clean": ACCURACY,
    "fgsm": Items(ACCURACY, "ε"), "pgd": Items(ACCURACY, "ε"),
}  # fmt: skip

METRICS_FORM: Mapping[str, Any] = {
    "schema_version": int,
    "seed": int,
    "epochs": Size("epochs", low=1),
    "train_seconds": NotNegative,
    "wall_seconds": NotNegative,
    "parameters": Positive,
    "multiply_adds": int,
    "layers": Items(LayerRow, "layers"),
    "unused_input_pixels": {"rows": [int], "columns": [int], "layers": [str]},
    "data": DATA,
    "history": {
        "last_epoch": EpochRecord,
        "validation_interval": Interval,
        "best_validation_epoch": Epochs,
    },
    "test": TEST,
    "uncertainty?": Maybe(Uncertainty),
    "splits?": Maybe(SplitAccuracies),
    "findings": [Finding],
    "mistakes?": Maybe(Ascending(MISTAKES, ("explained", "errors"))),
    "baseline?": Maybe(Baseline),
    "balance?": Maybe(ClassBalance),
    "label_audit?": Maybe(LABEL_AUDIT),
    "robustness?": Maybe(Ascending(ROBUSTNESS, ("n", "test_images"))),
    "ood?": Maybe(OODDetection),
    "attacks?": Maybe(Ascending(ATTACKS, ("n", "test_images"))),
}


def read_metrics(folder: Path, sizes: Sizes | None = None) -> dict[str, Any]:
    """Return ``metrics.json`` of a run. Raises :class:`RunError`, which names the first key with a wrong value.

    ``sizes`` are those of the run so far, such as its number of classes; new ones are filled in.
    """
    return read_checked(folder / METRICS, METRICS_FORM, sizes, upgrade=upgrade_metrics)


def refuse_other_results(folder: Path, test: Mapping[str, Any], evaluation: Evaluation) -> None:
    """Raise :class:`RunError` unless the section ``test`` of the metrics belongs to the predictions."""
    counts = test["confusion"] == evaluation.confusion.counts.tolist() and test["errors"] == evaluation.errors
    wrong = [] if counts else ["test.confusion or test.errors"]
    for known, score in zip(test["per_class"], evaluation.class_scores, strict=True):
        for name in ("precision", "recall", "f1"):
            if (known[name] is None) != (getattr(score, name) is None):
                wrong.append(f"test.per_class.{name} of {score.class_name}")
    if wrong:
        raise wrong_value(folder / METRICS, FormError(f"{wrong[0]} is not that of {PREDICTIONS}"))
