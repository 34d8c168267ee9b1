"""The page's instructions reproduce the request of the run."""

from __future__ import annotations

import ast
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.cli.main import main
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.read_options import ReadOptions
from convscope.page.text import reproduce
from convscope.runs.request import describe_request
from convscope.training.augmentation import Augmentation
from convscope.training.config import KEYWORDS, TrainConfig
from convscope.training.recipes import RECIPES, find_recipe

Page = dict[str, Any]
Keywords = dict[str, Any]


def asked(model: str, config: TrainConfig, reading: ReadOptions, *, source: str = "it's here/photos") -> Page:
    """The part of a payload that a request becomes."""
    images, labels = np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1])
    dataset = Dataset(
        "photos", Split(images, labels), Split(images, labels), ("a", "b"), Provenance(source, "", reading=reading)
    )
    request = describe_request(dataset, model, config, seed=7)
    return {"run": request, "dataset": request["dataset"]}


def given(text: str, **names: object) -> tuple[tuple[Any, ...], Keywords]:
    """What ``convscope.train`` is called with when the lines up to it are run."""
    calls: list[tuple[tuple[Any, ...], Keywords]] = []

    def train(*arguments: Any, **keywords: Any) -> SimpleNamespace:
        calls.append((arguments, keywords))
        return SimpleNamespace(evaluation="", model=None, history=None)

    module = SimpleNamespace(train=train, TrainConfig=TrainConfig, ReadOptions=convscope.ReadOptions)
    lines = [line for line in text.splitlines() if line != "import convscope"]
    exec(compile("\n".join(lines), "page", "exec"), {"convscope": module, "print": lambda *_: None, **names})
    assert len(calls) == 1
    return calls[0]


@pytest.mark.parametrize("reading", [
    ReadOptions(),
    ReadOptions(image_size=(48, 64)),
    ReadOptions(class_names=("it's", "a, b"), skip_bad_images=True),
])  # fmt: skip
@pytest.mark.parametrize("augment", [None, "none", "rotation=0,shift=0.1"])
def test_python_asks_for_the_augmentation_and_the_reading_of_the_run(augment: str | None, reading: ReadOptions) -> None:
    config = RECIPES["standard"]().with_epochs(3).with_augmentation(augment)
    arguments, keywords = given(reproduce.python(asked("cnn", config, reading)))
    assert arguments == ("it's here/photos",)
    assert {name: keywords[name] for name in ("model", "recipe", "epochs", "seed")} == {
        "model": "cnn", "recipe": "standard", "epochs": 3, "seed": 7,
    }  # fmt: skip
    assert find_recipe(keywords["recipe"]).with_settings({**keywords.get("settings", {}), "epochs": 3}) == config
    assert keywords.get("reading", ReadOptions()) == reading


def test_a_run_with_nothing_unusual_is_one_short_call() -> None:
    page = asked("cnn", RECIPES["sprint"](), ReadOptions(), source="mnist")
    call = ast.parse(reproduce.python(page)).body[1]
    assert ast.unparse(call) == "run = convscope.train('mnist', model='cnn', recipe='sprint', epochs=1, seed=7)"
    assert reproduce.command(page) == page["run"]["command"]
    assert reproduce.no_command(page) == ""


def test_a_function_is_asked_for_and_not_quoted() -> None:
    page = asked("build_mine", RECIPES["sprint"](), ReadOptions())
    text = reproduce.python(page)
    assert "name of a function, not its code" in text

    def build_mine() -> None: ...

    assert given(text, build_mine=build_mine)[1]["model"] is build_mine
    assert "build_mine" in reproduce.no_command(page)
    assert reproduce.command(page) == ""
    assert "same function" in reproduce.promise(page)
    nameless: Callable[..., None] = build_mine
    assert (
        given(reproduce.python(asked("<lambda>", RECIPES["sprint"](), ReadOptions())), build=nameless)[1]["model"]
        is nameless
    )


@pytest.mark.parametrize("model", ["nets/net.py:build", "nets/net.keras"])
def test_a_file_is_a_name_that_the_command_line_takes_too(model: str) -> None:
    page = asked(model, RECIPES["sprint"](), ReadOptions())
    assert given(reproduce.python(page))[1]["model"] == model
    assert f"--model {model}" in reproduce.command(page)


@pytest.mark.parametrize("changes", [
    {"flip": True, "balance": "prior"},
    {"batch_size": 48, "learning_rate": 0.003},
    {"batch_size": 48, "shrink_batches": True, "rotation": 3.0, "shift": 0.0},
    {"shrink_batches": False, "optimizer": "adamw", "weight_decay": 1e-05, "drop_remainder": False},
])  # fmt: skip
@pytest.mark.parametrize("recipe", ["standard", "best"])
def test_changed_settings_come_back_from_python_and_from_the_command(
    recipe: str, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = find_recipe(recipe).with_settings(changes)
    page = asked("cnn", config, ReadOptions(test_share=0.3), source="it's here/photos")
    assert reproduce.no_command(page) == ""
    arguments, keywords = given(reproduce.python(page))
    own = {name: keywords[name] for name in KEYWORDS if name in keywords}
    assert find_recipe(keywords["recipe"]).with_settings({**keywords.get("settings", {}), **own}) == config
    asked_for: Keywords = {}
    monkeypatch.setattr(convscope, "train", lambda data, **keywords: asked_for.update(keywords, data=data) or sys.exit())
    with pytest.raises(SystemExit):
        main(shlex.split(reproduce.command(page))[1:])
    own = {name: asked_for[name] for name in KEYWORDS if asked_for[name] is not None}
    assert find_recipe(asked_for["recipe"]).with_settings({**(asked_for["settings"] or {}), **own}) == config
    assert (asked_for["data"], asked_for["seed"], asked_for["reading"]) == (*arguments, 7, keywords["reading"])
    assert asked_for["reading"] == ReadOptions(test_share=0.3)


def test_settings_without_a_recipe_are_written_out() -> None:
    config = replace(RECIPES["notebook"](), recipe="mine", learning_rate=0.004, augmentation=Augmentation(flip=True))
    page = asked("cnn", config, ReadOptions())
    keywords = given(reproduce.python(page))[1]
    assert keywords["recipe"] == config
    assert "epochs" not in keywords
    assert "TrainConfig" in reproduce.no_command(page)


def test_a_class_name_with_a_comma_can_be_asked_for_in_python_alone() -> None:
    page = asked("cnn", RECIPES["sprint"](), ReadOptions(class_names=("a, b", "c")))
    assert "comma" in reproduce.no_command(page)
