"""Numbers, direction and conditions of the report's sentences; their words are in tests/gold/page."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.page.text import headings, narrative, nouns, reproduce, tables, uncertainty

from ...gold_files import GoldFiles  # type: ignore[import-not-found]
from ..fixed_page import fixed_page  # type: ignore[import-not-found]

Page = dict[str, Any]


@pytest.fixture
def page() -> Page:
    return fixed_page()


def whole_text(page: Page) -> str:
    """Every sentence of the report that is not in a figure, by the name of its function."""
    sentences = {
        "title": "{} {}: {}".format(*headings.headline(page)),
        "run_summary": headings.run_summary(page),
        **{f"heading {section}": headings.title(section, page) for section in headings.TITLES},
        **{each.__name__: each(page) for each in (
            narrative.introduction, narrative.first_image, narrative.normalisation,
            narrative.embedded_images, narrative.layer_costs, narrative.unused_pixels, narrative.learning_curves,
            narrative.validation_note, narrative.kernel_counts, narrative.layer_shapes, narrative.pca_map_title, narrative.pca_map,
            narrative.errors_shown,
            narrative.likely_causes, uncertainty.test_reads, reproduce.promise, tables.matrix_title, tables.matrix_note,
        )},
    }  # fmt: skip
    facts_of = {"splits": tables.split_lines(page), "settings": tables.settings(page), "environment": tables.environment(page),
                "totals": tables.totals(page), "files": tables.FILES.items()}  # fmt: skip
    lines = [f"{name}: {text}" for name, text in sentences.items() if text]
    lines += [f"{name}: {' | '.join(row)}" for name, rows in facts_of.items() for row in rows]
    return "\n".join(lines).replace("\xa0", " ")


def test_the_words_of_a_digits_run(page: Page, gold: GoldFiles) -> None:
    gold("page/narrative", whole_text(page))


def test_the_words_of_a_colour_run_that_validates_on_its_test_split(page: Page, gold: GoldFiles) -> None:
    page["dataset"].update(name="flowers", source="photos", image_shape=[100, 80, 3], class_names=["rose", "daisy", "tulip"])
    page["dataset"]["things"] = "images"
    page["first_image"] = {"class_name": "rose", "pixels": [[[255, 0, 0]] * 80] * 100}
    page["test_image"].update(class_name="rose", predicted="tulip", confidence=0.61)
    page["run"].update(model="build_mine", stopped_early=True, augmentation={}, accelerators=["GPU 9", "GPU 9"])
    page["run"]["config"] = {**page["run"]["config"], "validation": "test", "label_smoothing": 0.05, "epochs": 10}
    page["evidence"]["test"]["count"], page["mistakes_shown"] = 2345, 40
    page["metrics"]["mistakes"]["list"] = [{}] * 40
    del page["metrics"]["baseline"]
    gold("page/narrative-of-photos", whole_text(page))


@pytest.mark.parametrize(("accuracy", "errors", "interval"), [
    (0.9935, 65, [0.991724, 0.994897]), (1.0, 0, [0.9894, 1.0]), (0.0, 10_000, [0.0, 0.0106]),
])  # fmt: skip
def test_the_headline_states_accuracy_interval_errors_and_images(
    page: Page, accuracy: float, errors: int, interval: list[float]
) -> None:
    page["metrics"]["test"].update(accuracy=accuracy, interval=interval, errors=errors)
    text = " ".join(headings.headline(page))
    low, high = (f"{100 * end:.2f}" for end in interval)
    assert f"{100 * accuracy:.2f}%" in text
    assert f"{low}–{high}%" in text
    assert f"{errors:,} error" in text
    assert "10,000 images" in text


def test_the_opening_names_the_backend_that_was_used_and_not_one_that_is_only_installed(page: Page) -> None:
    page["run"]["versions"]["jax"] = "0.9"
    assert "TensorFlow backend" in narrative.introduction(page)
    page["run"]["backend"] = "jax"
    assert "JAX backend" in narrative.introduction(page)


def test_the_opening_follows_the_layers(page: Page) -> None:
    page["network"]["layers"] = [layer for layer in page["network"]["layers"] if layer["name"] in ("flatten", "dense_1")]
    page["run"]["model"] = "my_builder"
    text = narrative.introduction(page)
    assert "logistic regression" in text
    assert "one flattening layer and one dense layer" in text
    assert "Sequential" not in text
    assert "convolution" not in text


def test_costs_name_a_layer_once_that_is_both_heaviest_and_busiest(page: Page) -> None:
    dense = {
        "name": "dense",
        "num_parameters": 650,
        "multiply_adds": 640,
        "parameter_sum": "64·10 + 10",
        "output_shape": [10],
    }
    page["metrics"].update(parameters=650, multiply_adds=640, layers=[dense])
    assert narrative.layer_costs(page).count("dense") == 1


@pytest.mark.parametrize(("rows", "columns", "unused"), [([26, 27], [26, 27], 108), ([27], [], 28), ([], [], 0)])
def test_unused_pixels_are_counted(page: Page, rows: list[int], columns: list[int], unused: int) -> None:
    page["metrics"]["unused_input_pixels"] = {
        "rows": rows,
        "columns": columns,
    }  # without layers, as earlier versions wrote it
    assert (
        narrative.unused_pixels(page).startswith(f"{unused} of the 784 pixels")
        if unused
        else narrative.unused_pixels(page) == ""
    )


def test_validation_on_the_test_split_is_stated_wherever_it_matters(page: Page) -> None:
    assert narrative.validation_note(page) == ""
    page["run"]["config"] = {**page["run"]["config"], "validation": "test"}
    assert "10,000 images" in narrative.validation_note(page)
    for text in (tables.split_lines(page)[1][2], dict(tables.settings(page))["validation"], headings.title("learned", page),
                 narrative.learning_curves(page)):  # fmt: skip
        assert "test" in text


def test_the_epoch_with_the_lowest_loss_is_named(page: Page) -> None:
    page["metrics"]["history"]["best_validation_epoch"] = 1
    assert "epoch 1 of 2 (0.0612)" in narrative.learning_curves(page)
    page["metrics"]["history"]["best_validation_epoch"] = 2
    assert "last epoch (0.0298)" in narrative.learning_curves(page)
    del page["history"][1:]
    assert "0.0612" in narrative.learning_curves(page)


@pytest.mark.parametrize(("errors", "shown"), [(65, 40), (65, 65), (1, 1)])
def test_errors_are_counted_and_so_are_those_shown(page: Page, errors: int, shown: int) -> None:
    page["metrics"]["test"]["errors"], page["mistakes_shown"] = errors, shown
    text = narrative.errors_shown(page)
    assert str(errors) in text or errors == 1
    assert ("40" in text) == (shown == 40)


def test_steps_per_epoch_are_the_notebooks(page: Page) -> None:
    page["metrics"]["data"]["train"] = 60_000
    assert "468 steps" in dict(tables.settings(page))["batch size"]
    page["run"]["config"] = {**page["run"]["config"], "drop_remainder": False}
    assert "469 steps" in dict(tables.settings(page))["batch size"]
    page["run"] |= {"steps_per_epoch": 2400}
    assert dict(tables.settings(page))["batch size"].endswith("steps per epoch, each image 5 times")


def test_a_large_or_coloured_image_is_shown_in_part(page: Page) -> None:
    page["dataset"]["image_shape"] = [100, 80, 3]
    page["first_image"]["pixels"] = [[[255, 0, 0]] * 80] * 100
    matrix = tables.matrix(page)
    assert (len(matrix), len(matrix[0])) == (64, 64)
    assert matrix[0][0] == (255, tables.SHADES)
    assert "64\xa0×\xa064 of 100\xa0×\xa080" in tables.matrix_note(page)


@pytest.mark.parametrize(("class_name", "image"), [
    ("7", "a 7"), ("8", "an 8"), ("81", "an 81"), ("80", "an 80"), ("811", "an 811"), ("8000", "an 8000"), ("11", "an 11"),
    ("18", "an 18"), ("11000", "an 11000"), ("110", "a 110"), ("180", "a 180"), ("1", "a 1"), ("100", "a 100"),
    ("one", "an image of class one"), ("hour", "an image of class hour"), ("owl", "an image of class owl"),
])  # fmt: skip
def test_the_article_before_a_number_follows_its_sound_and_other_names_get_none(class_name: str, image: str) -> None:
    assert nouns.an_image_of(class_name) == image


@pytest.mark.parametrize(("counts", "named_most"), [([1], False), ([14, 3], True), ([7, 6, 3], False)])
def test_a_confusion_is_called_most_frequent_only_if_it_significantly_is(
    page: Page, counts: list[int], named_most: bool
) -> None:
    pairs = [{"true": "4", "predicted": "9", "count": count, "support": 50} for count in counts]
    page["metrics"]["test"].update(errors=20 if len(counts) > 1 else 1, confused_pairs=pairs)
    assert ("most often" in headings.title("fails", page)) == named_most


def test_the_budget_of_the_embedded_images_is_stated(page: Page) -> None:
    for part in ("10,000 test images", "2.3\xa0MB", "700 training images", "1.0\xa0MB", "500"):
        assert part in narrative.embedded_images(page)
    page["evidence"]["test"]["count"] = 2345
    assert "2,345 of the 10,000 test images" in narrative.embedded_images(page)
    page["evidence"] = None
    assert narrative.embedded_images(page) == ""


def test_preprocessing_at_the_reading_is_not_denied() -> None:
    page = fixed_page()
    assert "No other preprocessing is applied." in narrative.normalisation(page)
    page["dataset"]["notes"] = ["resized all image files to 8 × 8, cropped to the middle where their proportions differ"]
    assert "Except for what is listed below, no preprocessing is applied." in narrative.normalisation(page)


def test_normalisation_is_said_to_be_of_dense_layers_where_the_run_records_its_engine() -> None:
    page = fixed_page()
    assert dict(tables.settings(page))["batch normalisation"].startswith("after every hidden layer ")
    page["run"] = {**page["run"], "engine": "native"}
    assert dict(tables.settings(page))["batch normalisation"].startswith("after every hidden dense layer ")


@pytest.mark.parametrize(("errors", "baseline", "expected"), [
    (0, 0, "No errors, like the plain network"), (0, 12, "No errors against 12 of the plain network"),
    (1, 3, "1 error against 3 of the plain network"),
    (80, 80, "80 errors, as many as the plain network"),
])  # fmt: skip
def test_the_comparison_with_the_baseline_reads_well_at_its_edges(
    page: Page, errors: int, baseline: int, expected: str
) -> None:
    page["metrics"]["test"]["errors"], page["metrics"]["baseline"]["errors"] = errors, baseline
    assert headings.title("verdict", page) == expected


def test_accuracy_that_stays_does_not_change(page: Page) -> None:
    page["history"][0]["val_accuracy"] = page["history"][-1]["val_accuracy"] = 1.0
    assert headings.title("learned", page).count("100.00%") == 1
