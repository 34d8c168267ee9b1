"""Arguments of a wrong kind or value, in Python."""

from __future__ import annotations

import dataclasses
import inspect
import reprlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.errors import ConvscopeError

VALUES: dict[str, Any] = {
    "None": None,
    "3": 3,
    "-1": -1,
    "1.5": 1.5,
    "nan": float("nan"),
    "inf": float("inf"),
    "True": True,
    "''": "",
    "'nonsense'": "nonsense",
    "b'x'": b"x",
    "[]": [],
    "{}": {},
    "object": object(),
    "function": lambda *_: None,
    "array": np.array([1, 2]),
}
RESULTS = {
    name
    for name in convscope.__all__
    if inspect.isclass(getattr(convscope, name))
    and name not in {"Augmentation", "Dataset", "ReadOptions", "Split", "TrainConfig"}
}
"""Classes that convscope makes, and nobody else; of these, the methods."""
NUMBER, COUNT, NAME = {"3", "1.5"}, {"3"}, {"'nonsense'"}
ACCEPTED: dict[str, set[str]] = {
    key: values
    for keys, values in {
        "batch_size epochs folds height most port search seed seeds top workers": COUNT,
        "final_epochs_less_augmented max_cycles max_validation_images min_steps_per_epoch": COUNT,
        "learning_rate rotation time time_limit weight_decay": NUMBER,
        "copy_to group_by host out Dataset.name Dataset.from_arrays.name": NAME,
        "callbacks images names others trusted_proxies": {"[]"},
        "map_classes settings": {"{}"},
        "logits model progress": {"function"},
        "augment": {"''"},
        "TrainConfig.recipe": {"''", *NAME},
    }.items()
    for key in keys.split()
}
"""Values that the documentation allows, by parameter; None and True are read from the signature."""
NAMED: dict[str, tuple[str, ...]] = {
    "class_names": ("classes",), "contract": ("metadata",), "data": ("mapping",), "host": ("listen",), "others": ("run",),
    "runs": ("run",), "trusted_proxies": ("trusted proxy",), "x_train": ("images",), "y_train": ("labels",),
}  # fmt: skip
"""Other words for parameters."""


def _tiny() -> convscope.Dataset:
    generator = np.random.default_rng(0)
    return convscope.Dataset.from_arrays(generator.integers(0, 256, (60, 8, 8), np.uint8), np.arange(60) % 3, name="tiny")


TINY = _tiny()
IMAGE = np.zeros((8, 8), np.uint8)
CONFIG = convscope.recipe("sprint")
BASE: dict[str, Callable[[convscope.Run], dict[str, Any]]] = {
    "audit": lambda run: {"run": run},
    "compare": lambda run: {"runs": [run, run]},
    "evaluate": lambda run: {"run": run, "data": TINY},
    "examine": lambda run: {"run": run},
    "explain": lambda run: {"run": run, "image": IMAGE},
    "export": lambda run: {"run": run},
    "fetch_dataset": lambda run: {"name": "fashion"},
    "list_runs": lambda run: {"folder": run.folder.parent},
    "load_dataset": lambda run: {"data": TINY},
    "load_run": lambda run: {"folder": run.folder},
    "mistakes": lambda run: {"run": run},
    "open_classifier": lambda run: {"source": run},
    "predict": lambda run: {"run": run, "images": IMAGE},
    "preprocess": lambda run: {"contract": run, "images": IMAGE},
    "recipe": lambda run: {"name": "sprint"},
    "report": lambda run: {"run": run},
    "serve": lambda run: {"run": run},
    "study": lambda run: {"data": TINY, "models": ["logistic"], "recipes": ["sprint"]},
    "train": lambda run: {"data": TINY, "model": "logistic", "recipe": "sprint", "report": False},
    "Augmentation": lambda run: {},
    "Dataset": lambda run: {field.name: getattr(TINY, field.name) for field in dataclasses.fields(TINY)},
    "Dataset.from_arrays": lambda run: {"x_train": TINY.train.images, "y_train": TINY.train.labels},
    "ReadOptions": lambda run: {},
    "Split": lambda run: {"images": TINY.train.images, "labels": TINY.train.labels},
    "TrainConfig": lambda run: {field.name: getattr(CONFIG, field.name) for field in dataclasses.fields(CONFIG)},
}


def _callable(name: str) -> Callable[..., Any]:
    owner, _, method = name.partition(".")
    return getattr(getattr(convscope, owner), method) if method else getattr(convscope, owner)  # type: ignore[no-any-return]


CASES = [(name, parameter) for name in BASE for parameter in inspect.signature(_callable(name)).parameters.values()
         if parameter.kind is not parameter.VAR_KEYWORD]  # fmt: skip


def _accepted(name: str, parameter: inspect.Parameter) -> set[str]:
    kinds = str(parameter.annotation).split(" | ")
    nothing = {"None"} if parameter.default is None or "None" in kinds else set()
    switch = {"True"} if "bool" in str(parameter.annotation) else set()
    return nothing | switch | ACCEPTED.get(parameter.name, set()) | ACCEPTED.get(f"{name}.{parameter.name}", set())


def test_every_public_function_is_asked() -> None:
    functions = {name for name in convscope.__all__ if name not in RESULTS}
    assert functions == {name.partition(".")[0] for name in BASE}


@pytest.fixture(scope="module")
def run(digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    return convscope.load_run(shutil.copytree(digits_run.folder, tmp_path_factory.mktemp("wrong") / "run"))


@pytest.mark.slow
@pytest.mark.rows(80)
@pytest.mark.parametrize(("name", "parameter"), CASES, ids=[f"{name}-{parameter.name}" for name, parameter in CASES])
def test_a_wrong_argument_is_one_error_that_names_it(
    name: str, parameter: inspect.Parameter, run: convscope.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    failed = []
    for key, value in VALUES.items():
        if key in _accepted(name, parameter):
            continue
        try:
            _callable(name)(**{**BASE[name](run), parameter.name: value})
            failed.append(f"{key}: accepted")
        except ConvscopeError as error:
            text = str(error).lower()
            known = parameter.name, parameter.name.replace("_", " "), reprlib.repr(value), type(value).__name__
            known = *known, *NAMED.get(parameter.name, ())
            if not any(each.lower() in text for each in known) or len(text) > 500:
                failed.append(f"{key}: {error}")
        except Exception as error:  # noqa: BLE001 - which is what must not come
            failed.append(f"{key}: {type(error).__name__} {error}")
    assert not failed, "\n".join(failed)
    assert not list(tmp_path.iterdir())


def test_exchanged_arguments_are_told_apart(run: convscope.Run, tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "four.png")
    for call in (convscope.predict, convscope.explain):
        for given in (run, run.folder):
            with pytest.raises(convscope.ConfigError, match="Pass the run first"):
                call(tmp_path / "four.png", given)


@pytest.mark.parametrize("content", ["name,age\nann,3\n", "a,b,c,d\n1,2,3,4\n1,2,3,x\n", "file\nfour.png\n"])
def test_a_table_to_predict_is_not_asked_for_labels(content: str, run: convscope.Run, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(content, "utf-8")
    with pytest.raises(convscope.DatasetError) as caught:
        convscope.predict(run, tmp_path / "own.csv")
    assert "label" not in str(caught.value)
    assert "class" not in str(caught.value)


def test_results_refuse_what_they_do_not_hold(run: convscope.Run) -> None:
    for call in (
        lambda wrong: run.history.column(wrong),
        lambda wrong: run.evaluation.at_temperature(wrong),
        lambda wrong: run.show(wrong),
    ):
        for key in ("None", "-1", "nan", "''", "[]", "array"):
            with pytest.raises(convscope.ConfigError, match="must be|unknown"):
                call(VALUES[key])
