"""Figures of the results: curves, confusion matrix, classes, errors and the baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from convscope.analysis.classification import Confusion
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.statistics.paired import mid_p
from convscope.analysis.statistics.proportions import wilson
from convscope.figures.baseline import draw_baseline
from convscope.figures.class_counts import draw_class_counts
from convscope.figures.classification import draw_confusion_matrix, draw_per_class
from convscope.figures.figure import Illustration, to_svg
from convscope.figures.learning_curves import draw_accuracy, draw_loss, epoch_ticks
from convscope.formatting import p_value, percent
from convscope.runs.record import RunRecord
from convscope.training.history import EpochRecord, History

Make = Callable[..., RunRecord]


def texts_of(illustration: Illustration) -> list[str]:
    """Everything that is written in a figure, ticks left out."""
    figure = illustration.figure
    return [text.get_text() for text in [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]]


def history(*accuracies: float) -> History:
    return History(tuple(EpochRecord(i, 1.0, 0.3 / i, accuracy, 0.4 / i, accuracy - 0.01, 0.001)
                         for i, accuracy in enumerate(accuracies, start=1)))  # fmt: skip


def test_the_confusion_matrix_shows_every_count_of_scikit_learn(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    expected = confusion_matrix(evaluation.labels, evaluation.predictions)
    cells = {}
    for axes in illustrations["confusion_matrix"].figure.axes:
        for text in axes.texts:
            column, row = text.get_position()
            cells[int(row), int(column)] = int(text.get_text())
    assert cells == {place: int(count) for place, count in np.ndenumerate(expected)}


def test_rows_of_the_confusion_matrix_are_the_true_labels(illustrations: Mapping[str, Illustration]) -> None:
    axes = illustrations["confusion_matrix"].figure.axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("True labels", "Predicted labels")


def test_a_single_error_is_seen_beside_a_diagonal_of_a_thousand() -> None:
    counts = np.diag([1000, 1000, 1000]) + np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    pixels = draw_confusion_matrix(Confusion(counts, ("a", "b", "c"))).figure.axes[0].images[0].get_array()
    assert pixels is not None
    assert pixels[0, 1, 3] == 255
    assert pixels[..., 3].sum() == 255, "cells without errors, and the diagonal, take no colour from the scale"


def test_a_hundred_classes_are_shown_by_colour_alone() -> None:
    counts = np.random.default_rng(0).integers(0, 9, (100, 100))
    axes = draw_confusion_matrix(Confusion(counts, tuple(f"class {i}" for i in range(100)))).figure.axes[0]
    pixels = axes.images[0].get_array()
    assert pixels is not None
    assert not axes.texts
    assert ((pixels[..., 3] > 0) == (counts * (1 - np.eye(100)) > 0)).all()


def test_accuracy_states_first_and_last_validation_accuracy(digits_record: RunRecord) -> None:
    title = draw_accuracy(digits_record.history, on_test=False).title
    first, last = digits_record.history[0], digits_record.history[-1]
    assert percent(first.val_accuracy) in title
    assert percent(last.val_accuracy) in title


def test_curves_hold_the_values_of_the_history(digits_record: RunRecord) -> None:
    axes = draw_loss(digits_record.history, on_test=False).figure.axes[0]
    training, validation = axes.lines[:2]
    assert list(training.get_ydata()) == digits_record.history.column("loss")
    assert list(validation.get_ydata()) == digits_record.history.column("val_loss")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epoch", "Loss")


def test_training_and_validation_differ_by_dash_and_marker_and_not_by_colour_alone(digits_record: RunRecord) -> None:
    training, validation = draw_accuracy(digits_record.history, on_test=False).figure.axes[0].lines[:2]
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()


@pytest.mark.parametrize("draw", [draw_accuracy, draw_loss])
def test_where_the_test_split_validates_the_curve_says_so(
    on_test_record: RunRecord, draw: Callable[..., Illustration]
) -> None:
    figure = draw(on_test_record.history, on_test=True)
    assert "test (used as validation)" in [line.get_label() for line in figure.figure.axes[0].lines]
    assert "test images (used as validation)" in figure.title
    assert "test (used as\nvalidation)" in texts_of(figure)


def test_where_the_test_split_validates_it_is_counted_once(on_test_record: RunRecord) -> None:
    figure = draw_class_counts(on_test_record.metrics, on_test_record.request, on_test_record.evaluation.class_names)
    assert "test (used as validation)" in texts_of(figure)
    assert "validation" not in texts_of(figure)


def test_one_epoch_is_enough_for_the_curves() -> None:
    for draw in (draw_accuracy, draw_loss):
        figure = draw(history(0.9), on_test=False)
        assert "one epoch" in figure.title
        assert list(figure.figure.axes[0].get_xticks()) == [1]
        to_svg(figure)


@pytest.mark.parametrize("accuracies", [(0.5, 1.0), (0.1, 0.1), (0.97, 0.999, 0.9999), (0.991, 0.992), (float("nan"), 0.5)])
def test_curves_are_drawn_for_any_accuracies(accuracies: tuple[float, ...]) -> None:
    figure = draw_accuracy(history(*accuracies), on_test=False)
    low, high = figure.figure.axes[0].get_ylim()
    assert low < high <= 1
    to_svg(figure)


def test_losses_of_a_training_that_diverged_are_drawn() -> None:
    figure = draw_loss(History((EpochRecord(1, 1.0, float("nan"), 0.1, float("inf"), 0.1, 1.0),)), on_test=False)
    assert np.isfinite(figure.figure.axes[0].get_ylim()).all()
    assert "nan" in to_svg(figure)


@pytest.mark.parametrize("epochs", [1, 2, 10, 13, 37, 100, 1234])
def test_epoch_ticks_are_whole_few_and_hold_the_first_and_the_last(epochs: int) -> None:
    ticks = epoch_ticks(epochs)
    assert ticks[0] == 1
    assert ticks[-1] == epochs
    assert len(ticks) <= 15
    assert ticks == sorted(set(ticks))


def test_per_class_states_scikit_learns_recall_and_precision(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    evaluation = digits_record.evaluation
    written = Counter(texts_of(illustrations["per_class"]))
    for score in (recall_score, precision_score):
        values = score(evaluation.labels, evaluation.predictions, average=None, zero_division=0)
        assert not Counter(percent(value) for value in values) - written
    for score in evaluation.class_scores:
        for interval in (score.recall_interval, score.precision_interval):
            assert f"({percent(interval.low)} to {percent(interval.high)})" in illustrations["per_class"].alt_text


@pytest.mark.parametrize("lowest", [972, 985])
def test_the_title_says_that_the_classes_differ_where_a_test_over_all_of_them_does(lowest: int) -> None:
    """In neither case are two simultaneous intervals apart, so overlap must not decide."""
    hits = [985, 986, 987, 988, 989, 990, 991, 992, 993, lowest]
    labels = np.repeat(np.arange(10), 1000)
    is_wrong = np.arange(10_000) % 1000 >= np.repeat(hits, 1000)
    title = draw_per_class(Evaluation(labels, np.eye(10)[(labels + is_wrong) % 10] * 5.0, tuple("0123456789"))).title
    differ = chi2_contingency([hits, [1000 - each for each in hits]]).pvalue < 0.05
    assert differ == (lowest == 972)
    assert ("the classes differ" if differ else "no difference between the classes is shown") in title
    assert "chance" not in title


def test_the_gallery_names_true_class_predicted_class_and_confidence(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    evaluation, written = digits_record.evaluation, texts_of(illustrations["mistakes"])
    for index in digits_record.examples.mistake_indices:
        true, predicted = (evaluation.class_names[of[index]] for of in (evaluation.labels, evaluation.predictions))
        assert any(text.startswith(f"{true} → {predicted}\n") for text in written)
        assert f"#{index}" in written


def test_class_counts_shows_every_count_of_every_split(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    written = Counter(texts_of(illustrations["class_counts"]))
    counts = digits_record.metrics["data"]["class_counts"]
    assert not Counter(f"{count:,}" for split in counts.values() for count in split) - written


def test_baseline_states_errors_ratio_and_parameters_of_both(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    figure, other = illustrations["baseline"], digits_record.metrics["baseline"]
    assert f"{other['error_ratio']:.2f} times" in figure.title
    assert p_value(mid_p(other["only_model_wrong"], other["only_baseline_wrong"])) in figure.title
    assert {f"{other['num_parameters']:,}", f"{digits_record.metrics['parameters']:,}", percent(other["accuracy"])} <= set(
        texts_of(figure)
    )


def test_significance_follows_the_paired_test_and_not_the_overlap_of_intervals(
    digits_record: RunRecord,
) -> None:
    own, other = wilson(9905, 10_000), wilson(9870, 10_000)
    assert own.low < other.high
    test = {**digits_record.metrics["test"], "n": 10_000, "errors": 95, "accuracy": 0.9905, "interval": [own.low, own.high]}
    baseline = {
        **digits_record.metrics["baseline"],
        "n": 10_000, "errors": 130, "accuracy": 0.987, "interval": [other.low, other.high], "error_ratio": 95 / 130,
        "both_wrong": 60, "only_baseline_wrong": 70, "only_model_wrong": 35,
    }  # fmt: skip
    apart = draw_baseline({**digits_record.metrics, "test": test, "baseline": baseline}, "cnn")
    assert "95 against 130 in 10,000; significant" in apart.title
    assert "McNemar test, p = 0.0006" in apart.title
    assert "0.35 points (95% CI 0.15 to 0.56)" in apart.alt_text
    baseline |= {"both_wrong": 0, "only_baseline_wrong": 100, "only_model_wrong": 95, "errors": 100, "error_ratio": 0.95}
    alike = draw_baseline({**digits_record.metrics, "test": test, "baseline": baseline}, "cnn")
    assert "not significant" in alike.title
    assert "McNemar test, p = 0.72" in alike.title


def test_a_baseline_without_errors_is_drawn(digits_record: RunRecord) -> None:
    other = {
        **digits_record.metrics["baseline"],
        "errors": 0,
        "error_ratio": None,
        "both_wrong": 0,
        "only_baseline_wrong": 0,
    }
    figure = draw_baseline({**digits_record.metrics, "baseline": other}, "cnn")
    assert "the plain network none; " in figure.title
    to_svg(figure)


@pytest.mark.parametrize(("largest", "stands_out"), [(12, True), (4, False)])
def test_a_confusion_is_called_the_most_frequent_where_that_is_more_than_chance(largest: int, stands_out: bool) -> None:
    counts = np.array([[50, largest, 0], [3, 50, 0], [0, 0, 50]])
    title = draw_confusion_matrix(Confusion(counts, ("a", "b", "c"))).title
    assert f"{largest + 3} of {153 + largest}" in title
    assert f"most often “a” predicted as “b”: {largest} of {50 + largest}" in title
    assert ("none stands out significantly" in title) is not stands_out


def test_of_equally_frequent_confusions_none_is_called_the_most_frequent() -> None:
    counts = np.array([[5, 1, 0], [0, 5, 1], [0, 0, 5]])
    assert draw_confusion_matrix(Confusion(counts, ("a", "b", "c"))).title == (
        "2 of 17 test images are misclassified; no confusion is more frequent than all others"
    )


def test_long_names_are_cut_in_the_picture_and_in_the_title(make_record: Make) -> None:
    evaluation = replace(make_record().evaluation, class_names=("x" * 200, "b", "c"))
    figure = draw_confusion_matrix(evaluation.confusion)
    assert "x" * 30 not in figure.title + "".join(label.get_text() for label in figure.figure.axes[0].get_xticklabels())
