"""A run folder of schema 1 (``fixtures/run-schema-1``): every verb opens it, and its numbers are those it was written with."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.cli.main import main
from convscope.prediction.classifier import open_classifier
from convscope.runs import files, ledger, run_folder
from convscope.runs.migrations import upgrade_metrics, upgrade_purpose, upgrade_request
from convscope.system.arrays import load_arrays, save_arrays
from convscope.system.dataclass_json import to_json
from convscope.system.files import write_json

FIXTURE = Path(__file__).parents[1] / "fixtures" / "run-schema-1"
STABLE = ("parameters", "train_seconds", "wall_seconds", "epochs", "seed", "multiply_adds", "layers", "data", "history", "test",
          "baseline")  # fmt: skip


@pytest.fixture
def old_run(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURE, tmp_path / "run"))


@pytest.fixture(scope="module")
def raw() -> dict[str, Any]:
    """``metrics.json`` as schema 1 has it."""
    metrics: dict[str, Any] = json.loads((FIXTURE / "metrics.json").read_text("utf-8"))
    assert metrics["schema_version"] == 1
    return metrics


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def probabilities(raw: Mapping[str, Any]) -> np.ndarray:  # type: ignore[type-arg]
    logits = load_arrays(FIXTURE / "predictions.npz")["logits"].astype(np.float64) / raw["doubt"]["temperature"]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def test_reading_changes_no_file(old_run: Path) -> None:
    before = contents(old_run)
    run = convscope.load_run(old_run)
    assert run.metrics["schema_version"] == run.record.request["schema_version"] == 2
    convscope.predict(run, run.dataset.test.images[:2])
    assert contents(old_run) == before


def test_stable_metrics_are_the_same(old_run: Path, raw: dict[str, Any]) -> None:
    metrics = convscope.load_run(old_run).metrics
    assert {name: metrics[name] for name in STABLE} == {name: raw[name] for name in STABLE}


@pytest.mark.parametrize("version", [1, 2])
def test_a_request_without_problems_of_its_data_has_an_empty_list(version: int) -> None:
    request: dict[str, Any] = {"schema_version": version, "dataset": {"name": "photos"}}
    assert upgrade_request(request)["dataset"]["problems"] == []
    assert "problems" not in request["dataset"]
    request["dataset"]["problems"] = ["a problem"]
    assert upgrade_request(request)["dataset"]["problems"] == ["a problem"]


def rounded(value: Any) -> Any:
    """JSON with numbers of twelve decimals: an interval once ended at 0.9999999999999998."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return round(value, 12) if isinstance(value, float) else value


def test_the_uncertainty_has_its_numbers(old_run: Path, raw: dict[str, Any]) -> None:
    run, old = convscope.load_run(old_run), raw["doubt"]
    found = run.uncertainty
    assert found is not None
    assert found.calibrated is not None
    assert (found.temperature, found.n, found.selected_on) == (old["temperature"], old["n"], old["measured_on"])
    for new, name in ((found.uncalibrated, "before"), (found.calibrated, "after")):
        assert (new.nll.value, list(new.ece.interval)) == (old[name]["nll"]["value"], old[name]["ece"]["interval"])
        assert (new.overconfidence.value, new.ece_null_95) == (old[name]["gap"]["value"], old[name]["ece_by_chance"])
        assert [each.correct for each in new.bins] == [each["right"] for each in old[name]["bins"]]
    assert found.curve.aurc == pytest.approx(old["coverage"]["aurc"])
    assert found.risk_coverage.oracle_aurc == old["coverage"]["best_aurc"]
    assert [each.target_coverage for each in found.risk_coverage.points] == [
        each["wanted"] for each in old["coverage"]["points"]
    ]
    thresholds = [each for each in old["thresholds"] if each["threshold"] is not None]
    assert [each.target_accuracy for each in found.thresholds] == [each["wanted"] for each in thresholds]
    assert [each.test.errors for each in found.thresholds] == [each["test"]["errors"] for each in thresholds]
    # What this version writes of it again is what the upgrade made of it.
    added = {"interval": None, "nll_cross_fitted": None, "helps": True}  # its temperature stays in use
    scaling = {**run.metrics["uncertainty"]["temperature_scaling"], **added}
    assert rounded(to_json(found)) == rounded({**run.metrics["uncertainty"], "temperature_scaling": scaling})


def test_the_other_sections_have_their_numbers(old_run: Path, raw: dict[str, Any]) -> None:
    new = convscope.load_run(old_run).metrics
    old = raw["strangers"]
    assert new["ood"]["false_positive_rate"]["value"] == old["known"]["false_alarms"]["share"]
    assert [each["distance"]["value"] for each in new["ood"]["sets"]] == [each["distance"]["auroc"] for each in old["sets"]]
    assert [each["detection_rate"]["count"] for each in new["ood"]["sets"]] == [
        each["noticed"]["count"] for each in old["sets"]
    ]
    assert [each["adjusted_p"] for each in new["ood"]["sets"]] == [each["difference"]["adjusted_p"] for each in old["sets"]]
    assert new["ood"]["skipped"] == old["left_out"]
    assert new["robustness"]["mean"]["relative_accuracy"] == raw["robustness"]["mean"]["kept"]
    assert new["attacks"] == raw["attacks"]
    assert new["label_audit"]["train"]["scored"] == raw["label_audit"]["train"]["judged"]
    assert "mistakes" not in new  # judged without witnesses; a report explains them again
    assert new["unused_input_pixels"] == raw["blind_pixels"]


def test_no_name_of_schema_1_is_left(old_run: Path) -> None:
    record = convscope.load_run(old_run).record
    gone = {"doubt", "strangers", "blind_pixels", "before", "after", "gap", "ece_by_chance", "wanted", "measured", "measured_on",
            "best_aurc", "noticed", "known", "false_alarms", "kept", "judged", "right_before", "epochs_before", "right",
            "model's fault", "minimum_steps", "skip_blind_pixels", "things", "prepared_as_digits", "ground"}  # fmt: skip

    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*(keys(each) for each in value.values()))
        return set().union(*(keys(each) for each in value)) if isinstance(value, list) else set()

    assert not gone & (keys(record.metrics) | keys(record.request))
    assert upgrade_metrics(record.metrics) == record.metrics
    assert upgrade_request(record.request) == record.request


def test_the_evidence_is_read(old_run: Path) -> None:
    """But for its distances to reference images, which no version measures any more."""
    evidence, arrays = convscope.load_run(old_run).record.evidence, load_arrays(FIXTURE / "evidence.npz")
    assert evidence is not None
    assert evidence.mahalanobis is None
    assert "an earlier version" in str(open_classifier(old_run).ood_unavailable_reason)
    assert evidence.nearest_neighbours is not None
    assert np.array_equal(evidence.nearest_neighbours.true, arrays["nearest/true"])
    assert evidence.epoch_snapshots is not None
    assert np.array_equal(evidence.epoch_snapshots.accuracy, arrays["film/accuracy"])


def test_predictions_are_the_same_from_the_folder_and_from_its_model_alone(old_run: Path, raw: dict[str, Any]) -> None:
    images = convscope.load_run(old_run).dataset.test.images
    for source in (old_run, old_run / "model.onnx"):
        found = convscope.predict(source, images)
        assert np.allclose(found.probabilities, probabilities(raw), atol=1e-5)
    assert convscope.predict(old_run, images[:1])[0].is_out_of_distribution is None


def test_predict_reads_yardsticks_of_schema_1(old_run: Path) -> None:
    arrays = load_arrays(old_run / "evidence.npz")
    kept = {name: array for name, array in arrays.items() if name.split("/")[0] in {"reference_images", "sample", "novelty"}}
    save_arrays(old_run / "yardsticks.npz", kept, compressed=True)
    (old_run / "evidence.npz").unlink()
    run_folder.write_manifest(old_run)
    found = convscope.predict(old_run, convscope.load_run(old_run).dataset.test.images)
    assert found.distances is None
    assert "an earlier version" in str(found.ood_unavailable_reason)


def test_it_is_evaluated(old_run: Path, raw: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(old_run), "--json", "--accuracy", "0.9"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["errors"], found["n"]) == (raw["test"]["errors"], raw["test"]["n"])
    assert found["threshold"]["selection_split"]["n"] == raw["doubt"]["n"]
    assert found["threshold"]["selected_on"] == "validation"


@pytest.mark.slow
def test_its_report_is_written(old_run: Path) -> None:
    page = convscope.report(old_run)
    run_folder.verify(old_run)
    metrics, html = (old_run / "metrics.json").read_bytes(), page.read_bytes()
    assert "unjudged" in json.loads(metrics)["mistakes"]["triage"]  # its mistakes are explained again
    assert convscope.report(old_run).read_bytes() == html
    assert (old_run / "metrics.json").read_bytes() == metrics  # nothing more is known of it
    assert {"coverage.png", "reliability.svg"} <= {each.name for each in (old_run / "figures").iterdir()}


def test_its_mistakes_are_explained(old_run: Path, raw: dict[str, Any]) -> None:
    found = convscope.mistakes(old_run)
    old = {each["index"]: each for each in raw["mistakes"]["list"]}
    assert {each.index for each in found} == set(old)
    for each in found:
        kind = old[each.index]["triage"]
        assert each.triage.kind == ("model error" if kind == "model's fault" else kind)
        assert each.triage.signs.epochs_correct == old[each.index]["right_before"]
        assert each.predicted_probability == pytest.approx(old[each.index]["predicted_probability"])


def test_it_is_compared_with_a_run_of_today(
    old_run: Path, raw: dict[str, Any], digits_run: convscope.Run, tmp_path: Path
) -> None:
    found = convscope.compare([old_run, digits_run], out=tmp_path / "comparison.html")
    assert [each.errors for each in found.contestants] == [raw["test"]["errors"], digits_run.evaluation.errors]


def test_its_audit_is_read(old_run: Path, raw: dict[str, Any]) -> None:
    audit = convscope.load_run(old_run).label_audit
    assert audit is not None
    assert sum(each.num_suspects for each in audit.splits) == raw["label_audit"]["suspects"]


def test_purposes_in_the_ledger_are_those_of_today(old_run: Path) -> None:
    found = [entry.purpose for entry in ledger.read(old_run)]
    assert found[1:3] == ["epoch snapshots: accuracy after earlier epochs", "baseline ann"]
    assert found[-1] == "robustness: corruptions, attacks, OOD images"
    assert upgrade_purpose("an evaluation") == "an evaluation"


def test_damaged_metrics_of_schema_1_are_an_error_that_names_the_run(old_run: Path, raw: dict[str, Any]) -> None:
    write_json(old_run / files.METRICS, {**raw, "doubt": {"temperature": 1.0}})
    run_folder.write_manifest(old_run)
    with pytest.raises(convscope.ConvscopeError, match="metrics.json. holds a wrong value"):
        convscope.load_run(old_run)
