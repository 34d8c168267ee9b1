"""Every number that the page or the terminal shows, gathered once; this becomes ``metrics.json``.

Keys that others rely on: ``test.accuracy``, ``test.loss``, ``test.errors``, ``test.n``, ``test.interval`` (Wilson 95%),
``test.confusion`` (rows true, columns predicted), ``parameters``, ``train_seconds``, ``wall_seconds``, ``epochs``, ``seed``;
``doubt`` (:func:`convscope.analysis.doubt.doubt_metrics`) and ``mistakes`` (:func:`convscope.analysis.mistakes.mistakes_metrics`),
which runs of earlier versions lack.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..data.dataset import Dataset, Split
from ..models.network import Network
from ..models.receptive_field import blind_pixels, blinding_layers
from ..models.shapes import LayerRow, layer_table
from ..training.history import History
from .baseline import Baseline
from .evaluation import Evaluation
from .f1_intervals import f1_interval, macro_f1_estimate
from .intervals import Interval, wilson
from .scores import macro_f1
from .sureness import Sureness, measure_sureness

SCHEMA_VERSION = 1
MOST_PAIRS = 10


def evaluation_metrics(evaluation: Evaluation, *, sureness: Sureness | None = None) -> dict[str, Any]:
    """The numbers of one evaluated split. ``sureness``: of its probabilities as the softmax gives them, if measured already.

    ``interval`` is that of the accuracy; others are called after what they are of.
    """
    sureness = sureness or measure_sureness(evaluation.logits, evaluation.labels)
    macro = macro_f1_estimate(evaluation.confusion)
    counts = evaluation.confusion.counts
    called = counts.sum(axis=0)
    return {
        "n": len(evaluation),
        "errors": evaluation.errors,
        "accuracy": evaluation.accuracy,
        "interval": interval_pair(evaluation.interval),
        "loss": evaluation.loss,
        "loss_interval": interval_pair(sureness.nll.interval),
        "brier": sureness.brier.value,
        "brier_interval": interval_pair(sureness.brier.interval),
        "ece": sureness.ece.value,
        "ece_interval": interval_pair(sureness.ece.interval),
        "macro_f1": macro_f1(evaluation.class_scores),
        "macro_f1_interval": interval_pair(macro.interval),
        "confusion": evaluation.confusion.counts.tolist(),
        "per_class": [
            {
                **asdict(score),
                "precision_interval": interval_pair(score.precision_interval),
                "recall_interval": interval_pair(score.recall_interval),
                "f1_interval": interval_pair(f1_interval(int(counts[label, label]), score.support, int(called[label]))),
            }
            for label, score in enumerate(evaluation.class_scores)
        ],
        "confused_pairs": [asdict(pair) for pair in evaluation.confusion.pairs(MOST_PAIRS)],
    }


def network_metrics(network: Network) -> dict[str, Any]:
    """Costs per layer and in all, and the pixels that can never matter."""
    table = layer_table(network)
    rows, columns = blind_pixels(network)
    return {
        "parameters": table.num_parameters,
        "multiply_adds": table.multiply_adds,
        "layers": [_layer(row) for row in table],
        "blind_pixels": {"rows": rows, "columns": columns, "layers": blinding_layers(network)},
    }


def data_metrics(dataset: Dataset, validation: Split, num_train: int) -> dict[str, Any]:
    """How many images of each class went where. ``num_train`` images were trained on."""
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
    """Where the training ended, and its best epoch by validation loss (which nothing was chosen by)."""
    last = history[-1]
    best = min(history, key=lambda record: record.val_loss)
    interval = wilson(round(last.val_accuracy * num_validation), num_validation)
    return {"last_epoch": asdict(last), "validation_interval": interval_pair(interval), "best_validation_epoch": best.epoch}


def baseline_metrics(baseline: Baseline) -> dict[str, Any]:
    """The network beside, as JSON has it; ``difference`` is the accuracy of the network under study less this one's, and ``p``
    that of McNemar's test (mid-p)."""
    pairing = baseline.pairing
    return {
        **asdict(baseline),
        "interval": interval_pair(baseline.interval),
        "error_ratio": baseline.error_ratio,
        "difference": pairing.difference,
        "difference_interval": interval_pair(pairing.interval),
        "p": pairing.p,
    }


def interval_pair(interval: Interval) -> list[float]:
    """``[low, high]``."""
    return [interval.low, interval.high]


def _layer(row: LayerRow) -> dict[str, Any]:
    reach = row.receptive_field
    field = None if reach is None else {key: list(value) for key, value in asdict(reach).items()}
    return {**asdict(row), "output_shape": list(row.output_shape), "receptive_field": field}
