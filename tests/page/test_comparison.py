"""The page of a comparison: one self-contained file, whatever the names of runs and classes."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest

from convscope.analysis.comparison import ComparedRun, Comparison, Costs, compare_evaluations
from convscope.analysis.evaluation import Evaluation
from convscope.page.comparison import disagreement_patterns, gallery, render_comparison
from convscope.page.environment import accuracy_scale, difference_scale

from .conftest import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def made_up(class_names: tuple[str, ...], run_names: tuple[str, ...], n: int = 400) -> Comparison:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, len(class_names), n)
    evaluations, contestants = [], []
    for number, name in enumerate(run_names):
        answers = np.where(generator.random(n) < 0.04 * (number + 1), (labels + 1) % len(class_names), labels)
        logits = generator.normal(0, 0.3, (n, len(class_names))).astype(np.float32)
        logits[np.arange(n), answers] += 4
        each = Evaluation(labels, logits, class_names)
        evaluations.append(each)
        costs = Costs(1000, 20_000, 0.05, 4321, 12.5)
        contestants.append(ComparedRun(name, name, "standard", 0, each.errors, each.accuracy, each.interval, costs))
    return compare_evaluations(contestants, evaluations, dataset=class_names[0])


def pictures(comparison: Comparison, shape: tuple[int, ...] = (8, 8, 1)) -> dict[int, np.ndarray]:  # type: ignore[type-arg]
    generator = np.random.default_rng(1)
    return {place: generator.integers(0, 256, shape, dtype=np.uint8) for place in comparison.disagreements.tolist()}


@pytest.fixture(scope="module")
def hostile() -> Comparison:
    return made_up(HOSTILE, HOSTILE[:3])


class Elements(HTMLParser):
    """Names of elements and of attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]


def test_the_page_has_no_script_and_asks_for_nothing(hostile: Comparison) -> None:
    text = render_comparison(hostile, pictures(hostile))
    found = Elements(text)
    assert "script" not in found.elements
    assert not {"style"} & found.attributes
    assert not [name for name in found.attributes if name.startswith("on")]
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in found.sources)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]


def test_colour_pictures_and_large_ones_and_missing_ones_are_fine() -> None:
    comparison = made_up(("cat", "dog"), ("a", "b"))
    assert render_comparison(comparison, pictures(comparison, (64, 48, 3))).count("data:image/png") == len(
        comparison.disagreements
    )
    few = dict(list(pictures(comparison, (200, 200, 3)).items())[:3])
    assert f"3 of {len(comparison.disagreements)}" in render_comparison(comparison, few)
    assert "data:image/png" not in render_comparison(comparison, {})


def test_runs_that_agree_on_every_image_have_a_page_too() -> None:
    one = made_up(("cat", "dog"), ("a", "b"))
    same = Evaluation(one.labels, np.eye(2, dtype=np.float32)[one.answers[0]], one.class_names)
    comparison = compare_evaluations(one.contestants, [same, same], dataset="pets")
    text = render_comparison(comparison, {})
    assert "different predictions" not in text
    assert "gallery" not in Elements(text).attributes


def test_the_gallery_groups_by_who_is_right_and_counts_all() -> None:
    comparison = made_up(("cat", "dog", "emu"), ("a", "b"))
    groups = gallery(comparison, pictures(comparison))
    counts = comparison.pairs[0].counts
    assert {group["title"]: group["total"] for group in groups if "Only" in group["title"]} == {
        "Only a correct": counts.only_first,
        "Only b correct": counts.only_second,
    }
    assert sum(group["total"] for group in groups) == len(comparison.disagreements)
    assert all(
        answer["right"] == (answer["class_name"] == tile["true"])
        for group in groups
        for tile in group["tiles"]
        for answer in tile["answers"]
    )
    assert sum(count for *_, count in disagreement_patterns(comparison)) <= len(comparison.disagreements)


def test_scales_hold_their_intervals_and_zero_is_in_the_middle() -> None:
    scale = difference_scale([-0.01, 0.03, 0.0, 0.001])
    assert scale.at(0) == 500
    assert 0 <= scale.at(-0.01) < scale.at(0.03) <= 1000
    perfect = accuracy_scale([0.99, 1.0])
    assert perfect.high == 1
    assert perfect.length(0.99, 1.0) > 900
    assert difference_scale([0.0, 0.0]).at(0) == 500


@pytest.mark.slow
def test_in_a_browser_hostile_names_do_nothing_and_nothing_overflows(
    hostile: Comparison, browser: Browser, write_page: Callable[[str], str]
) -> None:
    address = write_page(render_comparison(hostile, pictures(hostile)))
    for scheme in ("light", "dark"):
        for width in (360, 1280):
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
            page, messages = context.new_page(), []
            page.on("console", lambda message, messages=messages: messages.append(message.text))
            page.on("dialog", lambda dialog, messages=messages: (messages.append(dialog.message), dialog.dismiss()))
            page.on(
                "request",
                lambda request, messages=messages: (
                    None if request.url.startswith(("file:", "data:")) else messages.append(request.url)
                ),
            )
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("[...document.images].every((each) => each.complete && each.naturalWidth === 8)")
            assert page.locator("main").inner_text().count(HOSTILE[0]) > 0
            assert messages == []
            context.close()


@pytest.mark.slow
def test_in_a_browser_it_passes_the_check_of_accessibility(browser: Browser, write_page: Callable[[str], str]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    comparison = made_up(("cat", "dog", "emu"), ("one", "two", "three"))
    address = write_page(render_comparison(comparison, pictures(comparison)))
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(address)
        found = axe.Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        context.close()
