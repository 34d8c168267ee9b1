"""Every figure of a run: order, words, SVG and PNG."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest

from convscope.figures.figure import Illustration, to_drawing, to_png, to_svg
from convscope.figures.gallery import illustrate
from convscope.figures.theme import PNG_DPI
from convscope.models.network import Layer
from convscope.runs.record import RunRecord

Make = Callable[..., RunRecord]

IN_ORDER = [
    "first_image_matrix", "first_image", "samples", "class_counts", "model_diagram", "accuracy", "loss", "confusion_matrix",
    "per_class", "mistakes", "kernels_conv2d", "kernels_conv2d_1", "feature_maps_conv2d", "feature_maps_per_class_conv2d",
    "feature_maps_max_pooling2d", "feature_maps_per_class_max_pooling2d", "feature_maps_conv2d_1",
    "feature_maps_per_class_conv2d_1", "feature_maps_max_pooling2d_1", "feature_maps_per_class_max_pooling2d_1", "reliability",
    "coverage", "baseline",
]  # fmt: skip
HOSTILE = (
    "$x^2$ \\frac{",
    "</script><b>&amp;",
    "😀 émoji",
    "שלום עולם",
    "a" * 300,
    "tab\tnew\nline\x00\x1b",
    " x ",
    "\u202eevil",
    "汉字",
)


def dense_layer(inputs: int, outputs: int) -> Layer:
    return Layer("dense", "Dense", {}, (inputs,), (outputs,), {"kernel": np.ones((inputs, outputs), np.float32)})


@pytest.mark.slow
def test_a_run_of_the_notebooks_network_has_all_figures_in_the_notebooks_order(
    illustrations: Mapping[str, Illustration],
) -> None:
    assert list(illustrations) == IN_ORDER


def test_a_network_without_convolutions_has_neither_kernels_nor_maps(make_record: Make) -> None:
    layers = (Layer("flatten", "Flatten", {}, (12, 12, 1), (144,)), dense_layer(144, 3))
    names = [each.name for each in illustrate(make_record(layers=layers))]
    assert "model_diagram" in names
    assert not [name for name in names if name.startswith(("kernels", "feature_maps", "baseline"))]


def test_an_unknown_kind_of_layer_costs_the_maps_but_no_other_figure(make_record: Make) -> None:
    layers = (
        Layer("odd", "Mystery", {}, (12, 12, 1), (7, 5)),
        Layer("flat", "Flatten", {}, (7, 5), (35,)),
        dense_layer(35, 3),
    )
    names = [each.name for each in illustrate(make_record(layers=layers))]
    assert {"model_diagram", "confusion_matrix"} <= set(names)
    assert not [name for name in names if name.startswith("feature_maps")]


def test_a_run_without_errors_has_no_gallery_of_mistakes_and_says_so(make_record: Make) -> None:
    record = make_record()
    perfect = replace(record.evaluation, logits=np.eye(3, dtype=np.float32)[record.evaluation.labels] * 9)
    examples = replace(
        record.examples, mistakes=record.examples.mistakes[:0], mistake_indices=record.examples.mistake_indices[:0]
    )
    figures = {each.name: each for each in illustrate(replace(record, evaluation=perfect, examples=examples))}
    assert "mistakes" not in figures
    assert figures["confusion_matrix"].title == "All 18 test images are classified correctly"


@pytest.mark.parametrize("name", IN_ORDER)
def test_every_figure_has_a_title_with_numbers_a_reading_and_an_alternative_with_numbers(
    illustrations: Mapping[str, Illustration], name: str
) -> None:
    each = illustrations[name]
    assert any(character.isdigit() for character in each.title)
    assert any(character.isdigit() for character in each.alt_text)
    assert len(each.caption) > 40
    assert each.caption.endswith(".")


@pytest.mark.parametrize("name", IN_ORDER)
def test_the_title_is_drawn_into_the_picture(illustrations: Mapping[str, Illustration], name: str) -> None:
    lines = [text.get_text() for text in illustrations[name].figure.texts if str(text.get_gid()).startswith("title_")]
    assert " ".join(lines) == illustrations[name].title


@pytest.mark.slow
def test_figures_of_results_and_weights_differ_between_runs_in_title_and_picture(make_record: Make) -> None:
    first, second = ({each.name: each for each in illustrate(make_record(seed=seed))} for seed in (1, 2))
    names = [
        name for name in first if name.startswith(("loss", "confusion", "per_class", "mistakes", "kernels", "feature_maps"))
    ]
    assert len(names) == 7
    for name in names:
        assert first[name].title != second[name].title
        assert to_png(first[name]) != to_png(second[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_ORDER)
def test_every_svg_is_well_formed_and_states_no_date(illustrations: Mapping[str, Illustration], name: str) -> None:
    svg = to_svg(illustrations[name])
    ET.fromstring(svg)
    assert "<dc:date>" not in svg


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_ORDER)
def test_a_drawing_is_one_element_whose_ids_carry_its_name(illustrations: Mapping[str, Illustration], name: str) -> None:
    drawing = to_drawing(illustrations[name], to_svg(illustrations[name]))
    root = ET.fromstring(drawing.svg)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert ids
    assert all(str(each).startswith(f"{name}-") for each in ids)
    assert len(set(ids)) == len(ids)
    links = [
        value for element in root.iter() for key, value in element.attrib.items() if key.endswith("href") and value[0] == "#"
    ]
    assert {link[1:] for link in links} <= set(ids)
    assert "<style" not in drawing.svg


@pytest.mark.thorough  # `test_parallel.py` compares what two processes draw
@pytest.mark.slow
def test_drawing_again_gives_the_same_bytes(digits_record: RunRecord) -> None:
    first, second = ([(to_svg(each), to_png(each)) for each in illustrate(digits_record)] for _ in range(2))
    assert first == second


def test_png_and_svg_do_not_depend_on_which_is_written_first(illustrations: Mapping[str, Illustration]) -> None:
    each = illustrations["loss"]
    svg, png = to_svg(each), to_png(each)
    assert (to_png(each), to_svg(each)) == (png, svg)


@pytest.mark.slow
def test_names_of_classes_may_be_any_text(make_record: Make) -> None:
    for each in illustrate(make_record(HOSTILE)):
        root = ET.fromstring(to_svg(each))
        assert "<b>" not in {element.tag for element in root.iter()}
        assert to_png(each).startswith(b"\x89PNG")


def test_a_dollar_sign_is_written_and_not_typeset(make_record: Make) -> None:
    svg = to_svg(next(each for each in illustrate(make_record(("$x$", "b"))) if each.name == "confusion_matrix"))
    assert ">$x$</text>" in svg


def test_text_that_looks_like_an_id_stays_as_it_is(make_record: Make) -> None:
    each = next(each for each in illustrate(make_record(('id="a"', "b"))) if each.name == "confusion_matrix")
    texts = {element.text for element in ET.fromstring(to_drawing(each, to_svg(each)).svg).iter()}
    assert 'id="a"' in texts


@pytest.mark.rows(2)
@pytest.mark.slow
@pytest.mark.parametrize("shape", [(12, 12, 3), (64, 64, 3), (40, 9, 1)])
def test_images_of_any_size_and_colour_are_drawn(make_record: Make, shape: tuple[int, int, int]) -> None:
    for each in illustrate(make_record(shape=shape)):
        width, height = each.figure.get_size_inches()
        header = to_png(each)[16:24]
        assert struct.unpack(">II", header) == pytest.approx((width * PNG_DPI, height * PNG_DPI), abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 20, 100])
def test_any_number_of_classes_is_drawn(make_record: Make, classes: int) -> None:
    names = [f"class {number}" for number in range(classes)]
    figures = {each.name: each for each in illustrate(make_record(names, per_class=3))}
    for name in ("samples", "class_counts", "confusion_matrix", "per_class"):
        texts = {element.text for element in ET.fromstring(to_svg(figures[name])).iter()}
        assert {names[0], names[-1]} & texts or classes > 50, name
    assert all(f"“{name}”" in figures["class_counts"].alt_text for name in names)


def test_drawing_leaves_the_settings_of_the_session_alone(digits_record: RunRecord) -> None:
    before = dict(mpl.rcParams)
    figures = illustrate(digits_record)
    next(figures)
    assert dict(mpl.rcParams) == before
