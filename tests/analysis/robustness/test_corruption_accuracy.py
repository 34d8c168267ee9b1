from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.findings.trust import robustness_findings
from convscope.analysis.robustness.background import Background, background_of
from convscope.analysis.robustness.corruption_accuracy import Correct, Robustness, measure_robustness, robustness_metrics
from convscope.analysis.robustness.corruptions.kinds import KINDS, corrupt
from convscope.analysis.statistics.proportions import wilson
from convscope.api.run import Run
from convscope.models.predictor import Predictor

from ...simulation import holds  # type: ignore[import-not-found]

BLACK = Background((0,))


def made(shares: dict[str, float], *, n: int = 400, default: float = 0.9) -> Robustness:
    """Results in which each kind has the share that is asked for, at every strength."""
    generator = np.random.default_rng(0)
    corrupted = np.zeros((len(KINDS), 5, n), np.bool_)
    for row, kind in enumerate(KINDS):
        for strength in range(5):
            corrupted[row, strength, generator.permutation(n)[: round(shares.get(kind, default) * n)]] = True
    return Robustness(np.arange(n), 2 * n, 0, BLACK, np.arange(n) < 0.99 * n, corrupted)


@pytest.mark.slow
def test_what_is_measured_is_the_networks_answer_to_the_corrupted_images(digits_run: Run) -> None:
    test, indices = digits_run.dataset.test, np.array([0, 3, 17, 100, 358])
    background = background_of(test.images)
    ticks: list[int] = []
    found = measure_robustness(
        Predictor(digits_run.folder / "model.onnx"), test, indices, background, seed=5, on_step=lambda: ticks.append(1)
    )
    assert len(ticks) == 75
    assert found.corrupted.shape == (15, 5, 5)
    for kind, strength in (("rotate", 1), ("impulse_noise", 3), ("fog", 5)):
        images = corrupt(test.images, kind, strength, background=background, seed=5)[indices]
        answers = digits_run.model.predict(images / np.float32(255), verbose=0).argmax(axis=1)
        correct: Correct = answers == test.labels[indices]
        np.testing.assert_array_equal(found.corrupted[list(KINDS).index(kind), strength - 1], correct)
        assert found.accuracy(kind, strength).count == correct.sum()


def test_every_cell_has_its_wilson_interval_and_the_means_are_over_cells() -> None:
    metrics = robustness_metrics(made({"fog": 0.25}))
    fog = next(kind for kind in metrics["kinds"] if kind["kind"] == "fog")
    assert [cell["count"] for cell in fog["strengths"]] == [100] * 5
    assert fog["strengths"][0]["interval"] == pytest.approx(proportion_confint(100, 400, method="wilson"))
    assert fog["accuracy"] == pytest.approx(0.25)
    assert fog["relative_accuracy"] == pytest.approx(0.25 / 0.99)
    assert metrics["mean"]["accuracy"] == pytest.approx((14 * 0.9 + 0.25) / 15)
    assert (metrics["n"], metrics["test_images"]) == (400, 800)


def test_the_worst_is_named_by_a_paired_test_against_all_others() -> None:
    assert made({"fog": 0.7, "stripe": 0.7}).worst is None
    assert made({"fog": 0.5, "stripe": 0.75}).worst == "fog"
    assert made({}).worst is None
    # On the same images: fog fails on all that stripe fails on, and on a few more, which intervals side by side do not show.
    found = made({"fog": 0.0, "stripe": 0.0})
    rows = [list(KINDS).index(kind) for kind in ("fog", "stripe")]
    hard = np.arange(400) < 200
    found.corrupted[rows[0]], found.corrupted[rows[1]] = ~hard, ~hard
    found.corrupted[rows[0], :, 200:215] = False
    fog, stripe = (found.mean_interval(kind) for kind in ("fog", "stripe"))
    assert fog.high > stripe.low
    assert (found.worst, found.lowest.kind, found.lowest.next) == ("fog", "fog", "stripe")
    assert found.lowest.difference == pytest.approx(15 / 400)
    assert found.lowest.interval.low > 0
    best = ttest_rel(found.corrupted[rows[1]].mean(axis=0), found.corrupted[rows[0]].mean(axis=0)).pvalue
    assert found.lowest.p == pytest.approx(14 * best)


@pytest.mark.slow
@pytest.mark.parametrize("equal", [2, len(KINDS)])
def test_chance_alone_names_a_worst_kind_in_at_most_one_of_twenty_cases(equal: int) -> None:
    """Two or all kinds equally low, five strengths of the same images that all but agree: where means vary most."""
    generator, named, n = np.random.default_rng(1), 0, 300
    chances = np.where(np.arange(len(KINDS)) < equal, 0.8, 0.99)[:, None, None]
    for _ in range(300):
        ease = generator.random((1, 1, n)) * 0.2
        answers = generator.random((len(KINDS), 1, n)) < np.minimum(chances + ease - 0.1, 1)
        found = Robustness(np.arange(n), n, 0, BLACK, np.ones(n, np.bool_), np.repeat(answers, 5, axis=1))
        named += found.worst is not None
    assert holds(named, 300, low=0, high=0.05)


def test_a_kind_that_is_worse_on_the_same_images_is_found() -> None:
    """Four points below the next: intervals side by side are apart in none of these cases."""
    generator, named, apart, n = np.random.default_rng(5), 0, 0, 1000
    for _ in range(50):
        ease = generator.beta(0.5, 0.5, (1, 1, n))
        shift = np.zeros((len(KINDS), 1, 1))
        shift[3] = -0.04
        answers = generator.random((len(KINDS), 5, n)) < ease + shift
        found = Robustness(np.arange(n), n, 0, BLACK, np.ones(n, np.bool_), answers)
        named += found.worst == list(KINDS)[3]
        apart += (
            wilson(round(n * found.mean(found.lowest.kind)), n).high
            < wilson(round(n * found.mean(found.lowest.next)), n).low
        )
    assert holds(named, 50, low=0.95, high=1)
    assert apart == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fog", None])
@pytest.mark.parametrize("ease", [(2, 1), (20, 0.2), (0.3, 0.3)])
def test_the_interval_of_a_mean_holds_its_level_and_is_not_wider_than_it_need_be(
    ease: tuple[float, float], kind: str | None
) -> None:
    generator, hits, widths = np.random.default_rng(2), 0, []
    for _ in range(400):
        own = generator.beta(*ease, 200)  # each image's own chance, shared by all corruptions of it
        answers = generator.random((len(KINDS), 5, 200)) < own
        found = Robustness(np.arange(200), 200, 0, BLACK, np.ones(200, np.bool_), answers)
        interval = found.mean_interval(kind)
        hits += interval.low <= ease[0] / sum(ease) <= interval.high
        plain = wilson(round(200 * found.mean(kind)), 200)
        widths.append((interval.high - interval.low) / (plain.high - plain.low))
    assert holds(hits, 400, low=0.93, high=0.97)
    assert np.mean(widths) < 1


def test_findings_have_the_numbers_of_this_run() -> None:
    assert robustness_findings({}) == ()
    assert robustness_findings({"robustness": None, "attacks": None, "ood": None}) == ()
    damaged = robustness_metrics(made({"fog": 0.5}))
    (found,) = robustness_findings({"robustness": damaged})
    assert (found.figure, found.value, found.interval) == (
        "robustness", damaged["mean"]["accuracy"], damaged["mean"]["interval"],
    )  # fmt: skip
    assert all(part in found.text for part in ("87.3%", "400", "99.0%", "fog", "50.0%"))
    (found,) = robustness_findings({"robustness": robustness_metrics(made({}))})
    assert "fog" not in found.text


def test_an_attack_is_a_finding_from_the_smallest_epsilon_that_significantly_halves_accuracy() -> None:
    def share(accuracy: float, low: float, high: float) -> dict[str, object]:
        return {"accuracy": accuracy, "interval": [low, high]}

    attacks = {"n": 500, "clean": share(0.98, 0.97, 0.99), "epsilons": [0.1, 0.2, 0.3],
               "pgd": [share(0.45, 0.41, 0.488), share(0.3, 0.27, 0.33), share(0.1, 0.08, 0.12)]}  # fmt: skip
    (found,) = robustness_findings({"attacks": attacks})
    assert "20.0%" in found.text
    assert (found.figure, found.value, found.interval) == ("attacks", 0.3, [0.27, 0.33])
    attacks["pgd"] = [share(0.9, 0.88, 0.92)] * 3
    assert robustness_findings({"attacks": attacks}) == ()


def test_out_of_distribution_images_are_a_finding_only_if_one_set_is_significantly_the_worst() -> None:
    def ood_set(title: str, area: float) -> dict[str, object]:
        return {"title": title, "distance": {"value": area}, "simultaneous_interval": [area - 0.02, area + 0.02]}

    sets = [ood_set("noise", 0.97), ood_set("letters", 0.51)]
    (found,) = robustness_findings({"ood": {"layer": "dense", "worst": "letters", "sets": sets}})
    assert all(part in found.text for part in ("letters", "0.510", "0.490", "0.530", "noise"))
    assert (found.figure, found.value, found.interval) == ("ood", 0.51, [0.49, 0.53])
    assert robustness_findings({"ood": {"layer": "dense", "worst": None, "sets": sets}}) == ()
