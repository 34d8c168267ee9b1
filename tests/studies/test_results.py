"""From runs to the table, the files and the page."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.statistics.paired import paired_interval
from convscope.data.dataset import Dataset
from convscope.errors import RunError
from convscope.models.fingerprint import network_fingerprint
from convscope.page.study import render_study
from convscope.page.text import study as page_text_study
from convscope.studies.outcomes import Outcome, refuse_changed_networks, refuse_mixed_networks
from convscope.studies.plan import StudyPlan, make_plan
from convscope.studies.results import StudyResults, make_results, to_csv, to_json
from convscope.system.hardware import describe_machine, package_versions

from ..api.test_resume import own  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "</style><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def plan(digits: Dataset, seeds: int = 4, sizes: list[Any] | None = None) -> StudyPlan:
    return make_plan(digits, models=["ann", "logistic"], recipes=["sprint"], epochs=None, seeds=seeds,
                     sizes=sizes or [100, "all"], search=None)  # fmt: skip


def outcomes(study: StudyPlan, digits: Dataset) -> list[Outcome]:
    """Runs that get some of the images wrong, more of them with fewer training images."""
    found = []
    for spec in study.run_specs():
        errors = (20 if spec.configuration.model == "ann" else 40) + spec.seed + (30 if spec.size else 0)
        predictions = digits.test.labels.copy()
        predictions[:errors] = (predictions[:errors] + 1) % 10
        found.append(Outcome(spec, spec.run_name("digits"), 92, 359, errors, 0.1 * errors, 0.9, predictions, 650, 1.25,
                             "float32", {"keras": "3"}))  # fmt: skip
    return found


def test_runs_of_networks_that_differ_are_no_seeds_of_one(digits: Dataset) -> None:
    first, second, *others = outcomes(plan(digits, seeds=2), digits)
    same = [each for each in (first, second, *others) if each.spec.configuration.name == first.spec.configuration.name]
    refuse_mixed_networks([replace(each, network="one") for each in same])
    refuse_mixed_networks([replace(same[0], network="one"), same[1]])  # of an earlier version
    with pytest.raises(RunError, match="trained different networks"):
        refuse_mixed_networks([same[0], replace(same[0], network="one"), replace(same[1], network="other")])
    with pytest.raises(RunError, match=f"{same[0].run}' and '{same[1].run}' trained different networks"):
        refuse_mixed_networks([replace(same[0], network="one"), replace(same[1], network="other")])


@pytest.mark.slow
def test_a_run_whose_network_its_function_describes_no_more_is_refused(digits: Dataset) -> None:
    run = outcomes(plan(digits, seeds=1), digits)[0]

    def described(activation: str) -> Outcome:
        configuration = replace(run.spec.configuration, build=own(activation))
        return replace(run, spec=replace(run.spec, configuration=configuration), network=trained)

    trained = network_fingerprint(own("relu")(digits.image_shape, 10))
    refuse_changed_networks(digits, [described("relu")])
    with pytest.raises(RunError, match=f"the run '{run.run}' trained another network"):
        refuse_changed_networks(digits, [described("tanh")])


def results(digits: Dataset, **asked: Any) -> StudyResults:
    study = plan(digits, **asked)
    return make_results(study, digits, outcomes(study, digits), [])


def request_of(digits: Dataset, **asked: Any) -> dict[str, Any]:
    return {**plan(digits, **asked).request(), "created": "2026-11-23T12:00:00+00:00", "versions": package_versions(),
            "machine": describe_machine()}  # fmt: skip


def test_the_table_is_about_the_largest_size_and_ranks_by_accuracy(digits: Dataset) -> None:
    best, second = results(digits).table
    accuracies = [1 - errors / 359 for errors in (20, 21, 22, 23)]
    assert (best.name, second.name) == ("ann-sprint", "logistic-sprint")
    assert best.accuracies == pytest.approx(tuple(accuracies))
    assert (best.mean, best.sd) == pytest.approx((np.mean(accuracies), np.std(accuracies, ddof=1)))
    assert (best.lowest, best.highest) == pytest.approx((min(accuracies), max(accuracies)))
    assert best.together == pytest.approx(1 - 21 / 359)  # of image 21, two are right and two say one and the same else
    assert (best.interval_of_together.low, best.interval_of_together.high) == pytest.approx(
        proportion_confint(338, 359, method="wilson")
    )
    losses = [0.1 * errors for errors in (20, 21, 22, 23)]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(losses), scale=stats.sem(losses))
    assert best.interval_of_loss is not None
    assert (best.loss, best.interval_of_loss.low, best.interval_of_loss.high) == pytest.approx((np.mean(losses), low, high))
    assert best.best_of == pytest.approx((np.mean(accuracies), np.mean([20, 20, 20, 21, 21, 22]) / -359 + 1,
                                          np.mean([20, 20, 20, 21]) / -359 + 1, 1 - 20 / 359))  # fmt: skip
    assert best.interval is not None
    assert best.interval_of_both is not None
    assert best.interval_of_both.low < best.interval.low < best.interval.high < best.interval_of_both.high


def test_a_difference_that_never_changes_is_judged_by_its_signs(digits: Dataset) -> None:
    (pair,) = results(digits).comparisons
    assert pair.difference == pytest.approx(20 / 359)
    assert pair.p == 0.125
    assert not pair.significant


def test_curves_have_every_size_and_one_size_has_none(digits: Dataset) -> None:
    curve = results(digits).curves[0]
    assert [point.images for point in curve.points] == [100, 1438]
    assert curve.points[0].errors == pytest.approx(tuple(errors / 359 for errors in (50, 51, 52, 53)))
    assert results(digits, sizes=["all"]).curves == ()


def test_the_hardest_images_are_those_that_all_get_wrong_with_the_wrong_class_named(digits: Dataset) -> None:
    hard = results(digits).hard_images
    assert [each.index for each in hard[:20]] == list(range(20))
    assert all((each.wrong, each.runs) == (8, 8) for each in hard[:20])
    assert all(int(each.answer) == (int(each.label) + 1) % 10 for each in hard)
    assert all(2 * each.wrong >= each.runs for each in hard)


def test_remarks_name_other_differences(digits: Dataset) -> None:
    study = plan(digits, seeds=2)
    runs = outcomes(study, digits)
    object.__setattr__(runs[0], "versions", {"keras": "4"})
    object.__setattr__(runs[1], "precision", "mixed_bfloat16")
    remarks = make_results(study, digits, runs, []).remarks
    for word in ("keras", "bfloat16", "got 2"):
        assert sum(word in remark for remark in remarks) == 1
    assert [remark for remark in results(digits, seeds=1).remarks if "got 1" in remark]
    assert results(digits, seeds=6).remarks == ()


def test_json_is_strict_and_csv_reads_back_the_same_floats(digits: Dataset) -> None:
    found = results(digits)
    known = json.loads(json.dumps(to_json(found), allow_nan=False))
    assert known["table"][0]["interval"] == [found.table[0].interval.low, found.table[0].interval.high]
    (pair,) = known["comparisons"]
    assert (pair["judged"], pair["distinguishable"]) == (False, False)
    assert pair["interval_of_both"] == [
        found.comparisons[0].interval_of_both.low,
        found.comparisons[0].interval_of_both.high,
    ]
    assert known["steepest_curve"] is None
    assert known["curves"][0]["factor_interval"][0] < known["curves"][0]["factor_of_doubling"]
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert len(rows) == 16
    assert [float(row["accuracy"]) for row in rows] == [each.accuracy for each in found.outcomes]
    assert rows[0]["run"] == "digits-ann-sprint-100-0"


def page(digits: Dataset, **asked: Any) -> str:
    found = to_json(results(digits, **asked))
    return render_study(found, request_of(digits, **asked), {0: digits.test.images[0]})


def plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text)).replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_says_the_numbers_and_asks_nothing_of_the_network(digits: Dataset) -> None:
    text = page(digits)
    said = plain(text)
    assert f"{100 * (1 - 21.5 / 359):.2f} ± 0.36%" in said
    assert "0.12" in said
    assert "default-src 'none'" in html.unescape(text)
    assert not re.search(r"<script|https?://|\son\w+=|\sstyle=", text)


def test_four_seeds_get_no_verdict_on_the_page_and_six_get_one(digits: Dataset) -> None:
    few, many = plain(page(digits)), plain(page(digits, seeds=6))
    assert "too few" in few
    assert "significantly better" not in few
    assert "ann is significantly better than logistic" in many  # the differences are all the same: p is 2 to the −5
    assert "ann is better" in many


def test_seeds_that_all_agree_have_no_interval_without_width(digits: Dataset) -> None:
    """Of 3 seeds without an error on 359 images, the interval over seeds and images was 100.00 to 100.00%."""
    study = plan(digits, seeds=3, sizes=["all"])
    perfect = [replace(each, predictions=digits.test.labels, errors=0) for each in outcomes(study, digits)]
    found = make_results(study, digits, perfect, [])
    low, high = proportion_confint(359, 359, method="wilson")
    for row in found.table:
        assert (row.interval, row.interval_of_both) == (None, pytest.approx((low, high)))
    (pair,) = found.comparisons
    assert pair.interval_of_both is not None
    assert "np.float64" not in repr(pair)
    assert pair.interval_of_both == pytest.approx((-pair.interval_of_both.high, paired_interval(0, 0, 359).high))
    page = re.sub(
        r"<[^>]+>", "", html.unescape(render_study(to_json(found), request_of(digits, seeds=3, sizes=["all"]), {}))
    )
    assert "ann and logistic have the same accuracy, and three seeds are too few for a significance test" in page
    assert "0.00 percentage points (the same with three seeds; 95% CI −1.06 to 1.06 over seeds and images)" in page
    assert "Seeds do not differ in accuracy" in page
    assert "100.00–100.00%" not in page
    assert "0.00 to 0.00" not in page


def test_the_page_has_what_other_images_would_say_and_what_the_best_of_several_is_worth(digits: Dataset) -> None:
    found, said = results(digits), plain(page(digits))
    (pair,), best = found.comparisons, found.table[0]
    low, high = (f"{100 * end:.2f}" for end in (pair.interval_of_both.low, pair.interval_of_both.high))
    assert f"{low} to {high} over seeds and images" in said
    assert f"{100 * best.interval_of_both.low:.2f}–{100 * best.interval_of_both.high:.2f}%" in said  # type: ignore[union-attr]
    assert f"by {100 * (best.best_of[-1] - best.mean):.2f} percentage points" in said
    assert f"{100 * best.interval_of_together.low:.2f}–" in said
    assert f"{100 * best.best_of[1]:.2f}%" in said


def curves_of(**changes: Any) -> dict[str, Any]:
    """Two curves as ``study-results.json`` has them; ``changes`` for the second."""
    curve = {"name": "a", "falls": True, "factor_of_doubling": 0.8, "exponent": 0.3}
    return {"curves": [curve, {**curve, "name": "b", "factor_of_doubling": 0.6, **changes}], "steepest_curve": None}


def test_the_title_of_the_curves_names_a_configuration_only_with_evidence() -> None:
    title = page_text_study.curve_title
    assert "20–40%" in title(curves_of())
    assert "helps b most: 40%" in title({**curves_of(), "steepest_curve": "b"})
    assert title(curves_of(falls=False)) == title(curves_of(falls=False, exponent=None))
    assert "%" not in title(curves_of(falls=False))
    assert "errors of a by 20%" in title({**curves_of(), "curves": curves_of()["curves"][:1]})


@pytest.mark.parametrize("asked", [{"seeds": 1}, {"seeds": 1, "sizes": ["all"]}, {"seeds": 2, "sizes": [50, 100]}])
def test_every_kind_of_study_has_a_page(digits: Dataset, asked: dict[str, Any]) -> None:
    assert "ann" in page(digits, **asked)


def test_hostile_names_are_text(digits: Dataset) -> None:
    found = to_json(results(digits))
    known = json.loads(json.dumps(found).replace("ann-sprint", "X").replace('"ann"', '"X"'))
    for value in (
        known["dataset"],
        *known["table"],
        *known["comparisons"],
        *known["curves"],
        *known["runs"],
        *known["hard_images"],
    ):
        for key, text in value.items():
            if isinstance(text, str) and key not in ("fingerprint",):
                value[key] = f"{text}{HOSTILE}"
    text = render_study(known, request_of(digits), {})
    assert "<script" not in text
    assert "<img" not in text


@pytest.mark.slow
def test_the_page_fits_a_phone_and_its_pictures_and_dots_are_there(
    digits: Dataset, tmp_path: Path, browser: Browser
) -> None:
    (tmp_path / "study.html").write_text(page(digits), "utf-8")
    for width, scheme in ((360, "light"), (1280, "dark")):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        window = context.new_page()
        said: list[str] = []
        window.on("console", lambda message, said=said: said.append(message.text))
        window.goto((tmp_path / "study.html").as_uri())
        assert window.evaluate("document.documentElement.scrollWidth") <= width
        assert window.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
        assert window.locator(".track .dot").count() == 8
        assert window.locator(".curves .seed").count() == 16
        assert said == []
        context.close()
