"""What a study consists of: which networks, trained how, on how many images, from which seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..data.dataset import Dataset
from ..errors import ConfigError
from ..models.architectures import Build, find_model
from ..models.own_model import short_name
from ..training.config import TrainConfig
from ..training.recipes import find_recipe

SCHEMA_VERSION = 1
ALL = "all"
"""As a size: the whole training split."""
MOST_SEEDS, MOST_RUNS, MOST_TRIALS = 1000, 10_000, 10_000
FEWEST_PER_CLASS = 2
"""Training images: one to learn from and one to hold out."""
THREADS_PER_RUN = 1
"""Convolutions sum in another order on another number of threads, and end with other weights. With one thread each, a run
gives the same numbers however many run beside it; and as many runs as cores keep all of them busy."""
NAME = re.compile(r"[\w][\w.+-]*")


@dataclass(frozen=True)
class Configuration:
    """A network and how it is trained: a row of the table."""

    model: str
    """Its name, as it can stand in a folder's."""
    build: str | Build
    """What ``train`` is given: a name, a file's, or a function of the user's own."""
    config: TrainConfig

    @property
    def recipe(self) -> str:
        return self.config.recipe

    @property
    def recorded_model(self) -> str:
        """What ``run.json`` says."""
        return self.build if isinstance(self.build, str) else self.model

    @property
    def name(self) -> str:
        return f"{self.model}-{self.recipe}"


@dataclass(frozen=True)
class Cell:
    """One training of a study."""

    configuration: Configuration
    size: int | None
    """Training images, of which some are held out as ever; ``None`` for the whole split."""
    seed: int

    def run_name(self, dataset_name: str) -> str:
        """The folder's, as ``train`` would call it, with the size where it is not the whole."""
        size = "" if self.size is None else f"-{self.size}"
        return f"{dataset_name}-{self.configuration.name}{size}-{self.seed}"


@dataclass(frozen=True)
class StudyPlan:
    """Every combination of ``configurations``, ``sizes`` and ``seeds``; made by :func:`make_plan`, which checks it."""

    configurations: tuple[Configuration, ...]
    sizes: tuple[int | None, ...]
    """Ascending, ``None`` (all images) last."""
    seeds: tuple[int, ...]
    search: int | None
    """Trials of the search for better settings, for each configuration."""

    @property
    def largest(self) -> int | None:
        """The size that the table and the comparisons are about."""
        return self.sizes[-1]

    def cells(self, configurations: Iterable[Configuration] | None = None) -> Iterator[Cell]:
        """Seed by seed, so that a study that is stopped has something to say about every row."""
        chosen = tuple(self.configurations if configurations is None else configurations)
        for seed in self.seeds:
            for configuration in chosen:
                yield from (Cell(configuration, size, seed) for size in self.sizes)

    def request(self) -> dict[str, Any]:
        """What decides the result, as JSON has it."""
        return {
            "models": list(dict.fromkeys(each.model for each in self.configurations)),
            "recipes": {each.recipe: each.config.as_dict() for each in self.configurations},
            "sizes": [ALL if size is None else size for size in self.sizes],
            "seeds": list(self.seeds),
            "search": self.search,
            "threads_per_run": THREADS_PER_RUN,
        }


def make_plan(
    dataset: Dataset,
    *,
    models: Sequence[str | Build],
    recipes: Sequence[str | TrainConfig],
    epochs: int | None,
    seeds: int | Sequence[int],
    sizes: Sequence[int | str] | None,
    search: int | None,
) -> StudyPlan:
    """Check what was asked, before any work starts. Raises :class:`ConfigError`."""
    named = {_model_name(model): model for model in _listed("models", models)}
    found = [find_recipe(each).with_epochs(epochs) for each in _listed("recipes", recipes)]
    configs = {config.recipe: config for config in found}
    _refuse_twice("models", len(named), models)
    _refuse_twice("recipes", len(configs), recipes)
    for name in (*named, *configs):
        if not NAME.fullmatch(name):
            raise ConfigError(f"{name!r} cannot name a folder; letters, digits and . - + _ were expected.")
    if search is not None and not (_is_whole(search) and 1 <= search <= MOST_TRIALS):
        raise ConfigError(f"search={search!r} is no number of trials; 1 to {MOST_TRIALS:,} was expected.")
    plan = StudyPlan(
        tuple(Configuration(name, build, config) for name, build in named.items() for config in configs.values()),
        _sizes(dataset, sizes),
        _seeds(seeds),
        search,
    )
    number = len(plan.configurations) * len(plan.sizes) * len(plan.seeds)
    if number > MOST_RUNS:
        raise ConfigError(f"{number:,} runs were asked for; at most {MOST_RUNS:,} were expected. Use fewer seeds or sizes.")
    return plan


def searched(configuration: Configuration, config: TrainConfig) -> Configuration:
    """The configuration with the best setting that a search found."""
    return replace(configuration, config=replace(config, recipe=f"{configuration.recipe}-searched"))


def _model_name(model: str | Build) -> str:
    build = find_model(model)
    return short_name(model) if isinstance(model, str) else str(getattr(build, "__name__", "custom"))


def _listed(what: str, values: Sequence[Any]) -> Sequence[Any]:
    if not isinstance(values, list | tuple) or not values:
        raise ConfigError(f'{what}={values!r} names none; a list of at least one was expected, as ["cnn", "ann"].')
    return values


def _refuse_twice(what: str, distinct: int, given: Sequence[Any]) -> None:
    if distinct < len(given):
        raise ConfigError(f"{what} {', '.join(map(str, given))}: one of them is there twice; each once was expected.")


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, int) and _is_whole(seeds):
        if not 1 <= seeds <= MOST_SEEDS:
            raise ConfigError(f"seeds={seeds} is no number of seeds; 1 to {MOST_SEEDS:,} was expected.")
        return tuple(range(seeds))
    if not isinstance(seeds, list | tuple | range) or not 1 <= len(seeds) <= MOST_SEEDS:
        raise ConfigError(f"seeds={seeds!r} cannot be used; how many, or a list of them was expected.")
    if any(not _is_whole(seed) or not 0 <= seed < 2**32 for seed in seeds) or len(set(seeds)) < len(seeds):
        raise ConfigError(f"seeds={list(seeds)} cannot be used; distinct whole numbers from 0 to {2**32 - 1} were expected.")
    return tuple(int(seed) for seed in seeds)


def _sizes(dataset: Dataset, sizes: Sequence[int | str] | None) -> tuple[int | None, ...]:
    """Ascending; a size as large as the split is the whole split."""
    total, fewest = len(dataset.train), FEWEST_PER_CLASS * dataset.num_classes
    chosen: set[int] = set()
    for size in (ALL,) if sizes is None else _listed("sizes", sizes):
        if size == ALL:
            chosen.add(total)
        elif isinstance(size, int) and _is_whole(size) and fewest <= size <= total:
            chosen.add(size)
        else:
            raise ConfigError(
                f"a training set of {size!r} images cannot be had; {fewest:,} ({FEWEST_PER_CLASS} of each class) to {total:,}, "
                f"or {ALL!r} was expected of {dataset.name}."
            )
    return tuple(None if size == total else size for size in sorted(chosen))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
