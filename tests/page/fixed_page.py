"""The payload of a run that never took place: fixed numbers for snapshots and for tests of sentences."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

LAYERS = [
    {"name": "conv2d", "kind": "Conv2D", "output_shape": [26, 26, 16], "num_parameters": 160, "parameter_sum": "3·3·1·16 + 16",
     "multiply_adds": 97_344, "receptive_field": {"size": [3, 3], "jump": [1, 1], "start": [0, 0]}},
    {"name": "max_pooling2d", "kind": "MaxPooling2D", "output_shape": [13, 13, 16], "num_parameters": 0, "parameter_sum": "",
     "multiply_adds": 0, "receptive_field": {"size": [4, 4], "jump": [2, 2], "start": [0, 0]}},
    {"name": "conv2d_1", "kind": "Conv2D", "output_shape": [11, 11, 32], "num_parameters": 4640,
     "parameter_sum": "3·3·16·32 + 32", "multiply_adds": 557_568,
     "receptive_field": {"size": [8, 8], "jump": [2, 2], "start": [0, 0]}},
    {"name": "flatten", "kind": "Flatten", "output_shape": [3872], "num_parameters": 0, "parameter_sum": "", "multiply_adds": 0,
     "receptive_field": None},
    {"name": "dense", "kind": "Dense", "output_shape": [128], "num_parameters": 102_528, "parameter_sum": "800·128 + 128",
     "multiply_adds": 102_400, "receptive_field": None},
    {"name": "dense_1", "kind": "Dense", "output_shape": [10], "num_parameters": 1290, "parameter_sum": "128·10 + 10",
     "multiply_adds": 1280, "receptive_field": None},
]  # fmt: skip
NETWORK = [
    {"name": "conv2d", "kind": "Conv2D", "settings": {"kernel_size": [3, 3]}, "input_shape": [28, 28, 1],
     "output_shape": [26, 26, 16]},
    {"name": "max_pooling2d", "kind": "MaxPooling2D", "settings": {}, "input_shape": [26, 26, 16], "output_shape": [13, 13, 16]},
    {"name": "conv2d_1", "kind": "Conv2D", "settings": {"kernel_size": [3, 3]}, "input_shape": [13, 13, 16],
     "output_shape": [11, 11, 32]},
    {"name": "flatten", "kind": "Flatten", "settings": {}, "input_shape": [11, 11, 32], "output_shape": [3872]},
    {"name": "dense", "kind": "Dense", "settings": {}, "input_shape": [3872], "output_shape": [128]},
    {"name": "dense_1", "kind": "Dense", "settings": {}, "input_shape": [128], "output_shape": [10]},
]  # fmt: skip
CONFIG = {
    "recipe": "standard", "epochs": 2, "batch_size": 128, "drop_remainder": True, "optimizer": "adamw", "learning_rate": 0.0024,
    "beta_1": 0.9, "beta_2": 0.95, "weight_decay": 0.01, "label_smoothing": 0.0, "batch_normalization": True,
    "schedule": "one-cycle", "warm_up": 0.25, "validation": "held-out", "precision": "auto",
}  # fmt: skip
EPOCH = {"seconds": 2.5, "learning_rate": 0.0024}
SCORES = {
    "ece": {"value": 0.0046, "interval": [0.0031, 0.0062]},
    "nll": {"value": 0.0201, "interval": [0.0171, 0.0234]},
    "brier": {"value": 0.0088, "interval": [0.0077, 0.0101]},
}  # fmt: skip


def share(accuracy: float, low: float, high: float) -> dict[str, Any]:
    return {"accuracy": accuracy, "interval": [low, high]}


def fixed_page() -> dict[str, Any]:
    """Return a payload that a test may change."""
    return deepcopy({
        "run": {
            "created": "2026-11-22T07:00:15+00:00",
            "command": "convscope train mnist --model cnn --recipe standard --epochs 2 --seed 0",
            "model": "cnn",
            "recipe": "standard",
            "seed": 0,
            "config": CONFIG,
            "augmentation": {"shift": 1},
            "versions": {"python": "3.12.1", "convscope": "0.1.0", "keras": "3.15.1", "tensorflow-cpu": "2.21.0"},
            "machine": {"processor": "Example Processor", "cores": 4, "system": "Linux x86_64"},
            "stopped_early": False,
            "precision": "float32",
            "batch_size": 128,
            "backend": "tensorflow",
            "accelerators": [],
        },
        "dataset": {
            "name": "mnist",
            "source": "mnist",
            "content": "digits",
            "fingerprint": "0123abcd",
            "image_shape": [28, 28, 1],
            "class_names": [str(digit) for digit in range(10)],
        },
        "metrics": _metrics(),
        "history": [
            {"epoch": 1, "loss": 0.21, "accuracy": 0.94, "val_loss": 0.0612, "val_accuracy": 0.9812, **EPOCH},
            {"epoch": 2, "loss": 0.05, "accuracy": 0.985, "val_loss": 0.0298, "val_accuracy": 0.9917, **EPOCH},
        ],
        "network": {"layers": NETWORK, "non_trainable": 0},
        "first_image": {"class_name": "5", "pixels": [[[0], [128], [255]]]},
        "test_image": {"label": 7, "class_name": "7", "predicted": "7", "confidence": 0.99999},
        "test_reads": {"the result, after the training": 1, "the label audit": 3},
        "mistakes_shown": 57,
        "suspects_shown": ["test-4"],
        "weights": {"size": 108_618},
        "evidence": {
            "test": {"count": 10_000},
            "reference": {"count": 700, "sample": 500},
            "epoch_snapshots": {"epochs": [1, 2]},
            "pca_map": {"layer": "dense", "explained_variance_ratio": [0.1502, 0.1358], "count": 2_000},
        },
    })  # fmt: skip


def _metrics() -> dict[str, Any]:
    metrics: dict[str, Any] = {
        "epochs": 2,
        "train_seconds": 5.04,
        "wall_seconds": 17.2,
        "parameters": 108_618,
        "multiply_adds": 758_592,
        "layers": LAYERS,
        "data": {
            "train": 57_000, "validation": 3000, "test": 10_000, "pixels": {"minimum": 0, "maximum": 255, "mean": 33.3},
        },
        "history": {"best_validation_epoch": 2},
        "test": {
            "n": 10_000, "errors": 57, "accuracy": 0.9943, "interval": [0.9926, 0.9956],
            "confused_pairs": [
                {"true": "4", "predicted": "9", "count": 9, "support": 982},
                {"true": "7", "predicted": "2", "count": 6, "support": 1028},
            ],
        },
        "baseline": {
            "model_name": "ann", "num_parameters": 109_386, "multiply_adds": 109_184, "accuracy": 0.9822,
            "interval": [0.9794, 0.9846], "errors": 178, "n": 10_000, "epochs": 2, "train_seconds": 3.1, "both_wrong": 12,
            "only_baseline_wrong": 166, "only_model_wrong": 45, "error_ratio": 57 / 178,
        },
        "mistakes": {
            "triage": {"label suspect": 3, "ambiguous": 20, "model error": 34},
            "list": [{}] * 57,
        },
        "findings": [],
    }  # fmt: skip
    metrics["unused_input_pixels"] = {"rows": [26, 27], "columns": [26, 27], "layers": ["max_pooling2d_1"]}
    metrics["uncertainty"] = {
        "n": 3000,
        "selected_on": "validation",
        "temperature": 1.13,
        "temperature_scaling": {"temperature": 1.13, "interval": [1.04, 1.22]},
        "uncalibrated": {**SCORES, "overconfidence": {"value": -0.0041, "interval": [-0.0056, -0.0026]}},
        "calibrated": {**SCORES, "overconfidence": {"value": -0.0027, "interval": [-0.0042, 0.0012]}},
        "thresholds": [
            {
                "target_accuracy": 0.997,
                "threshold": 0.9312,
                "level": 0.95,
                "test": {"coverage": 0.981, **share(0.997, 0.9957, 0.9979)},
            },
        ],
        "unreachable_targets": [0.998, 0.9999],
    }
    metrics["ood"] = {
        "layer": "dense",
        "threshold": 6.13,
        "false_positive_rate": {"n": 10_000, "value": 0.011, "interval": [0.009, 0.0132]},
        "sets": [
            {"difference": {"value": value}, "adjusted_p": p} for value, p in ((0.1, 0.001), (-0.1, 0.001), (0.1, 0.4))
        ],
    }
    metrics["robustness"] = {
        "n": 10_000,
        "kinds": [
            {"kind": "fog", "title": "Fog", **share(0.61, 0.6, 0.62)},
            {"kind": "shear", "title": "Shear", **share(0.97, 0.96, 0.98)},
        ],
        "clean": share(0.9943, 0.9926, 0.9956),
        "mean": share(0.79, 0.78, 0.8),
        "worst": "fog",
        "lowest": {"kind": "fog", "next": "shear", "difference": 0.36, "interval": [0.34, 0.38], "p": 0.0001},
    }
    metrics["attacks"] = {
        "epsilons": [8 / 255, 0.3],
        "fgsm": [share(0.9, 0.85, 0.93), share(0.4, 0.33, 0.47)],
        "pgd": [share(0.8, 0.74, 0.85), share(0.1, 0.07, 0.15)],
    }
    metrics["label_audit"] = {
        "suspects": 48,
        "train": {"suspects": 41, "scored": 60_000},
        "test": {"suspects": 7, "scored": 10_000},
        "confirmed": {
            "confirmed_test": 3,
            "accuracy": 0.9943,
            "accuracy_without": 0.9946,
            "interval_without": [0.9929, 0.9959],
        },
    }
    return metrics
