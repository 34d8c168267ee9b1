"""The content of ``run.json``: settings, dataset, package versions and machine."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..data.dataset import Dataset
from ..data.preprocessing import preprocessing_spec
from ..errors import ConfigError, option
from ..system.dataclass_json import to_json
from ..system.hardware import describe_machine, package_versions
from ..training.config import KEYWORDS, TrainConfig
from ..training.loop import Training
from ..training.recipe_rule import TrainingSet
from ..training.recipes import changed_settings

SCHEMA_VERSION = 2
NETWORK = "network_fingerprint"
"""Key of what tells whether a function, or a file, still describes the network; absent for networks of convscope."""


def describe_request(
    dataset: Dataset,
    model_name: str,
    config: TrainConfig,
    seed: int,
    engine: str = "auto",
    problems: Sequence[str] = (),
    weights: str = "fresh",
) -> dict[str, Any]:
    """Return the content of ``run.json`` as far as it is known before the training.

    ``problems`` are the sentences of ``check_dataset``.
    """
    training_set = TrainingSet.of(dataset).as_dict()
    return {
        "schema_version": SCHEMA_VERSION,
        "state": "training",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command_for(dataset, model_name, config, training_set, seed, engine, weights),
        "model": model_name,
        "weights": weights,
        "recipe": config.recipe,
        "seed": seed,
        "engine": engine,
        "config": config.as_dict(),
        "training_set": training_set,
        "augmentation": config.augmentation.describe(dataset.image_shape),
        "dataset": {
            "name": dataset.name,
            "source": dataset.provenance.source,
            "description": dataset.provenance.description,
            "licence": dataset.provenance.licence,
            "content": dataset.provenance.content,
            "notes": list(dataset.provenance.notes),
            "pixels": to_json(dataset.provenance.pixels),
            "problems": list(problems),
            "reading": dataset.provenance.reading.as_dict(),
            "fingerprint": dataset.fingerprint,
            "image_shape": list(dataset.image_shape),
            "class_names": list(dataset.class_names),
            **preprocessing_spec(dataset),
        },
        "left_out": [{"name": name, "reason": reason} for name, reason in dataset.provenance.left_out],
        "versions": package_versions(),
        "machine": describe_machine(),
    }


def refuse_other_request(begun: Mapping[str, Any], asked: Mapping[str, Any], to: str = "resume") -> None:
    """Raise :class:`ConfigError` if a setting that determines the weights has changed, in a run that is ``to`` be used."""
    begun = {"weights": "fresh", **begun}  # runs of earlier versions had no choice
    for name in ("model", "weights", "seed", "config", "versions"):
        if begun.get(name) != asked[name]:
            raise ConfigError(_differs(to, name, begun.get(name), asked[name]))
    before, now = (request.get(NETWORK) for request in (begun, asked))
    if before and now and before != now:
        raise ConfigError(
            f"cannot {to} the run: {asked['model']!r} described another network when it was started. {_remedy('network', to)}"
        )
    before, now = (request.get("dataset", {}).get("fingerprint") for request in (begun, asked))
    if before != now:
        raise ConfigError(_differs(to, "the data fingerprint", before, now))
    before, now = ((request.get("dataset", {}).get("reading") or {}).get("group_by") for request in (begun, asked))
    if before != now:  # it decides which images are validated on
        raise ConfigError(_differs(to, "group_by", before, now))
    before, now = (request.get("dataset", {}).get("class_names") for request in (begun, asked))
    if before != now:  # the fingerprint is that of images and labels
        raise ConfigError(_differs(to, "the classes", before, now))


def _differs(to: str, what: str, begun: object, asked: object) -> str:
    what, begun, asked = first_difference(what, begun, asked)
    return f"cannot {to} the run: it was started with {what} {begun!r}, not {asked!r}. {_remedy('setting', to)}"


def _remedy(same: str, to: str) -> str:
    drop = f"drop {option('resume')} and " * (to == "resume")
    return f"Use the same {same}, or {drop}choose another folder with {option('out', 'DIR')}."


def first_difference(name: str, one: object, other: object) -> tuple[str, object, object]:
    """Return the first entry, at any depth, in which ``one`` and ``other`` called ``name`` differ, and both values of it."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return name, one, other
    key = next(key for key in [*one, *other] if one.get(key) != other.get(key))
    return first_difference(key, one.get(key), other.get(key))


def describe_outcome(request: dict[str, Any], training: Training) -> dict[str, Any]:
    """Return ``request`` with what is known only after the training."""
    return {
        **request,
        "state": "complete",
        "stopped_early": training.stopped_early,
        "ending": training.ending,
        "epochs_trained": training.epochs_trained,
        "precision": "float32",
        "batch_size": training.batch_size,
        "steps_per_epoch": training.steps_per_epoch,
        "engine": training.engine,
        "backend": training.backend,
        "arithmetic": training.arithmetic,
        "accelerators": list(training.accelerators),
    }


def command_for(
    dataset: Dataset,
    model_name: str,
    config: TrainConfig,
    training_set: Mapping[str, Any],
    seed: int,
    engine: str,
    weights: str,
) -> str:
    """Return the command line that repeats the training."""
    changed = {**(changed_settings(config.as_dict(), training_set) or {}), "epochs": config.epochs}
    words = ["convscope", "train", dataset.provenance.source, "--model", model_name, "--recipe", config.recipe]
    if weights == "keep":
        words += ["--weights", weights]
        changed.pop("batch_normalization", None)  # follows from it
    words += [word for name in KEYWORDS if name in changed for word in _flag(name, changed.pop(name))]
    words += ["--seed", str(seed), *(["--engine", engine] if engine != "auto" else [])]
    words += dataset.provenance.reading.as_arguments()
    return shlex.join([*words, *(word for name, value in changed.items() for word in ("--set", f"{name}={as_text(value)}"))])


def as_text(value: object) -> str:
    """Return the value of a setting as :meth:`Setting.parse` reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flag(name: str, value: object) -> list[str]:
    flag = name.replace("_", "-")
    return [f"--{flag}" if value else f"--no-{flag}"] if isinstance(value, bool) else [f"--{flag}", as_text(value)]
