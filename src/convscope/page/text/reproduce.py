"""How to reproduce a run: the command, and the same in Python."""

from collections.abc import Mapping
from typing import Any

from ...data.dataset import IN_MEMORY
from ...data.read_options import ReadOptions
from ...formatting import join_words
from ...models.architectures import MODELS
from ...models.custom import is_custom_model
from ...training.config import KEYWORDS, TrainConfig
from ...training.recipes import changed_settings
from .nouns import Page
from .numbers import name

FILES_TO_SAVE = {"weights": "Weights (.npz)", "predictions": "Predictions (.csv)", "history": "History (.csv)",
                 "metrics": "Metrics (.json)"}  # fmt: skip
"""What the page saves from its own data, with the label of each button."""
WIDEST = 100
"""Longest line in characters; a longer call gets one line per keyword."""


def command(page: Page) -> str:
    """Return the command that reproduces the run, or an empty string if there is none."""
    return "" if no_command(page) else str(page["run"]["command"])


def no_command(page: Page) -> str:
    """Explain why no command can reproduce the run, or return an empty string if one can."""
    reasons = []
    if _is_function(page):
        reasons.append(f"a Python function as its model ({name(page['run']['model'])})")
    if changed_settings(page["run"]["config"]) is None:
        reasons.append("a custom TrainConfig")
    if any("," in each for each in _reading(page).class_names or ()):
        reasons.append("class names that contain commas")
    if page["dataset"]["source"] == IN_MEMORY:
        reasons.append(IN_MEMORY)
    if not reasons:
        return ""
    return f"This run used {join_words(reasons)}, which the command line cannot express. Use Python instead."


def python(page: Page) -> str:
    """Return Python code that reproduces the run."""
    run = page["run"]
    keywords = {"model": repr(run["model"]), "recipe": repr(run["recipe"]), "epochs": str(run["config"]["epochs"])}
    imports, before = ["import convscope"], ""
    if _is_function(page):
        keywords["model"] = _function_name(page)
        before += (f"# A run records the name of a function, not its code: use the same {keywords['model']} as then.\n"
                   f"# Import or define it here.\n\n")  # fmt: skip
    changed = changed_settings(run["config"], run.get("training_set"))
    if changed is None:
        imports.append("from convscope.training.augmentation import Augmentation")
        keywords["recipe"] = "recipe"
        del keywords["epochs"]  # they are among its settings
        before += f"recipe = {_config(run['config'])}\n"
    else:
        keywords |= {name: repr(changed.pop(name)) for name in KEYWORDS if name in changed}
        keywords |= {"settings": repr(changed)} if changed else {}
    if arguments := _reading_arguments(page):
        keywords["reading"] = f"convscope.ReadOptions({', '.join(arguments)})"
    keywords["seed"] = str(run["seed"])
    source = repr(page["dataset"]["source"])
    if page["dataset"]["source"] == IN_MEMORY:
        source = "data"
        before = f"# A run records the SHA-256 of its arrays, not where they were: pass the same data as then.\n\n{before}"
    call = _call("convscope.train", [source], keywords)
    return "\n".join([
        *imports, "", f"{before}run = {call}", "print(run.evaluation)", "model = run.model      # a keras.Model; needs Keras",
        "history = run.history  # one record per epoch",
    ])  # fmt: skip


def promise(page: Page) -> str:
    """State how closely a reproduction will match."""
    function = " and the same function" if _is_function(page) else ""
    return (f"On the same machine, with the same versions{function}, this gives bit-identical weights. On another machine, expect "
            "a similar result, not the same number.")  # fmt: skip


def _is_function(page: Page) -> bool:
    # Neither a known name nor a file: for a function, the run records only its name.
    model = page["run"]["model"]
    return model not in MODELS and not is_custom_model(model)


def _function_name(page: Page) -> str:
    model = str(page["run"]["model"])
    return model if model.isidentifier() else "build"  # a lambda has none


def _reading(page: Page) -> ReadOptions:
    return ReadOptions.from_dict(page["dataset"].get("reading") or {})


def _reading_arguments(page: Page) -> list[str]:
    defaults = ReadOptions().as_dict()
    return [
        f"{option}={_literal(value)}" for option, value in _reading(page).as_dict().items() if value != defaults.get(option)
    ]


def _config(config: Mapping[str, Any]) -> str:
    settings = {setting: _literal(value) for setting, value in config.items() if setting in TrainConfig.__dataclass_fields__}
    if "augmentation" in settings:
        settings["augmentation"] = f"Augmentation(**{config['augmentation']!r})"
    return _call("convscope.TrainConfig", [], settings)


def _literal(value: Any) -> str:
    return repr(tuple(value) if isinstance(value, list) else value)


def _call(function: str, arguments: list[str], keywords: Mapping[str, str]) -> str:
    """Return the call on one line, or on one line per argument if it is too long."""
    parts = [*arguments, *(f"{keyword}={value}" for keyword, value in keywords.items())]
    line = f"{function}({', '.join(parts)})"
    if len(line) <= WIDEST:
        return line
    return "\n".join([f"{function}(", *(f"    {part}," for part in parts), ")"])
