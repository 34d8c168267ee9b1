"""The folder for the Hugging Face Hub, by the rules of its model cards."""

from __future__ import annotations

import html
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from markdown_it import MarkdownIt

import convscope
from convscope.api.export import Export
from convscope.errors import OutputError
from convscope.exporters.hub import CONTENTS, _text, is_hub_folder
from convscope.exporters.snippets import snippets, upload_line
from convscope.runs import ledger


@pytest.fixture
def exported(run_copy: Path, tmp_path: Path) -> Export:
    return convscope.export(run_copy, "hub", out=tmp_path / "digits hub")


def card(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the front matter and the text."""
    _, front, text = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(front), text


def test_the_card_has_the_numbers_of_the_run(exported: Export, run_copy: Path) -> None:
    about, text = card(exported.path)
    test = json.loads((run_copy / "metrics.json").read_text("utf-8"))["test"]
    (model,) = about["model-index"]
    (result,) = model["results"]
    assert model["name"] == "run"
    assert result["task"] == {"type": "image-classification"} == {"type": about["pipeline_tag"]}
    assert result["dataset"] == {"type": "digits", "name": "digits", "split": "test"}
    assert {each["type"]: each["value"] for each in result["metrics"]} == {
        "accuracy": test["accuracy"],
        "loss": test["loss"],
    }
    assert about["license"] == "unknown"
    assert {"convscope", "onnx"} <= set(about["tags"])
    assert f"| errors | {test['errors']} |" in text
    assert "CC BY 4.0, E. Alpaydin and C. Kaynak" in text
    assert snippets("onnx", Path("model.onnx"), exported.contract)["Python"] in text


def test_the_folder_holds_networks_that_know_how_images_are_prepared(exported: Export, run_copy: Path) -> None:
    folder = exported.path
    assert {path.name for path in folder.iterdir()} == CONTENTS
    onnx.checker.check_model(onnx.load(folder / "model.onnx"), full_check=True)
    assert json.loads((folder / "config.json").read_text("utf-8")) == exported.contract.as_dict()
    image = np.full((90, 70), 220, np.uint8)
    image[20:70, 30:40] = 20
    expected = convscope.predict(run_copy, image)
    for source in (folder / "model.onnx", folder / "model.keras"):
        assert np.allclose(convscope.predict(source, image).probabilities, expected.probabilities, atol=1e-5)
    assert np.array_equal(convscope.preprocess(folder, image, dtype="uint8"), expected.prepared)
    assert len(exported.agreement) == exported.num_test
    assert ledger.read(run_copy)[-1].verb == "export"


def test_no_file_of_the_user_is_named(exported: Export) -> None:
    found = json.loads((exported.path / "metrics.json").read_text("utf-8"))
    assert found["test"]["n"] == 359
    assert not {"mistakes", "data", "baseline"} & set(found)


def test_the_upload_is_printed_and_not_done(exported: Export) -> None:
    assert exported.snippets == {"Upload": f"hf upload digits-hub '{exported.path}' .\n"}


@pytest.mark.slow
@pytest.mark.parametrize("spoilt", ["README.md", "notes.txt"])
def test_a_folder_of_somebody_else_is_not_replaced(spoilt: str, exported: Export, run_copy: Path) -> None:
    with pytest.raises(OutputError, match="overwrite=True"):
        convscope.export(run_copy, "hub", out=exported.path)
    again = convscope.export(run_copy, "hub", out=exported.path, overwrite=True)
    assert {path.name for path in again.path.iterdir()} == CONTENTS
    (exported.path / spoilt).write_text("precious")
    assert is_hub_folder(exported.path) == (spoilt != "README.md")
    with pytest.raises(OutputError, match="folder for the Hub"):
        convscope.export(run_copy, "hub", out=exported.path, overwrite=True)
    assert (exported.path / spoilt).read_text() == "precious"


MARKUP = ("<script>alert(1)</script>", "![x](http://evil.example/x.png)", "[a](http://evil.example)", "`a`", "**b**", "é & ü|_c_",
          "http://evil.example", "&lt;p&gt;")  # fmt: skip


@pytest.mark.parametrize("name", MARKUP)
def test_names_of_other_people_are_no_markup(name: str) -> None:
    shown = MarkdownIt("gfm-like", {"linkify": False}).renderInline(_text(name))
    assert html.unescape(shown) == name
    assert shown.count("<") == 0


@pytest.mark.parametrize("folder", ["-rf", "-rf hub", "a b", "--x/y"])
def test_the_line_that_uploads_takes_a_folder_for_no_option(folder: str) -> None:
    words = shlex.split(upload_line(Path(folder)))
    assert (len(words), Path(words[3])) == (5, Path(folder))
    assert not words[3].startswith("-")
