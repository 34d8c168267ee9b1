"""Titles, captions and text alternatives of the figures, for hand-written results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from convscope.analysis.activations import FeatureMaps, Kernels
from convscope.analysis.classification import Confusion
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.sampling import Examples
from convscope.figures.baseline import draw_baseline
from convscope.figures.class_counts import draw_class_counts
from convscope.figures.classification import draw_confusion_matrix, draw_per_class
from convscope.figures.figure import Illustration
from convscope.figures.layers import draw_feature_maps, draw_feature_maps_per_class, draw_kernels
from convscope.figures.learning_curves import draw_accuracy, draw_loss
from convscope.figures.mistakes import draw_mistakes
from convscope.figures.model_diagram import draw_model_diagram
from convscope.figures.robustness import draw_robustness
from convscope.figures.training_images import draw_first_image, draw_first_image_matrix, draw_samples
from convscope.figures.uncertainty import draw_coverage, draw_reliability
from convscope.models.network import Layer, Network
from convscope.training.history import EpochRecord, History

from ..gold_files import GoldFiles  # type: ignore[import-not-found]

NAMES = ("cat", "dog", "emu")
LABELS = np.array([0, 0, 1, 1, 2, 2])
IMAGES = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4, 1)
LOGITS = np.array([[8, 0, 0], [4, 1, 0], [0, 6, 0], [9, 0, 0], [0, 0, 5], [0, 2, 3]], np.float32)


def share(accuracy: float, low: float, high: float) -> dict[str, object]:
    return {"accuracy": accuracy, "interval": [low, high]}


def calibration(gap: float) -> dict[str, object]:
    bins = [{"low": 0.5, "high": 0.9, "n": 2, "confidence": 0.8, **share(0.5, 0.1, 0.9)},
            {"low": 0.9, "high": 1.0, "n": 98, "confidence": 0.98, **share(0.97, 0.92, 0.99)}]  # fmt: skip
    scores = {name: {"value": 0.02, "interval": [0.01, 0.03]} for name in ("ece", "nll", "brier")}
    return {
        "bins": bins,
        **scores,
        "ece_null_95": 0.025,
        "overconfidence": {"value": gap, "interval": [gap - 0.01, gap + 0.01]},
    }


def uncertainty() -> dict[str, object]:
    thresholds = [
        {"target_accuracy": 0.99, "threshold": 0.9, "test": {"answered": 5, "coverage": 5 / 6, **share(0.8, 0.4, 0.95)}}
    ]
    return {"selected_on": "validation", "temperature": 1.1, "uncalibrated": calibration(0.03), "calibrated": calibration(0.001),
            "thresholds": thresholds}  # fmt: skip


def network() -> Network:
    convolution = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "activation": "relu"}
    return Network("cnn", (4, 4, 1), (
        Layer("conv2d", "Conv2D", convolution, (4, 4, 1), (2, 2, 2),
              {"kernel": np.ones((3, 3, 1, 2), np.float32), "bias": np.ones(2, np.float32)}),
        Layer("flatten", "Flatten", {}, (2, 2, 2), (8,), {}),
        Layer("dense", "Dense", {"activation": "softmax"}, (8,), (3,), {"kernel": np.ones((8, 3), np.float32)}),
    ))  # fmt: skip


def drawn() -> Iterator[Illustration]:
    history = History((
        EpochRecord(1, 1.0, 0.5, 0.9, 0.3, 0.92, 1e-3), EpochRecord(2, 1.0, 0.2, 0.97, 0.1, 0.96, 1e-3),
        EpochRecord(3, 1.0, 0.1, 0.98, 0.12, 0.97, 1e-3),
    ))  # fmt: skip
    evaluation = Evaluation(LABELS, LOGITS, NAMES)
    mistakes = evaluation.mistakes
    examples = Examples(
        first_image=IMAGES[:1], first_label=0, samples=IMAGES, sample_labels=LABELS, one_per_class=IMAGES[::2],
        one_per_class_labels=LABELS[::2], one_per_class_indices=np.array([0, 2, 4]), test_image=IMAGES[:1], test_label=0,
        mistakes=IMAGES[mistakes], mistake_indices=mistakes,
    )  # fmt: skip
    counts = {"data": {"class_counts": {"train": [20, 30, 40], "validation": [2, 3, 4], "test": [2, 2, 2]}}}
    test = {"n": 10_000, "errors": 95, **share(0.9905, 0.9884, 0.9922)}
    baseline = {"model_name": "ann", "n": 10_000, "errors": 130, **share(0.987, 0.9846, 0.989), "num_parameters": 900,
                "multiply_adds": 800, "both_wrong": 60, "only_baseline_wrong": 70, "only_model_wrong": 35,
                "error_ratio": 95 / 130}  # fmt: skip
    kinds = [{"kind": name, "title": name, **share(mean, mean - 0.02, mean + 0.02),
              "strengths": [{"strength": place, **share(mean, mean - 0.03, mean + 0.03)} for place in range(1, 6)]}
             for name, mean in (("fog", 0.6), ("shear", 0.9))]  # fmt: skip
    robustness = {"n": 500, "test_images": 10_000, "kinds": kinds, "clean": share(0.99, 0.98, 1.0),
                  "mean": share(0.75, 0.7, 0.8), "worst": "fog"}  # fmt: skip
    maps = FeatureMaps("conv2d", "Conv2D", np.arange(3 * 2 * 2 * 2, dtype=np.float32).reshape(3, 2, 2, 2) * [1, 0])

    yield draw_first_image_matrix(IMAGES[:1], "cat")
    yield draw_first_image(IMAGES[:1], "cat")
    yield draw_samples(examples, NAMES, 90)
    yield draw_class_counts(counts, {"config": {"validation": "held-out"}}, NAMES)
    yield draw_model_diagram(network())
    for on_test in (False, True):
        yield draw_accuracy(history, on_test=on_test)
        yield draw_loss(history, on_test=on_test)
    yield draw_confusion_matrix(Confusion(np.array([[50, 12, 0], [3, 50, 0], [0, 0, 50]]), NAMES))
    yield draw_per_class(evaluation)
    yield draw_mistakes(evaluation, examples)
    yield draw_kernels(Kernels("conv2d_1", np.arange(-20, 16, dtype=np.float32).reshape(2, 2, 3, 3)))
    yield draw_feature_maps(FeatureMaps("conv2d", "Conv2D", maps.values[:1]), IMAGES[:1], "cat")
    yield draw_feature_maps_per_class(maps, IMAGES[::2], NAMES)
    yield draw_reliability(uncertainty())
    yield draw_coverage(evaluation, uncertainty())
    yield draw_robustness({"robustness": robustness})
    metrics = {"test": test, "baseline": baseline, "parameters": 1000, "multiply_adds": 2000}
    yield draw_baseline(metrics, "cnn")


@pytest.mark.slow
def test_the_words_of_every_figure(gold: GoldFiles) -> None:
    gold("figures/words", "\n\n".join(
        f"{each.name}\ntitle: {each.title}\ncaption: {each.caption}\nalternative: {each.alt_text}" for each in drawn()
    ))  # fmt: skip


@pytest.mark.parametrize(("own", "other", "both", "title"), [
    (0, 0, 0, "Neither the CNN nor the plain network makes an error in 90 test images"),
    (0, 1, 0, "The CNN makes no errors in 90 test images, the plain network 1; not significant (McNemar test, p = 0.50)"),
    (1, 1, 1, "The CNN makes 1 error in 90 test images, the plain network 1; not significant (McNemar test, p = 1.00)"),
    (9, 0, 0, "The CNN makes 9 errors in 90 test images, the plain network none; significant (McNemar test, p = 0.0020)"),
    (2, 4, 1, "The CNN makes 0.50 times as many errors as the plain network: 2 against 4 in 90; not significant (McNemar test, p"),
])  # fmt: skip
def test_few_errors_are_no_ratio_and_one_is_no_plural(own: int, other: int, both: int, title: str) -> None:
    baseline = {"model_name": "ann", "n": 90, "errors": other, **share(1 - other / 90, 0.8, 1), "num_parameters": 900,
                "multiply_adds": 800, "both_wrong": both, "only_baseline_wrong": other - both, "only_model_wrong": own - both,
                "error_ratio": own / other if other else None}  # fmt: skip
    test = {"n": 90, "errors": own, **share(1 - own / 90, 0.8, 1)}
    drawing = draw_baseline({"test": test, "baseline": baseline, "parameters": 1000, "multiply_adds": 2000}, "cnn")
    assert drawing.title.startswith(title)
    assert "1 errors" not in drawing.alt_text


def test_accuracy_that_ends_as_it_began_neither_rises_nor_falls() -> None:
    history = History((EpochRecord(1, 1.0, 0.5, 0.9, 0.3, 1.0, 1e-3), EpochRecord(2, 1.0, 0.2, 0.9, 0.1, 1.0, 1e-3)))
    title = draw_accuracy(history, on_test=False).title
    assert title.startswith(
        "Accuracy on validation images is 100.00% after the first and the last of 2 epochs and ends 10.00"
    )


def test_diamonds_are_explained_where_there_are_any() -> None:
    captions = [draw_coverage(Evaluation(LABELS, LOGITS, NAMES), {**uncertainty(), "thresholds": each}).caption
                for each in ([], uncertainty()["thresholds"])]  # fmt: skip
    assert ["Diamonds" in caption for caption in captions] == [False, True]


def test_no_class_of_several_with_the_fewest_images_is_named_as_the_only_one() -> None:
    counts = {"data": {"class_counts": {"train": [30, 10, 10], "validation": [3, 1, 1], "test": [2, 2, 2]}}}
    title = draw_class_counts(counts, {"config": {"validation": "held-out"}}, NAMES).title
    assert f"range from 10 for “{NAMES[1]}” and 1 more to 30 for “{NAMES[0]}” (3.00 times as many)" in title
