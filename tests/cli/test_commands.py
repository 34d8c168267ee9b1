"""What each command prints about fixed results, in snapshots."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from convscope.analysis.comparison import ComparedRun, Comparison, Costs, compare_evaluations
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.label_audit.confirmed import AccuracyWithoutConfirmed
from convscope.analysis.label_audit.suspects import LabelAudit, SplitAudit
from convscope.analysis.mistakes.triage import KINDS, MistakeEvidence, Triage
from convscope.analysis.statistics.proportions import Interval
from convscope.cli import audit, compare, data, export, mistakes, text
from convscope.cli.main import main
from convscope.data.dataset import Dataset, Provenance, Split


def share(accuracy: float) -> dict[str, Any]:
    return {"accuracy": accuracy, "interval": [accuracy - 0.02, accuracy + 0.01]}


ROBUSTNESS = {
    "n": 1_000, "test_images": 10_000, "clean": share(0.99), "mean": share(0.9123), "worst": "fog",
    "kinds": [
        {"kind": kind, "title": title, "strengths": [share(0.9 - 0.1 * strength) for strength in range(3)], **share(accuracy)}
        for kind, title, accuracy in (("shot_noise", "shot noise", 0.97), ("fog", "fog", 0.6))
    ],
}  # fmt: skip
OOD = {
    "layer": "dense", "threshold": 6.1322, "false_positive_rate": {"n": 1_000, "value": 0.012},
    "sets": [{"title": "letters", "distance": {"value": 0.981, "interval": [0.97, 0.99]}, "confidence": {"value": 0.91},
              "detection_rate": {"value": 0.75}, "n": 1_000}],
}  # fmt: skip
ATTACKS = {"n": 500, "test_images": 10_000, "steps": 20, "clean": share(0.98), "epsilons": [0.1, 0.3],
           "fgsm": [share(0.8), share(0.3)], "pgd": [share(0.7), share(0.05)]}  # fmt: skip
SECTIONS = {"robustness": ROBUSTNESS, "ood": OOD, "attacks": ATTACKS}


def test_examination(gold: Any) -> None:
    gold("cli/evaluate-thorough", "\n\n".join(text.tables(SECTIONS)))


def test_the_numbers_of_kinds_and_strengths_are_those_of_the_metrics() -> None:
    line = text.corruption_line(ROBUSTNESS)
    assert "2 kinds at 3 strengths" in line
    assert "91.2%" in line
    assert "fog" in line
    assert "fog" not in text.corruption_line({**ROBUSTNESS, "worst": None})
    head = text.corruption_table(ROBUSTNESS).splitlines()[0].split()
    assert [word for word in head if word.isdigit()] == ["1", "2", "3"]


def test_the_summary_has_the_lines_only() -> None:
    lines = list(text.summary(SECTIONS))
    assert len(lines) == 3
    assert not any("\n" in line for line in lines)
    assert len(list(text.summary({**SECTIONS, "ood": None, "attacks": None}))) == 1


def label_audit(*, suspects: bool = True, confirmed: AccuracyWithoutConfirmed | None = None) -> LabelAudit:
    rows = 2 if suspects else 0
    splits = (
        SplitAudit("train", 60, 58, (1, 0) if suspects else (0, 0), 1, True),
        SplitAudit("test", 10, 10, (0, rows // 2), 1),
    )
    return LabelAudit(
        np.array(["train", "test"][:rows]), np.array([1234, 7][:rows]), np.array([0, 1][:rows]), np.array([1, 0][:rows]),
        np.array([0.91234, 0.6][:rows]), ("cat", "dog"), splits, ("2 images could not be scored.",), confirmed,
    )  # fmt: skip


def test_audit(gold: Any) -> None:
    found = AccuracyWithoutConfirmed(1, 7, 10_000, 57, 0.9943, Interval(0.9926, 0.9956), 9_993, 50, 0.995, Interval(0.9934, 0.9962),
                             0.0007, Interval(0.0005, 0.0009))  # fmt: skip
    lines = [*audit._lines(label_audit(confirmed=found), False), "", *audit._lines(label_audit(suspects=False), False)]
    lines += [
        "",
        *audit._lines(label_audit(confirmed=AccuracyWithoutConfirmed(*[2, 0, *list(vars(found).values())[2:]])), True),
    ]
    gold("cli/audit", "\n".join(lines))


def comparison(*wrong: slice) -> Comparison:
    """Compare networks that misclassify these of 1,000 images."""
    labels, evaluations = np.arange(1000) % 3, []
    for places in wrong:
        answers = labels.copy()
        answers[places] = (answers[places] + 1) % 3
        evaluations.append(Evaluation(labels, np.eye(3, dtype=np.float32)[answers], ("a", "b", "c")))
    costs = Costs(108_618, 2_000_000, 0.1234, 4096, 17.25)
    runs = [ComparedRun(f"run{number}", "cnn", "standard", number, each.errors, each.accuracy, each.interval, costs)
            for number, each in enumerate(evaluations)]  # fmt: skip
    return compare_evaluations(runs, evaluations, dataset="digits")


def test_compare(gold: Any) -> None:
    two, three = comparison(slice(10), slice(50)), comparison(slice(10), slice(50), slice(5, 16))
    gold("cli/compare", "\n\n".join(part(each) for each in (two, three) for part in (compare._costs, compare._pairs)))


@pytest.mark.parametrize(("first", "second", "points"), [(10, 50, "+4.00"), (50, 10, "−4.00"), (10, 10, "0.00")])
def test_the_difference_has_a_direction(first: int, second: int, points: str) -> None:
    line = compare._pairs(comparison(slice(first), slice(second))).splitlines()[1]
    assert line.split()[:3] == ["run0", "run1", points]


def test_data(gold: Any) -> None:
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4, 1) * 10
    split = Split(images, np.array([1, 0]))
    dataset = Dataset("own", split, split, ("cat", "dog"), Provenance("own.npz", "two images from own.npz", "CC0"))
    parts = [*data._paragraphs(dataset, (), False), *data._paragraphs(dataset, ("2 images are blank.",), True)]
    gold("cli/data", "\n\n".join(parts))


def test_problems_of_data_come_before_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    images[0] = 0
    np.savez(tmp_path / "own.npz", x=images, y=np.arange(60) % 3)
    assert main(["data", str(tmp_path / "own.npz"), "--quiet"]) == 0
    problems, notes = capsys.readouterr().out.partition("possible problems:")[2].split("notes:")
    assert "a single colour" in problems
    assert "test" in notes
    assert "a single colour" not in notes
    main(["data", str(tmp_path / "own.npz"), "--json"])
    listed = json.loads(capsys.readouterr().out)["problems"]
    assert listed == [line.strip() for each in (problems, notes) for line in each.split("\n- ")[1:]]


def test_export(gold: Any) -> None:
    contract = SimpleNamespace(image_shape=(28, 28, 1), polarity="light on dark", content="digits", digits=object(),
                               temperature=1.25, as_dict=lambda: {"channels": "grey"})  # fmt: skip
    lines = []
    for n, differing, difference in ((3, 0, 0.0), (2, 1, 1.5e-6)):
        agreement = SimpleNamespace(mismatched_classes=differing, largest_difference=difference, __len__=None)
        found = SimpleNamespace(path=Path("a.onnx"), agreement=Sized(n, vars(agreement)), num_test=3, contract=contract)
        lines += [export._agreement(found), export._terms(found)]
    gold("cli/export", "\n".join(lines))


class Sized(SimpleNamespace):
    """Stands for the agreement over ``n`` images."""

    def __init__(self, n: int, values: dict[str, Any]) -> None:
        super().__init__(**values, n=n)

    def __len__(self) -> int:
        return int(self.n)


def test_mistakes(gold: Any) -> None:
    found = [
        SimpleNamespace(index=index, true="4", predicted="9", true_probability=0.00001, predicted_probability=probability,
                        file=file,
                        triage=Triage(kind, ("first reason", "second reason"), MistakeEvidence(probability, 0.00001)))
        for index, kind, probability, file in zip(
            (7, 1234, 55, 60), KINDS, (0.99999, 0.9, 0.51, 0.5), ("4/a.png", "", "test.csv line 57", ""), strict=True
        )
    ]  # fmt: skip
    lines = [*mistakes._lines(found, 4, False), "", *mistakes._lines(found[:1], 4, False)]
    lines += ["", *mistakes._lines([], 0, False), *mistakes._lines([], 2, False)]
    gold("cli/mistakes", "\n".join(lines))


def test_causes_align_beside_file_names_whatever_their_script() -> None:
    kind = KINDS[0]
    found = [
        SimpleNamespace(index=7, true="猫", predicted="dog", true_probability=0.1, predicted_probability=0.9, file=file,
                        triage=Triage(kind, ("reason",), MistakeEvidence(0.9, 0.1)))
        for file in ("猫/写真.jpg", "cat/photo.jpg")
    ]  # fmt: skip
    head, *lines = list(mistakes._table(found))
    assert {cell_len(line[: line.index(kind)]) for line in lines} == {cell_len(head[: head.index("cause")])}
