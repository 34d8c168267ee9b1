"""What a notebook shows, what pandas takes, and what makes the cell of a notebook repeatable."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import convscope
from convscope.api.notebook import Figures
from convscope.errors import ConfigError, OutputError, PictureError, RunExistsError
from convscope.figures.gallery import drawers
from convscope.system.table import html_table

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
LABELS = np.arange(40) % 2


def small(out: Path, **keywords: Any) -> convscope.Run:
    settings = {"model": "logistic", "epochs": 1, "report": False, "out": out, **keywords}
    return convscope.train((IMAGES, LABELS), **settings)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)


@pytest.fixture(scope="module")
def results(digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    other = convscope.train("digits", epochs=1, seed=1, report=False, out=tmp_path_factory.mktemp("other") / "run")
    images = digits_run.dataset.test.images[:3]
    return {
        "history": digits_run.history,
        "evaluation": digits_run.evaluation,
        "predictions": convscope.predict(digits_run, images),
        "mistakes": convscope.mistakes(digits_run),
        "comparison": convscope.compare([digits_run, other]),
    }


def test_texts_are_short_and_count_one_as_one(digits_run: convscope.Run) -> None:
    assert repr(convscope.predict(digits_run, digits_run.dataset.test.images[:2])) == "Predictions(2 images, 10 classes)"
    assert repr(convscope.open_classifier(digits_run)) == "Classifier(8 × 8 × 1, 10 classes)"
    assert "1 epoch," in repr(convscope.History(digits_run.history.records[:1]))


def test_an_unknown_figure_is_named_with_the_nearest(digits_run: convscope.Run) -> None:
    drawn = (draw() for draw in drawers(digits_run.record)[5:7])
    figures = Figures({each.name: each for each in drawn})
    with pytest.raises(KeyError, match="figure 'acuracy' is unknown. Did you mean 'accuracy'"):
        figures["acuracy"]
    assert figures.get("acuracy") is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["history", "evaluation", "predictions", "mistakes", "comparison"])
def test_a_result_is_a_data_frame_and_an_html_table(name: str, results: dict[str, Any]) -> None:
    result = results[name]
    frame, rows = result.to_frame(), result.as_rows()
    pd.testing.assert_frame_equal(frame, pd.DataFrame(rows))
    assert Tags(result._repr_html_()).found.count("tr") == 1 + min(len(rows), 30)
    assert len(repr(result)) < 300


def test_names_in_tables_are_escaped() -> None:
    evaluation = convscope.Evaluation(LABELS, np.eye(2, dtype=np.float32)[LABELS], ("<script>", "b"))
    assert "<script>" not in evaluation._repr_html_()


def test_a_run_shows_its_folder_and_its_scores(digits_run: convscope.Run) -> None:
    assert str(digits_run.folder) in digits_run._repr_html_()
    assert Tags(digits_run._repr_html_()).found.count("tr") == 11
    assert "The training ended after 2 epochs, as planned" in digits_run._repr_html_()


def test_a_stopped_run_says_so_and_how_to_go_on(digits_run: convscope.Run) -> None:
    record = replace(digits_run.record, request={**digits_run.record.request, "stopped_early": True})
    shown = replace(digits_run, record=record)._repr_html_()
    assert "Ctrl-C ended the training in epoch 2 of 2" in shown
    assert "resume=True" in shown


def test_a_mistake_shows_its_image(results: dict[str, Any]) -> None:
    assert results["mistakes"][0]._repr_html_().startswith('<img src="data:image/png;base64,')


@pytest.mark.slow
def test_the_figures_are_a_gallery_with_a_short_text_form(digits_run: convscope.Run) -> None:
    figures = digits_run.figures
    assert Tags(figures._repr_html_()).found.count("img") == len(figures) > 10
    assert len(repr(figures)) < 1500
    assert repr(figures["accuracy"]) == f"Illustration('accuracy': {figures['accuracy'].title})"


def test_the_page_is_shown_in_a_frame_that_holds_all_of_it(
    digits_run: convscope.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    frame = digits_run.show(height=600)
    assert frame is not None
    assert len(frame._repr_html_()) > digits_run.page.stat().st_size
    assert "height: 600px" in frame._repr_html_()


def test_where_no_browser_starts_the_page_is_named(digits_run: convscope.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    with pytest.raises(OutputError, match="no browser could be started. Open '.*report.html'"):
        digits_run.show()


@pytest.mark.slow
def test_progress_appears_by_itself_in_a_notebook_only(tmp_path: Path) -> None:
    code = (
        "import sys; {}import numpy, convscope\n"
        "x, y = numpy.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=numpy.uint8), numpy.arange(40) % 2\n"
        "convscope.train((x, y), model='logistic', epochs=2, report=False, out=sys.argv[1])"
    )

    def said(before: str, name: str) -> tuple[str, str]:
        line = [sys.executable, "-c", code.format(before), str(tmp_path / name)]
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        return done.stdout, done.stderr

    assert said("", "script") == ("", "")
    shown, in_red = said("sys.modules['ipykernel'] = sys; ", "notebook")
    assert re.search(r"logistic epoch 2/2, 100%  loss \d\.\d+  accuracy .*  val_accuracy 0\.\d{4}", shown)
    assert in_red == ""


def test_numbers_of_a_column_have_the_same_decimals_unless_they_are_small_or_large() -> None:
    column = [0.994, 1.0, 0.0, 0.00002168, 46.52341]
    cells = re.findall(r">([\d.e-]+)</td>", html_table({"value": value} for value in column))
    assert cells == ["0.9940", "1.0000", "0.0000", "2.168e-05", "46.52"]


def test_the_heading_of_a_column_stands_above_its_values() -> None:
    table = html_table([{"file": "a.jpg", "probability": 0.5}])
    sides = re.findall(r"<(th|td) style=\"text-align: (\w+)\"", table)
    assert sides == [("th", "left"), ("th", "right"), ("td", "left"), ("td", "right")]


def test_a_cell_can_be_run_again(tmp_path: Path) -> None:
    first = small(tmp_path / "run")
    with pytest.raises(RunExistsError):
        small(tmp_path / "run")
    again = small(tmp_path / "run", if_exists="load")
    assert again.record.request["created"] == first.record.request["created"]
    assert again.dataset.fingerprint == first.dataset.fingerprint
    with pytest.raises(ConfigError, match="cannot load"):
        small(tmp_path / "run", if_exists="load", seed=1)
    assert small(tmp_path / "run", if_exists="new").folder.name == "run-2"
    assert small(tmp_path / "run", if_exists="new").folder.name == "run-3"
    assert small(tmp_path / "run", if_exists="overwrite", seed=1).record.request["seed"] == 1
    with pytest.raises(ConfigError, match="if_exists"):
        small(tmp_path / "run", if_exists="maybe")


def test_settings_of_a_recipe_are_public() -> None:
    assert convscope.recipe("standard", batch_size=64).batch_size == 64
    with pytest.raises(convscope.ConfigError, match="sprnt"):
        convscope.recipe("sprnt")


def test_an_open_classifier_predicts_as_its_run_does(digits_run: convscope.Run) -> None:
    images = digits_run.dataset.test.images[:5]
    classifier = convscope.open_classifier(digits_run)
    assert np.array_equal(convscope.predict(classifier, images).logits, convscope.predict(digits_run, images).logits)


class Tensor:
    """A tensor as far as NumPy needs one."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return self.array


def test_tensors_and_open_files_are_images(digits_run: convscope.Run, tmp_path: Path) -> None:
    from PIL import Image

    images = digits_run.dataset.test.images[:4]
    expected = convscope.predict(digits_run, images).logits
    assert np.array_equal(convscope.predict(digits_run, Tensor(images)).logits, expected)  # type: ignore[arg-type]
    assert np.array_equal(convscope.predict(digits_run, [*map(Tensor, images)]).logits, expected)  # type: ignore[list-item]
    file = io.BytesIO()
    Image.fromarray(images[0, ..., 0]).save(file, "PNG")
    file.seek(0)
    assert len(convscope.predict(digits_run, file)) == 1  # type: ignore[arg-type]
    with pytest.raises(PictureError, match="'rb'"):
        convscope.predict(digits_run, io.StringIO("text"))  # type: ignore[arg-type]


def test_arrays_from_minus_one_to_one_get_the_remedy_that_works(digits_run: convscope.Run) -> None:
    image = digits_run.dataset.test.images[:1].astype(np.float32) / 127.5 - 1
    with pytest.raises(PictureError, match=re.escape("(image + 1) / 2")):
        convscope.predict(digits_run, image)
    assert len(convscope.predict(digits_run, (image + 1) / 2)) == 1


@pytest.mark.slow
def test_the_model_of_a_run_is_compiled(digits_run: convscope.Run) -> None:
    test = digits_run.dataset.test
    loss, accuracy = convscope.load_run(digits_run.folder).model.evaluate(
        test.images / np.float32(255), test.labels, verbose=0
    )
    assert accuracy == pytest.approx(digits_run.evaluation.accuracy, abs=0.01)
    assert loss == pytest.approx(digits_run.evaluation.loss, rel=0.01)
