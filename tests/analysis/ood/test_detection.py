from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from convscope.analysis.ood.detection import OODDetection, measure_ood_detection
from convscope.analysis.ood.image_sets import OODSet, SkippedSet, make_ood_sets
from convscope.analysis.ood.mahalanobis import MahalanobisDistance
from convscope.analysis.robustness.background import Background
from convscope.analysis.statistics.paired import holm
from convscope.analysis.statistics.proportions import Estimate, Interval
from convscope.api.run import Run
from convscope.models.predictor import Predictor
from convscope.system.dataclass_json import from_json, to_json
from convscope.types import Images


@pytest.fixture(scope="module")
def sets(digits_run: Run) -> tuple[OODSet, ...]:
    wanted = {"letters", "inverted", "noise"}
    made = make_ood_sets(digits_run.dataset, Background((0,)), number=60, seed=0)[0]
    return tuple(each for each in made if each.name in wanted)


@pytest.fixture(scope="module")
def distance(digits_run: Run) -> MahalanobisDistance:
    evidence = digits_run.record.evidence
    assert evidence is not None
    assert evidence.mahalanobis is not None
    return evidence.mahalanobis


@pytest.fixture(scope="module")
def found(digits_run: Run, sets: tuple[OODSet, ...], distance: MahalanobisDistance) -> OODDetection:
    predictor = Predictor(digits_run.folder / "model.onnx")
    skipped = (SkippedSet("cars", "There are none."),)
    return measure_ood_detection(predictor, distance, digits_run.dataset.test.images, sets, skipped)


@pytest.mark.slow
def test_areas_and_shares_are_those_of_scikit_learn(
    found: OODDetection, digits_run: Run, sets: tuple[OODSet, ...], distance: MahalanobisDistance
) -> None:
    import keras

    model = keras.Model(digits_run.model.inputs, digits_run.model.layers[-2].output)

    def layer(images: Images) -> np.ndarray:  # type: ignore[type-arg]
        return distance.of(model.predict(images / np.float32(255), verbose=0))

    known = layer(digits_run.dataset.test.images)
    confidence = digits_run.evaluation.confidence
    for each, result in zip(sets, found.sets, strict=True):
        distances = layer(each.images)
        truth = np.repeat([1, 0], [len(distances), len(known)])
        assert result.distance.value == pytest.approx(roc_auc_score(truth, np.concatenate([distances, known])), abs=1e-3)
        uncertain = 1 - digits_run.model.predict(each.images / np.float32(255), verbose=0).max(axis=1)
        assert result.confidence.value == pytest.approx(
            roc_auc_score(truth, np.concatenate([uncertain, 1 - confidence])), abs=5e-3
        )
        assert result.detection_rate.value == pytest.approx((distances > found.threshold).mean(), abs=0.02)
    assert found.false_positive_rate.value == pytest.approx((known > found.threshold).mean(), abs=0.01)


def test_every_number_has_its_interval_and_its_n(found: OODDetection) -> None:
    metrics = to_json(found)
    assert metrics["false_positive_rate"]["n"] == 359
    assert [each["n"] for each in metrics["sets"]] == [60, 60, 60]
    assert from_json(OODDetection, metrics) == found
    assert metrics["skipped"] == [{"title": "cars", "reason": "There are none."}]
    for each in metrics["sets"]:
        for name in ("distance", "confidence"):
            low, high = each[name]["interval"]
            assert 0 <= low <= each[name]["value"] <= high <= 1
            assert high - low > 0.005


def test_both_scores_are_compared_on_the_same_images_and_corrected_for_the_number_of_sets(found: OODDetection) -> None:
    sets = to_json(found)["sets"]
    for each in sets:
        difference = each["difference"]
        assert difference["value"] == pytest.approx(each["distance"]["value"] - each["confidence"]["value"])
        assert difference["interval"][0] <= difference["value"] <= difference["interval"][1]
        assert difference["p"] <= each["adjusted_p"] <= 1
    assert [each["adjusted_p"] for each in sets] == list(holm([each["difference"]["p"] for each in sets]))


def test_the_worst_set_is_named_where_intervals_that_hold_together_say_so(found: OODDetection) -> None:
    for each in found.sets:
        assert (
            each.simultaneous_interval.low
            <= each.distance.interval.low
            <= each.distance.interval.high
            <= each.simultaneous_interval.high
        )

    def worst(*intervals: tuple[float, float]) -> str | None:
        sets = tuple(
            replace(
                found.sets[0],
                name=str(place),
                distance=Estimate(sum(ends) / 2, Interval(*ends)),
                simultaneous_interval=Interval(*ends),
            )
            for place, ends in enumerate(intervals)
        )
        return to_json(replace(found, sets=sets))["worst"]

    assert worst((0.5, 0.6), (0.7, 0.8), (0.65, 0.9)) == "0"
    assert worst((0.9, 1.0), (0.4, 0.5)) == "1"
    assert worst((0.5, 0.66), (0.7, 0.8), (0.65, 0.9)) is None
    assert worst((0.5, 0.6)) is None


def test_what_is_known_is_told_from_itself_by_chance_alone(digits_run: Run, distance: MahalanobisDistance) -> None:
    test = digits_run.dataset.test.images
    same = (OODSet("same", "more of the same", test[1::2]),)
    found = measure_ood_detection(Predictor(digits_run.folder / "model.onnx"), distance, test[::2], same, ())
    interval = found.sets[0].distance.interval
    assert interval.low < 0.5 < interval.high
