"""The plan of a study: networks, recipes, training set sizes and seeds."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Self

import numpy as np

from ..data.dataset import Dataset
from ..data.split import assign_folds, stratified_sample
from ..errors import ConfigError
from ..models.architectures import find_model
from ..models.custom import Build, short_name
from ..training.config import TrainConfig
from ..training.recipe_rule import TrainingSet
from ..training.recipes import find_recipe
from ..types import Labels

SCHEMA_VERSION = 1

ALL = "all"
"""As a size, the whole training split."""
DEFAULT_SEEDS = 10
MAX_SEEDS, MAX_RUNS, MAX_TRIALS = 1000, 10_000, 10_000

MIN_PER_CLASS = 2
"""Training images of each class: one to train on and one to validate with."""
THREADS_PER_RUN = 1
"""Threads of each training.

Convolutions sum in an order that depends on the number of threads, which changes the weights. With one thread, a run gives the
same numbers however many run in parallel, and as many runs as cores keep all cores busy.
"""
NAME = re.compile(r"[\w][\w.+-]*")


@dataclass(frozen=True)
class Configuration:
    """A network and a recipe: a row of the table."""

    model: str
    """The network's name, as used in folder names."""
    build: str | Build
    """The ``model`` argument of ``train``: a name, a file or a function."""
    config: TrainConfig
    by_size: Mapping[int | None, TrainConfig] = field(default_factory=dict)
    """The settings for each size; ``config``, for the largest one, if there are none of their own."""

    def at(self, size: int | None) -> Self:
        return replace(self, config=self.by_size.get(size, self.config), by_size={})

    @property
    def recipe(self) -> str:
        return self.config.recipe

    @property
    def recorded_model(self) -> str:
        """The model as recorded in ``run.json``."""
        return self.build if isinstance(self.build, str) else self.model

    @property
    def name(self) -> str:
        return f"{self.model}-{self.recipe}"


@dataclass(frozen=True)
class RunSpec:
    """One training of a study."""

    configuration: Configuration
    size: int | None
    """Training images, including held-out validation images; None for the whole split."""
    seed: int
    fold: int | None = None
    """The fold, from 1, of the training split that is held out; None in a study on the test split."""
    folds: int = 0
    """The number of folds."""

    def run_name(self, dataset_name: str) -> str:
        """Return the folder name that ``train`` would choose, with the size unless it is the whole split."""
        size = "" if self.size is None else f"-{self.size}"
        fold = "" if self.fold is None else f"-fold{self.fold}"
        return f"{dataset_name}-{self.configuration.name}{size}-{self.seed}{fold}"

    def test_labels(self, dataset: Dataset) -> Labels:
        """Return the labels of the images that the run is measured on."""
        return dataset.test.labels if self.fold is None else dataset.train.labels[self._held_out(dataset)]

    def dataset(self, dataset: Dataset) -> Dataset:
        """Return what the run trains and is measured on: part of ``dataset``. A fold takes the place of the test split."""
        if self.fold is None:
            return with_training_images(dataset, self.size, seed=self.seed)
        held_out, train = self._held_out(dataset), dataset.train
        kept = np.setdiff1d(np.arange(len(train)), held_out)
        note = f"Fold {self.fold} of {self.folds} of the training images, by seed {self.seed}, stands in for the test split."
        provenance = replace(dataset.provenance, notes=(*dataset.provenance.notes, note))
        return replace(dataset, train=train.take(kept), test=train.take(held_out), provenance=provenance)

    def _held_out(self, dataset: Dataset) -> Labels:
        assert self.fold is not None
        train = dataset.train
        return np.flatnonzero(assign_folds(train.labels, self.folds, seed=self.seed, groups=train.groups) == self.fold - 1)


@dataclass(frozen=True)
class StudyPlan:
    """Every combination of ``configurations``, ``sizes`` and ``seeds``; made by :func:`make_plan`, which checks it."""

    configurations: tuple[Configuration, ...]
    sizes: tuple[int | None, ...]
    """Ascending; None, for all images, is last."""
    seeds: tuple[int, ...]
    search: int | None
    """Trials of the hyperparameter search for each configuration; None for no search."""
    folds: int | None = None
    """Folds of the training split, for a cross-validation by each seed; None for trainings measured on the test split."""

    @property
    def largest(self) -> int | None:
        """The size that the table and the comparisons use."""
        return self.sizes[-1]

    def run_specs(self, configurations: Iterable[Configuration] | None = None) -> Iterator[RunSpec]:
        """Yield all trainings, seed by seed, so that a stopped study has results for every row."""
        chosen = tuple(self.configurations if configurations is None else configurations)
        folds = (None,) if self.folds is None else range(1, self.folds + 1)
        for seed, configuration, size, fold in product(self.seeds, chosen, self.sizes, folds):
            yield RunSpec(configuration.at(size), size, seed, fold, self.folds or 0)

    def request(self) -> dict[str, Any]:
        """Return the settings that determine the result, as JSON."""
        return {
            "models": list(dict.fromkeys(each.model for each in self.configurations)),
            "recipes": self.recipes_at(self.largest),
            "sizes": [ALL if size is None else size for size in self.sizes],
            "seeds": list(self.seeds),
            "search": self.search,
            "folds": self.folds,
            "threads_per_run": THREADS_PER_RUN,
        }

    def recipes_at(self, size: int | str | None) -> dict[str, Any]:
        """Return the settings of each recipe for ``size``, by its name."""
        size = None if isinstance(size, str) else size
        return {each.recipe: each.at(size).config.as_dict() for each in self.configurations}


def check_names(models: Sequence[str | Build], recipes: Sequence[str | TrainConfig]) -> None:
    """Raise ConfigError where a model or a recipe is unknown, which :func:`make_plan` says only once the data are read."""
    for model in _nonempty("models", models):
        find_model(model)
    for recipe in _nonempty("recipes", recipes):
        find_recipe(recipe)


def make_plan(
    dataset: Dataset,
    *,
    models: Sequence[str | Build],
    recipes: Sequence[str | TrainConfig],
    epochs: int | None,
    seeds: int | Sequence[int] | None,
    sizes: Sequence[int | str] | None,
    search: int | None,
    folds: int | None = None,
    balance: str | None = None,
) -> StudyPlan:
    """Check the settings of a study and return its plan. Raises :class:`ConfigError`."""
    if folds is not None:
        _check_folds(
            dataset, folds, combined=[name for name, value in (("sizes", sizes), ("search", search)) if value is not None]
        )
    named = {_model_name(model): model for model in _nonempty("models", models)}
    changes = {name: value for name, value in (("epochs", epochs), ("balance", balance)) if value is not None}
    chosen, photos = _sizes(dataset, sizes), TrainingSet.of(dataset)
    if folds is not None:
        photos = replace(photos, num_images=len(dataset.train) * (folds - 1) // folds)
    sets = {size: photos if size is None else replace(photos, num_images=size) for size in chosen}
    adapted = [
        {size: find_recipe(each, to).with_settings(changes) for size, to in sets.items()}
        for each in _nonempty("recipes", recipes)
    ]
    configs = {by_size[chosen[-1]].recipe: by_size for by_size in adapted}
    _refuse_twice("models", len(named), models)
    _refuse_twice("recipes", len(configs), recipes)
    for name in (*named, *configs):
        if not NAME.fullmatch(name):
            raise ConfigError(
                f"the name {name!r} must consist of letters, digits and . - + _, because it becomes part of a folder name."
            )
    if search is not None and not (_is_whole(search) and 1 <= search <= MAX_TRIALS):
        raise ConfigError(f"search must be a number of trials from 1 to {MAX_TRIALS:,}; got {search!r}.")
    plan = StudyPlan(
        tuple(
            Configuration(name, build, by_size[chosen[-1]], by_size)
            for name, build in named.items()
            for by_size in configs.values()
        ),
        chosen,
        _seeds(seeds if seeds is not None else DEFAULT_SEEDS if folds is None else 1),
        search,
        folds,
    )
    number = len(plan.configurations) * len(plan.sizes) * len(plan.seeds) * (folds or 1)
    if number > MAX_RUNS:
        raise ConfigError(f"a study may have at most {MAX_RUNS:,} runs; got {number:,}. Use fewer seeds or sizes.")
    return plan


def searched(configuration: Configuration, config: TrainConfig) -> Configuration:
    """Return the configuration with the best settings of a search."""
    return replace(configuration, config=replace(config, recipe=f"{configuration.recipe}-searched"), by_size={})


def with_training_images(dataset: Dataset, size: int | None, *, seed: int) -> Dataset:
    """Return ``dataset`` with a stratified sample of ``size`` training images; all of them for None.

    With one seed, smaller samples are subsets of larger ones, up to rounding for rare classes. The test split stays.
    """
    if size is None:
        return dataset
    chosen = stratified_sample(dataset.train.labels, size, at_least=MIN_PER_CLASS, seed=seed)
    note = f"{size:,} of {len(dataset.train):,} training images were used, a stratified sample chosen by seed {seed}."
    provenance = replace(dataset.provenance, notes=(*dataset.provenance.notes, note))
    return replace(dataset, train=dataset.train.take(chosen), provenance=provenance)


def without_test_split(dataset: Dataset) -> Dataset:
    """Return ``dataset`` with its first training image as the test split, so that a search cannot use test images."""
    return replace(dataset, test=dataset.train.take(dataset.train.labels[:1] * 0))


def _model_name(model: str | Build) -> str:
    return short_name(model) if isinstance(model, str) else str(getattr(find_model(model), "__name__", "custom"))


def _nonempty(what: str, values: Sequence[Any]) -> Sequence[Any]:
    if not isinstance(values, list | tuple) or not values:
        raise ConfigError(f'{what} must be a list with at least one entry, such as ["cnn", "ann"]; got {values!r}.')
    return values


def _refuse_twice(what: str, distinct: int, given: Sequence[Any]) -> None:
    if distinct < len(given):
        raise ConfigError(f"{what} must be distinct; got {', '.join(map(str, given))}.")


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, int) and _is_whole(seeds):
        if not 1 <= seeds <= MAX_SEEDS:
            raise ConfigError(f"the number of seeds must be from 1 to {MAX_SEEDS:,}; got {seeds}.")
        return tuple(range(seeds))
    if not isinstance(seeds, list | tuple | range) or not 1 <= len(seeds) <= MAX_SEEDS:
        raise ConfigError(f"seeds must be a number of seeds or a list of 1 to {MAX_SEEDS:,} of them; got {seeds!r}.")
    if any(not _is_whole(seed) or not 0 <= seed < 2**32 for seed in seeds) or len(set(seeds)) < len(seeds):
        raise ConfigError(f"seeds must be distinct whole numbers from 0 to {2**32 - 1}; got {list(seeds)}.")
    return tuple(int(seed) for seed in seeds)


def _sizes(dataset: Dataset, sizes: Sequence[int | str] | None) -> tuple[int | None, ...]:
    """Return the sizes in ascending order; None for the whole split."""
    total, fewest = len(dataset.train), MIN_PER_CLASS * dataset.num_classes
    chosen: set[int] = set()
    for size in (ALL,) if sizes is None else _nonempty("sizes", sizes):
        if size == ALL:
            chosen.add(total)
        elif isinstance(size, int) and _is_whole(size) and fewest <= size <= total:
            chosen.add(size)
        else:
            raise ConfigError(
                f"a training set of {dataset.name} must have {fewest:,} ({MIN_PER_CLASS} of each class) to {total:,} images, "
                f"or {ALL!r}; got {size!r}."
            )
    return tuple(None if size == total else size for size in sorted(chosen))


def _check_folds(dataset: Dataset, folds: int, combined: Sequence[str]) -> None:
    if not _is_whole(folds) or folds < 2:
        raise ConfigError(f"folds must be a whole number of at least 2; got {folds!r}.")
    if combined:
        raise ConfigError(f"folds cannot be combined with {' and '.join(combined)}. Cross-validate in a study of its own.")
    train, unit = dataset.train, "training images"
    labels, counts = train.labels, train.class_counts(dataset.num_classes)
    if train.groups is not None:
        unit = "groups of training images"
        counts = np.bincount(np.unique(np.stack([labels, train.groups]), axis=1)[0], minlength=dataset.num_classes)
    smallest = int(counts.argmin())
    if folds > counts[smallest]:
        raise ConfigError(
            f"folds must be at most the size of the smallest class; got {folds}, and {dataset.class_names[smallest]!r} has "
            f"{counts[smallest]} {unit}. Use fewer folds, or add images to that class."
        )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
