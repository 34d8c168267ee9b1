"""Sentences follow the numbers, whatever those are."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.page import facts, headline, story, tables, titles
from convscope.page.document import SECTIONS

Page = dict[str, Any]


def test_the_headline_is_the_result_with_its_doubt(page: Page) -> None:
    page["metrics"]["test"].update(accuracy=0.9935, interval=[0.991724, 0.994897], errors=65, n=10_000)
    assert str(headline.headline(page)) == (
        "This network reads 99.35% of digits it has never seen, give or take 0.16 points; 65 of 10,000 went wrong."
    )


def test_other_data_are_called_by_their_name(page: Page) -> None:
    page["dataset"].update(name="flowers", content="images", class_names=["rose", "daisy"])
    assert headline.headline(page).claim.endswith("of images it has never seen")
    assert headline.headline(page).claim.startswith("This network recognises")
    assert "images from flowers in" in headline.making(page)


def test_classes_that_are_only_numbered_are_not_called_digits(page: Page) -> None:
    page["dataset"].update(name="numbers", content="images", class_names=["0", "1", "2"])
    assert "digits" not in headline.headline(page).claim


@pytest.mark.parametrize(("accuracy", "errors", "interval", "failures"), [
    (1.0, 0, [0.9894, 1.0], "none of 359 went wrong."),
    (0.0, 359, [0.0, 0.0106], "359 of 359 went wrong."),
])  # fmt: skip
def test_at_the_very_ends_the_doubt_is_a_range(
    page: Page, accuracy: float, errors: int, interval: list[float], failures: str
) -> None:
    page["metrics"]["test"].update(accuracy=accuracy, errors=errors, interval=interval, n=359)
    sentence = headline.headline(page)
    assert sentence.failures == failures
    assert sentence.doubt.startswith("between")


def test_how_it_was_made_names_everything_that_decides_it(page: Page) -> None:
    text = headline.making(page)
    for part in ("cnn", "22,602", "1,318", "digits", "two epochs", "recipe standard", "seed 0"):
        assert part in text


def test_the_opening_names_the_notebooks_parts(page: Page) -> None:
    text = story.opening(page)
    for part in ("Keras API", "TensorFlow backend", "Sequential", "two convolutional layers", "two max pooling layers",
                 "one flattening layer", "two dense layers", "Adam", "sparse categorical cross-entropy"):  # fmt: skip
        assert part in text


def test_the_opening_says_that_labels_were_smoothed(page: Page) -> None:
    assert "smoothed" not in story.opening(page)
    page["run"]["config"]["label_smoothing"] = 0.05
    assert story.opening(page).endswith("cross-entropy loss, on labels smoothed by 0.05.")


def test_the_opening_names_the_backend_that_computed_and_not_one_that_is_only_installed(page: Page) -> None:
    page["run"]["versions"]["jax"] = "0.9"
    assert "on the TensorFlow backend" in story.opening(page)
    page["run"]["backend"] = "jax"
    assert "on the JAX backend" in story.opening(page)


def test_gpus_that_computed_are_named_and_counted(page: Page) -> None:
    processor = page["run"]["machine"]["processor"]
    assert processor in dict(tables.settings(page))["time"]
    page["run"]["accelerators"] = ["Wonder 9", "Wonder 9", "Marvel"]
    assert dict(tables.settings(page))["time"].endswith(" on 2 × Wonder 9 and Marvel")
    assert dict(tables.environment(page))["machine"].startswith(f"2 × Wonder 9, Marvel, {processor}, ")
    page["run"]["accelerators"] = []
    assert dict(tables.environment(page))["machine"].startswith(processor)


def test_the_opening_follows_the_layers(page: Page) -> None:
    page["network"]["layers"] = [layer for layer in page["network"]["layers"] if layer["name"] in ("flatten", "dense_1")]
    page["run"]["model"] = "my_builder"
    text = story.opening(page)
    assert "logistic regression" in text
    assert "a chain of one flattening layer and one dense layer" in text
    assert "convolution" not in text
    assert "Sequential" not in text
    assert "kernels" not in story.roadmap(page)


def test_costs_name_the_heaviest_and_the_busiest_layer(page: Page) -> None:
    page["metrics"].update(parameters=108_618, multiply_adds=758_592, layers=[
        {"name": "conv2d_1", "num_parameters": 4640, "multiply_adds": 557_568, "parameter_sum": "", "output_shape": [11, 11, 32]},
        {"name": "dense", "num_parameters": 102_528, "multiply_adds": 102_400, "parameter_sum": "800·128 + 128",
         "output_shape": [128]},
    ])  # fmt: skip
    text = story.costs(page)
    assert "94.4% of the parameters are in dense: 800·128 + 128 = 102,528." in text
    assert "73.5% of the 758,592 multiply-adds" in text
    assert "11\xa0×\xa011 places" in text


def test_one_layer_that_is_both_is_named_once(page: Page) -> None:
    dense = {
        "name": "dense",
        "num_parameters": 650,
        "multiply_adds": 640,
        "parameter_sum": "64·10 + 10",
        "output_shape": [10],
    }
    page["metrics"].update(parameters=650, multiply_adds=640, layers=[dense])
    assert story.costs(page).count("dense") == 1
    assert titles.title("built", page) == "650 parameters in one layer, all of them in dense"


def test_blind_pixels_are_counted(page: Page) -> None:
    page["dataset"]["image_shape"] = [28, 28, 1]
    page["metrics"]["unused_input_pixels"] = {"rows": [26, 27], "columns": [26, 27], "layers": ["max_pooling2d_1"]}
    text = story.blind(page)
    assert text.startswith("108 of the 784 pixels can never change the answer: rows 26 and 27 and columns 26 and 27")
    assert "The windows of max_pooling2d_1 do not" in text
    page["metrics"]["unused_input_pixels"] = {"rows": [27], "columns": [], "layers": []}
    assert "The windows of a layer do not" in story.blind(page)
    assert story.blind(page).startswith("28 of the 784 pixels can never change the answer: row 27,")
    page["metrics"]["unused_input_pixels"] = {"rows": [], "columns": []}
    assert story.blind(page) == ""


def test_validation_on_the_test_split_is_said_wherever_it_matters(page: Page) -> None:
    assert story.validation_note(page) == ""
    page["run"]["config"]["validation"] = "test"
    assert "validates on the test split" in story.validation_note(page)
    assert "the test split itself" in tables.split_lines(page)[1][2]
    assert "test images" in titles.title("learned", page)
    assert dict(tables.settings(page))["validation"].startswith("the test split")
    assert "test loss" in story.learned(page)


def test_the_best_epoch_is_told_and_that_nothing_was_chosen_by_it(page: Page) -> None:
    page["metrics"]["history"]["best_validation_epoch"] = 1
    assert "lowest in epoch 1 of 2" in story.learned(page)
    page["metrics"]["history"]["best_validation_epoch"] = 2
    assert "lowest in the last epoch" in story.learned(page)
    del page["history"][1:]
    assert "only epoch" in story.learned(page)


def test_an_early_stop_is_told(page: Page) -> None:
    page["run"]["stopped_early"] = True
    page["run"]["config"]["epochs"] = 10
    assert dict(tables.settings(page))["epochs"] == "2 of 10: it was stopped early"


def test_mistakes_say_how_many_are_shown(page: Page) -> None:
    page["metrics"]["test"]["errors"], page["mistakes_shown"] = 65, 40
    assert story.mistakes(page) == "Of the 65 mistakes, these are the 40 that the network was surest about."
    page["metrics"]["test"]["errors"], page["mistakes_shown"] = 1, 1
    assert story.mistakes(page) == "This is the one mistake."


def test_steps_per_epoch_are_the_notebooks(page: Page) -> None:
    page["metrics"]["data"]["train"], page["run"]["batch_size"] = 60_000, 128
    assert dict(tables.settings(page))["batch size"] == "128 images, 468 steps per epoch"
    page["run"]["config"]["drop_remainder"] = False
    assert dict(tables.settings(page))["batch size"] == "128 images, 469 steps per epoch"


def test_a_large_or_coloured_image_is_printed_in_part_and_says_so(page: Page) -> None:
    page["dataset"]["image_shape"] = [100, 80, 3]
    page["first_image"]["pixels"] = [[[255, 0, 0]] * 80] * 100
    matrix = tables.matrix(page)
    assert (len(matrix), len(matrix[0])) == (64, 64)
    assert matrix[0][0] == (255, tables.SHADES)
    assert tables.matrix_note(page) == (
        "Printed: the top left 64\xa0×\xa064 of 100\xa0×\xa080 pixels and the first of its 3 channels."
    )


@pytest.mark.parametrize(("class_name", "image"), [
    ("7", "a 7"), ("8", "an 8"), ("81", "an 81"), ("80", "an 80"), ("811", "an 811"), ("8000", "an 8000"), ("11", "an 11"),
    ("18", "an 18"), ("11000", "an 11000"), ("110", "a 110"), ("180", "a 180"), ("1", "a 1"), ("100", "a 100"),
    ("one", "an image of class one"), ("hour", "an image of class hour"), ("owl", "an image of class owl"),
])  # fmt: skip
def test_the_article_before_a_number_follows_its_sound_and_other_names_get_none(class_name: str, image: str) -> None:
    assert facts.an_image_of(class_name) == image


def test_every_section_has_a_title_with_something_of_this_run(page: Page) -> None:
    found = {section: titles.title(section, page) for section, _ in SECTIONS if section != "words"}
    assert all(found.values())
    assert len(set(found.values())) == len(found)


def test_the_title_of_the_mistakes_says_most_often_only_where_one_pair_was(page: Page) -> None:
    def pairs(*counts: int) -> list[dict[str, object]]:
        return [{"true": "4", "predicted": "9", "count": count, "support": 50} for count in counts]

    page["metrics"]["test"].update(errors=1, confused_pairs=pairs(1))
    assert titles.title("fails", page) == "One mistake: 4 taken for 9"
    page["metrics"]["test"].update(errors=20, confused_pairs=pairs(14, 3))
    assert titles.title("fails", page) == "20 mistakes, most often 4 taken for 9"
    page["metrics"]["test"].update(errors=20, confused_pairs=pairs(7, 6, 3))
    assert titles.title("fails", page) == "20 mistakes; none more frequent than 4 taken for 9"


def test_a_colour_image_is_matrices_and_the_first_is_printed(page: Page) -> None:
    page["dataset"]["image_shape"] = [12, 16, 3]
    page["first_image"].update(class_name="rose")
    text = story.first_image(page)
    assert "an image of class rose" in text
    assert "three matrices of 12\xa0×\xa016 numbers from 0 to 255, one each for red, green and blue" in text
    assert "grey" not in text
    assert tables.matrix_title(page).startswith("The red values of the first training image")


def test_augmentation_is_said_of_the_training_and_not_of_the_files(page: Page) -> None:
    page["run"]["augmentation"] = {"shift": 1}
    assert story.normalisation(page).endswith(
        "nothing else is done to them. During training each image is also changed at random, anew in every epoch: "
        "shifted by up to 1 pixel each way."
    )
    page["run"]["augmentation"] = {}
    assert story.normalisation(page).endswith("nothing else is done to them.")


def test_the_roadmap_tells_live_numbers_from_measured_ones(page: Page) -> None:
    text = story.roadmap(page)
    for part in ("on what you draw", "with its weights after each epoch", "down to every product", "confidence can be believed",
                 "computed while you look; all others were measured in this run"):  # fmt: skip
        assert part in text
    page["evidence"]["film"] = None
    assert "each epoch" not in story.roadmap(page)
    page["weights"] = None
    assert story.roadmap(page).endswith("Every number on it was measured in this run.")


def test_the_budget_of_the_images_in_the_file_is_stated(page: Page) -> None:
    tested = page["metrics"]["data"]["test"]
    assert f"This file holds all {tested} test images, for which there are 2.3\xa0MB of it; and" in story.held(page)
    assert "in another 1.0\xa0MB" in story.held(page)
    page["evidence"]["test"]["count"], page["metrics"]["data"]["test"] = 2345, 26_032
    assert (
        "holds 2,345 of the 26,032 test images, for which there are 2.3\xa0MB of it, of which the mistakes come first"
        in (story.held(page))
    )
    page["evidence"] = None
    assert story.held(page) == ""
