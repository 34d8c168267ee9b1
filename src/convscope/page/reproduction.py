"""How to get the same run again: the command, the same in Python, and what neither of them can say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..data.reading import ReadOptions
from ..models.architectures import MODELS
from ..models.own_model import is_own_model
from ..training.augmentation import Augmentation
from ..training.config import TrainConfig
from ..training.recipes import RECIPES
from .facts import Page
from .formats import joined, name

WIDEST = 100
"""Columns of a line that is printed; a longer call gets one line for each keyword."""


def command(page: Page) -> str:
    """The line that asks for the same again; empty where no line can."""
    return "" if no_command(page) else str(page["run"]["command"])


def no_command(page: Page) -> str:
    """Why no command asks for the same; empty where one does."""
    reasons = []
    if _is_function(page):
        reasons.append(f"its network came from a Python function, {name(page['run']['model'])}")
    if not _is_plain_recipe(page["run"]["config"]):
        reasons.append("its settings were given as a TrainConfig of its own")
    if any("," in each for each in _reading(page).class_names or ()):
        reasons.append("its classes were given names with a comma in them")
    return f"No command asks for this run again: {joined(reasons)}. Python can." if reasons else ""


def python(page: Page) -> str:
    """The lines that give the same run, each keyword as it was asked for."""
    run = page["run"]
    keywords = {"model": repr(run["model"]), "recipe": repr(run["recipe"]), "epochs": str(run["config"]["epochs"])}
    imports, before = ["import convscope"], ""
    if _is_function(page):
        keywords["model"] = _function_name(page)
        before += (f"# A run keeps the name of a function, not its code: {keywords['model']} must be the same one.\n"
                   f"# Import or define it here.\n\n")  # fmt: skip
    if not _is_plain_recipe(run["config"]):
        imports.append("from convscope.training.augmentation import Augmentation")
        keywords["recipe"] = "recipe"
        del keywords["epochs"]  # they are among its settings
        before += f"recipe = {_config(run['config'])}\n"
    elif augment := _augment(run["config"]):
        keywords["augment"] = repr(augment)
    if arguments := _reading_arguments(page):
        keywords["reading"] = f"convscope.ReadOptions({', '.join(arguments)})"
    keywords["seed"] = str(run["seed"])
    call = _call("convscope.train", [repr(page["dataset"]["source"])], keywords)
    return "\n".join([
        *imports, "", f"{before}run = {call}", "print(run.evaluation)", "model = run.model      # a plain keras.Model",
        "history = run.history  # one record per epoch",
    ])  # fmt: skip


def promise(page: Page) -> str:
    """How much the same the result will be."""
    same = "with the same versions, and with the same function," if _is_function(page) else "with the same versions"
    return (f"On the same machine {same} this gives the same weights, bit for bit. On another machine expect a result close to "
            "this one, not the same number.")  # fmt: skip


def _is_function(page: Page) -> bool:
    """Whether the model was no name and no file: of a function a run knows only what it was called."""
    model = page["run"]["model"]
    return model not in MODELS and not is_own_model(model)


def _function_name(page: Page) -> str:
    model = str(page["run"]["model"])
    return model if model.isidentifier() else "build"  # a lambda has none


def _reading(page: Page) -> ReadOptions:
    return ReadOptions.from_dict(page["dataset"].get("reading") or {})


def _reading_arguments(page: Page) -> list[str]:
    defaults = ReadOptions().as_dict()
    return [f"{option}={_literal(value)}" for option, value in _reading(page).as_dict().items() if value != defaults[option]]


def _is_plain_recipe(config: Mapping[str, Any]) -> bool:
    """Whether the settings are a recipe's own but for what has a keyword: the epochs and the augmentation."""
    if config["recipe"] not in RECIPES:
        return False
    own = RECIPES[config["recipe"]]().as_dict()
    return all(
        config.get(setting, value) == value for setting, value in own.items() if setting not in ("epochs", "augmentation")
    )


def _augment(config: Mapping[str, Any]) -> str:
    """As ``augment`` takes it, where it is not the recipe's."""
    own = RECIPES[config["recipe"]]().augmentation
    augmentation = Augmentation(**config["augmentation"]) if "augmentation" in config else own
    return "" if augmentation == own else augmentation.as_text()


def _config(config: Mapping[str, Any]) -> str:
    settings = {setting: _literal(value) for setting, value in config.items() if setting in TrainConfig.__dataclass_fields__}
    if "augmentation" in settings:
        settings["augmentation"] = f"Augmentation(**{config['augmentation']!r})"
    return _call("convscope.TrainConfig", [], settings)


def _literal(value: Any) -> str:
    return repr(tuple(value) if isinstance(value, list) else value)


def _call(function: str, arguments: list[str], keywords: Mapping[str, str]) -> str:
    """On one line where that is not too long."""
    parts = [*arguments, *(f"{keyword}={value}" for keyword, value in keywords.items())]
    line = f"{function}({', '.join(parts)})"
    if len(line) <= WIDEST:
        return line
    return "\n".join([f"{function}(", *(f"    {part}," for part in parts), ")"])
