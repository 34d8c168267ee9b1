"""The payload holds the numbers of the run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.api.run import Run
from convscope.page import binary_data, payload
from convscope.page.csp import island
from convscope.page.payload import encode_arrays, evidence_arrays, make_payload
from convscope.prediction.classifier import open_classifier
from convscope.runs.record import RunRecord
from convscope.runs.store import load_record
from convscope.training.history import History


def test_the_payload_is_json_and_comes_back_equal(page: dict[str, Any]) -> None:
    assert json.loads(island(page)) == page


def test_every_number_is_the_records(page: dict[str, Any], digits_record: RunRecord) -> None:
    assert page["schema_version"] == 3
    assert page["metrics"] == json.loads(json.dumps(digits_record.metrics))
    assert page["dataset"] == digits_record.request["dataset"]
    assert [epoch["val_loss"] for epoch in page["history"]] == digits_record.history.column("val_loss")
    assert page["run"]["command"] == digits_record.request["command"]


def test_the_first_image_is_the_pixels_with_their_label(page: dict[str, Any], digits_record: RunRecord) -> None:
    assert page["first_image"]["pixels"] == digits_record.examples.first_image[0].tolist()
    assert page["first_image"]["class_name"] == str(digits_record.examples.first_label)


def test_pictures_are_fitted_as_predict_does_it(page: dict[str, Any], digits_run: Run) -> None:
    digits = open_classifier(digits_run.folder).fitting.digits
    assert digits is not None
    assert page["preprocessing"]["digits"] == {"digit_size_fraction": digits.digit_size_fraction, "centre": digits.centre}


def test_a_loss_that_is_not_a_number_becomes_null(digits_record: RunRecord) -> None:
    broken = History((replace(digits_record.history[0], loss=float("nan"), val_loss=float("inf")),))
    page = make_payload(replace(digits_record, history=broken))
    assert page["history"][0]["loss"] is None
    assert page["history"][0]["val_loss"] is None
    island(page)


def test_payload_md_names_every_key(page: dict[str, Any]) -> None:
    described = Path(payload.__file__).with_suffix(".md").read_text("utf-8")
    parts = [
        page,
        *(page[name] for name in ("first_image", "test_image", "dataset", "preprocessing", "weights", "evidence")),
    ]
    parts += [page["weights"]["epochs"][0], page["weights"]["arrays"][0]]
    parts += [page["evidence"][name] for name in ("test", "reference", "mahalanobis", "epoch_snapshots")]
    for key in (key for part in parts for key in part):
        assert key in described


def test_every_mistake_has_its_nearest_training_images(page: dict[str, Any], digits_record: RunRecord) -> None:
    evidence = page["evidence"]
    assert [int(index) for index in evidence["nearest_neighbours"]] == digits_record.evaluation.mistakes.tolist()
    assert all(len(side) == 3 for sides in evidence["nearest_neighbours"].values() for side in sides.values())
    rows = {row for sides in evidence["nearest_neighbours"].values() for side in sides.values() for row in side}
    assert rows < set(range(evidence["reference"]["count"]))


def test_the_film_ends_with_the_result(page: dict[str, Any]) -> None:
    film = page["evidence"]["epoch_snapshots"]
    assert film["epochs"] == [entry["epoch"] for entry in page["weights"]["epochs"]]
    assert film["accuracy"][-1] == page["metrics"]["test"]["accuracy"]
    assert film["confusion"][-1] == page["metrics"]["test"]["confusion"]


def test_without_evidence_the_payload_has_the_reason(digits_record: RunRecord) -> None:
    page = make_payload(replace(digits_record, evidence=None, evidence_missing="The </script> ate it."))
    assert page["evidence"] is None
    assert page["evidence_missing"] == "The </script> ate it."
    assert page["weights"] is not None
    island(page)


def test_what_does_not_apply_is_null(digits_record: RunRecord) -> None:
    assert digits_record.evidence is not None
    bare = replace(
        digits_record.evidence,
        nearest_neighbours=None,
        mahalanobis=None,
        epoch_snapshots=None,
    )
    evidence = make_payload(replace(digits_record, evidence=bare))["evidence"]
    assert (
        evidence["mahalanobis"],
        evidence["epoch_snapshots"],
        evidence["nearest_neighbours"],
    ) == (None, None, {})


def test_a_network_too_large_for_a_page_has_no_weights(digits_record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_data, "MAX_WEIGHTS", 1000)
    assert make_payload(digits_record)["weights"] is None
    assert not [name for name in encode_arrays(digits_record) if name.startswith("weights")]


def test_the_baselines_predictions_are_embedded_with_the_numbers_of_the_comparison(
    page: dict[str, Any], digits_run: Run, digits_record: RunRecord
) -> None:
    assert page["evidence"]["test"]["baseline_predictions"] == "baseline-predictions"
    embedded, evaluation = evidence_arrays(digits_record)["baseline-predictions"], digits_record.evaluation
    assert embedded.dtype == np.uint16
    wrong, other = evaluation.predictions != evaluation.labels, embedded != evaluation.labels
    told = page["metrics"]["baseline"]
    counted = [int(each.sum()) for each in (wrong & other, wrong & ~other, ~wrong & other)]
    assert counted == [told["both_wrong"], told["only_model_wrong"], told["only_baseline_wrong"]]
    read_back = load_record(digits_run.folder).baseline_predictions
    assert read_back is not None
    assert read_back.tolist() == embedded.tolist()


def test_a_run_that_did_not_store_the_baselines_predictions_has_none(digits_record: RunRecord) -> None:
    old = replace(digits_record, baseline_predictions=None)
    assert make_payload(old)["evidence"]["test"]["baseline_predictions"] is None
    assert "baseline-predictions" not in encode_arrays(old)
