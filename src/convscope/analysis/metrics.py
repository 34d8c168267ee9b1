"""The numbers of a run, collected once: ``metrics.json``.

Stable keys: ``test.accuracy``, ``test.loss``, ``test.errors``, ``test.n``, ``test.interval`` (Wilson 95%), ``test.confusion``
(rows true, columns predicted), ``parameters``, ``train_seconds``, ``wall_seconds``, ``epochs``, ``seed``. Where they were
measured, ``uncertainty`` (:class:`convscope.analysis.uncertainty.uncertainty.Uncertainty`), ``mistakes``
(:func:`convscope.analysis.mistakes.mistakes.mistakes_metrics`), ``baseline`` (:class:`convscope.analysis.baseline.Baseline`),
``balance`` (:class:`convscope.analysis.class_balance.ClassBalance`), ``label_audit``, ``robustness``, ``ood``
(:class:`convscope.analysis.ood.detection.OODDetection`) and ``attacks``.
"""

from dataclasses import asdict
from typing import Any

import numpy as np

from ..data.checks import is_imbalanced
from ..data.dataset import Dataset, Split
from ..models.network import Network
from ..models.receptive_field import layers_dropping_pixels, unused_input_pixels
from ..models.summary import layer_table
from ..system.dataclass_json import to_json
from ..training.history import History
from .class_balance import balanced_accuracy
from .classification import Confusion, f1_interval, macro_f1_estimate
from .evaluation import Evaluation
from .statistics.paired import PairedCounts
from .statistics.proportions import Accuracy, wilson
from .uncertainty.calibration import CalibrationMetrics, measure_calibration

SCHEMA_VERSION = 2
"""Of ``metrics.json``; :mod:`convscope.runs.migrations` reads the versions before."""
TOP_K, MIN_CLASSES = (3, 5), 10
"""Numbers of most probable classes among which the true one is looked for, from this number of classes on."""
MAX_PAIRS = 10


def evaluation_metrics(evaluation: Evaluation, *, calibration: CalibrationMetrics | None = None) -> dict[str, Any]:
    """Return the numbers of one evaluated split.

    ``calibration`` is that of the uncalibrated probabilities. ``interval`` belongs to ``accuracy``; other intervals carry
    the name of their number.
    """
    calibration = calibration or measure_calibration(evaluation.logits, evaluation.labels)
    macro, counts = macro_f1_estimate(evaluation.confusion), evaluation.confusion.counts
    num_predicted = counts.sum(axis=0)
    return {
        "n": len(evaluation),
        "errors": evaluation.errors,
        "accuracy": evaluation.accuracy,
        "interval": list(evaluation.interval),
        **majority_metrics(evaluation.confusion),
        "loss": evaluation.loss,
        "loss_interval": list(calibration.nll.interval),
        "brier": calibration.brier.value,
        "brier_interval": list(calibration.brier.interval),
        "ece": calibration.ece.value,
        "ece_interval": list(calibration.ece.interval),
        "macro_f1": macro.value,
        "macro_f1_interval": list(macro.interval),
        "top_k_accuracy": top_k_accuracy(evaluation),
        "confusion": counts.tolist(),
        "per_class": [
            {
                **to_json(score),
                "f1_interval": list(f1_interval(int(counts[label, label]), score.support, int(num_predicted[label]))),
            }
            for label, score in enumerate(evaluation.class_scores)
        ],
        "recall_p": evaluation.confusion.recall_p,
        "confused_pairs": [asdict(pair) for pair in evaluation.confusion.pairs(MAX_PAIRS)],
    }


def majority_metrics(confusion: Confusion) -> dict[str, Any]:
    """Return ``majority``, ``balanced_accuracy`` with its interval, and ``never_predicted`` for the metrics of a split.

    The constant answer is the largest class of these same images, the best that any constant reaches; the network is compared
    with it image by image.
    """
    counts, names = confusion.counts, confusion.class_names
    support, predicted, hits = counts.sum(axis=1), counts.sum(axis=0), np.diag(counts)
    largest = int(support.argmax())
    shared, size, right, n = int(hits[largest]), int(support[largest]), int(hits.sum()), int(counts.sum())
    pairing = PairedCounts(shared, right - shared, size - shared, n - right - size + shared)
    present = np.flatnonzero(support)
    balanced, interval = balanced_accuracy(confusion)
    return {
        "majority": {
            "class_name": names[largest],
            "share": size / n,
            "difference": pairing.difference,
            "difference_interval": list(pairing.interval),
            "p": pairing.p,
            "better": pairing.significant and pairing.difference > 0,
            "uneven": is_imbalanced(support),
        },
        "balanced_accuracy": balanced,
        "balanced_accuracy_interval": list(interval),
        "never_predicted": [names[label] for label in present if not predicted[label]],
    }


def top_k_accuracy(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return the share of images whose true class is among the k most probable ones, per k; empty below ten classes."""
    if len(evaluation.class_names) < MIN_CLASSES:
        return []
    own = np.take_along_axis(evaluation.logits, evaluation.labels[:, None], axis=1)
    rank = (evaluation.logits > own).sum(axis=1)
    return [{"k": k, **to_json(Accuracy.of(rank < k))} for k in TOP_K]


def network_metrics(network: Network) -> dict[str, Any]:
    """Return the costs per layer and in total, and the input pixels that no output depends on."""
    table = layer_table(network)
    rows, columns = unused_input_pixels(network)
    return {
        "parameters": table.num_parameters,
        "multiply_adds": table.multiply_adds,
        "layers": [to_json(row) for row in table],
        "unused_input_pixels": {"rows": rows, "columns": columns, "layers": layers_dropping_pixels(network)},
    }


def data_metrics(dataset: Dataset, validation: Split, num_train: int) -> dict[str, Any]:
    """Return how many images of each class each split has; ``num_train`` images were trained on."""
    size = dataset.num_classes
    held_out = num_train < len(dataset.train)
    train = dataset.train.class_counts(size) - (validation.class_counts(size) if held_out else 0)
    return {
        "train": num_train,
        "validation": len(validation),
        "test": len(dataset.test),
        "class_counts": {
            "train": train.tolist(),
            "validation": validation.class_counts(size).tolist(),
            "test": dataset.test.class_counts(size).tolist(),
        },
        "pixels": {
            "minimum": int(dataset.train.images.min()),
            "maximum": int(dataset.train.images.max()),
            "mean": float(dataset.train.images.mean(dtype="float64")),
        },
    }


def history_metrics(history: History, num_validation: int) -> dict[str, Any]:
    """Return the last epoch, and the best one by validation loss (which chose nothing)."""
    last = history[-1]
    best = min(history, key=lambda record: record.val_loss)
    interval = wilson(round(last.val_accuracy * num_validation), num_validation)
    return {"last_epoch": asdict(last), "validation_interval": list(interval), "best_validation_epoch": best.epoch}
