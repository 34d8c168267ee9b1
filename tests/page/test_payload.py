"""What the page knows is what the run measured."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from convscope.analysis.record import RunRecord
from convscope.page.payload import make_payload
from convscope.page.policy import island
from convscope.training.history import History


def test_the_payload_is_json_and_comes_back_equal(page: dict[str, Any]) -> None:
    assert json.loads(island(page)) == page


def test_every_number_is_the_records(page: dict[str, Any], digits_record: RunRecord) -> None:
    assert page["schema_version"] == 1
    assert page["metrics"] == json.loads(json.dumps(digits_record.metrics))
    assert page["dataset"] == digits_record.request["dataset"]
    assert [epoch["val_loss"] for epoch in page["history"]] == digits_record.history.column("val_loss")
    assert page["run"]["command"] == digits_record.request["command"]


def test_the_first_image_is_the_pixels_with_their_label(page: dict[str, Any], digits_record: RunRecord) -> None:
    assert page["first_image"]["pixels"] == digits_record.examples.first_image[0].tolist()
    assert page["first_image"]["class_name"] == str(digits_record.examples.first_label)


def test_a_loss_that_is_not_a_number_becomes_null(digits_record: RunRecord) -> None:
    broken = History((replace(digits_record.history[0], loss=float("nan"), val_loss=float("inf")),))
    page = make_payload(replace(digits_record, history=broken))
    assert page["history"][0]["loss"] is None
    assert page["history"][0]["val_loss"] is None
    island(page)


def test_the_docstring_names_every_key(page: dict[str, Any]) -> None:
    import convscope.page.payload as module

    assert module.__doc__ is not None
    for key in (*page, *page["first_image"], *page["test_image"], *page["dataset"]):
        assert key in module.__doc__
