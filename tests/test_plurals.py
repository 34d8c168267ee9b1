"""One of something is no “1 things”, wherever a number is written with its noun."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from convscope.analysis.comparison import ComparedRun, Costs, compare_evaluations
from convscope.analysis.comparison_text import of_pair
from convscope.analysis.evaluation import Evaluation
from convscope.data.dataset import Split
from convscope.errors import ConfigError, ConvscopeError, ShapeError
from convscope.page.text.study import hard_images_sentence
from convscope.server.address import choose_token
from convscope.system.table import MOST_ROWS, html_table

from .scripts import BENCHMARKS, load_script  # type: ignore[import-not-found]

LABELS = np.arange(40) % 2


def with_errors(number: int, first: int = 0) -> Evaluation:
    answers = LABELS ^ np.isin(np.arange(40), np.arange(first, first + number))
    return Evaluation(LABELS, np.eye(2, dtype=np.float32)[answers], ("a", "b"))


def compared(errors: int) -> str:
    found = [with_errors(errors), with_errors(errors, first=20)]
    runs = [ComparedRun(name, "cnn", "standard", 0, each.errors, each.accuracy, each.interval, Costs(1, 1, 1.0, 1, 1.0))
            for name, each in zip("ab", found, strict=True)]  # fmt: skip
    comparison = compare_evaluations(runs, found, dataset="made up")
    return of_pair(comparison, comparison.pairs[0]).evidence


def token(length: int) -> str:
    with pytest.raises(ConfigError) as refusal:
        choose_token("localhost", "x" * length)
    return str(refusal.value)


def conditions(cores: int) -> str:
    machine = {"processor": "Xeon", "cores": cores, "system": "Linux"}
    return str(
        load_script(BENCHMARKS / "markdown_parts.py").conditions({"machine": machine, "versions": {}, "date": "today"})
    )


def hard_images(number: int) -> str:
    hard = [{"wrong": number, "runs": number}] * number + [{"wrong": 0, "runs": number}]
    return hard_images_sentence({"hard_images": hard, "dataset": {"test": 40}})


def refused(error: type[ConvscopeError], call: Callable[..., object], *arguments: object, **keywords: object) -> str:
    with pytest.raises(error) as refusal:
        call(*arguments, **keywords)
    return str(refusal.value)


def images_without_labels(number: int) -> str:
    return refused(ShapeError, Split, np.zeros((number, 4, 4, 1), np.uint8), np.zeros(9, np.int64))


def labels_without_images(number: int) -> str:
    return refused(ShapeError, Split, np.zeros((9, 4, 4, 1), np.uint8), np.zeros(number, np.int64))


@pytest.mark.parametrize(
    ("write", "one", "two"),
    [
        (conditions, "1 core,", "2 cores,"),
        (lambda number: repr(with_errors(number)), "1 error,", "2 errors,"),
        (compared, "1 error on", "2 errors on"),
        (token, "1 character.", "2 characters."),
        (lambda number: html_table([{"x": 1}] * (MOST_ROWS + number)), "1 more row<", "2 more rows<"),
        (hard_images, "is misclassified by the run.", "are misclassified by all 2 runs."),
        (images_without_labels, "1 image but", "2 images but"),
        (labels_without_images, "1 label.", "2 labels."),
    ],
)
def test_a_noun_is_plural_unless_there_is_one(write: Callable[[int], str], one: str, two: str) -> None:
    assert one in write(1)
    assert two in write(2)
