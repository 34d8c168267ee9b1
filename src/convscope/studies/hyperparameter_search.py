"""Hyperparameter search: Optuna proposes settings, workers train them, validation images decide.

The journal is a file, so a stopped search continues and ends with the same result: proposals depend only on the finished
trials and their number. Trials of one search run one after another, since each uses the results of those before; searches of
several networks run in parallel.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import math
import statistics
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.dataset import Dataset
from ..errors import ConvscopeError, MissingExtraError, option
from ..models.architectures import find_model
from ..system.installation import pip_line
from ..training.augmentation import Augmentation
from ..training.config import TrainConfig
from ..training.events import Event, TrainProgress
from ..training.loop import fit
from .plan import Configuration, without_test_split
from .search_journal import SearchJournal

DIVERGED = 1e6
"""Recorded instead of a validation loss that is NaN or infinite."""


@dataclass(frozen=True)
class Trial:
    """Validation results of a trial after each epoch."""

    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    pruned: bool
    """Whether it was stopped before its last epoch."""


def run_trial(
    dataset: Dataset, configuration: Configuration, config: TrainConfig, seed: int, bounds: Sequence[float]
) -> Trial:
    """Train the network of ``configuration`` with the settings ``config``, without access to the test split.

    ``bounds`` are validation losses per epoch above which the trial is pruned; they may be fewer than the epochs.
    """
    losses: list[float] = []
    accuracies: list[float] = []

    def listen(event: Event) -> None:
        if not isinstance(event, TrainProgress) or event.record is None:
            return
        losses.append(event.record.val_loss if math.isfinite(event.record.val_loss) else DIVERGED)
        accuracies.append(event.record.val_accuracy)
        if len(losses) < min(config.epochs, len(bounds) + 1) and losses[-1] > bounds[len(losses) - 1]:
            raise _Pruned

    pruned = False
    try:
        fit(find_model(configuration.build), without_test_split(dataset), config, seed=seed, progress=listen)
    except _Pruned:
        pruned = True
    clear_keras_session()
    return Trial(tuple(losses), tuple(accuracies), pruned)


class _Pruned(Exception):  # noqa: N818  (a decision, not an error)
    """Leaves a training that is not worth continuing."""


def clear_keras_session() -> None:
    """Release what Keras, if it is in use, keeps of a network; a worker may train hundreds."""
    keras = sys.modules.get("keras")
    if keras is None:
        return
    keras.utils.clear_session(free_memory=False)
    gc.collect()


if TYPE_CHECKING:
    import optuna

STARTUP_TRIALS = 8
"""Trials drawn at random before Optuna uses their results."""
TRIALS_BEFORE_PRUNING = 5
"""Finished trials before the first one is pruned."""
LEARNING_RATES, SLOWNESS, DECAYS, SMOOTHING, STRENGTH = 5.0, (1e-3, 0.1), (1e-4, 0.1), (0.0, 0.1), (0.0, 2.0)
"""Largest factor between the learning rate and the recipe's; ranges of 1 − beta_2, weight decay, label smoothing and of
augmentation, the latter as a multiple of the recipe's."""
BATCH_SIZES = (32, 64, 128, 256)

JOURNAL = "search.journal"


@dataclass(frozen=True)
class SearchResult:
    """The result of a search."""

    model: str
    recipe: str
    trials: int
    pruned: int
    """Trials stopped early, because their validation loss was above the median at that epoch."""
    setting: dict[str, float]
    """The best settings; empty if the recipe's own are the best."""
    validation_accuracy: float
    validation_loss: float
    base_accuracy: float
    """Validation accuracy of the recipe itself, in a trial like the others."""
    base_loss: float


class Search:
    """The trials of one configuration; ``seed`` must not be a seed of the study, whose runs would profit."""

    def __init__(self, configuration: Configuration, trials: int, seed: int, journal: Path) -> None:
        self.configuration, self.trials, self.seed = configuration, trials, seed
        self.base = replace(configuration.config, validation="held-out")  # a search must not choose by test images
        self._current: optuna.trial.Trial | None = None
        operations = SearchJournal(journal)
        try:
            self._study = _open_study(configuration.name, operations)
            with _quiet():
                for trial in self._trials("RUNNING"):  # interrupted when the study was stopped
                    self._study.tell(trial.number, state=_state("FAIL"))
            self._check_finished()
        except ConvscopeError:
            raise
        except Exception as error:
            raise operations.unreadable() from error

    @property
    def finished(self) -> list[optuna.trial.FrozenTrial]:
        """Complete and pruned trials, in order."""
        return self._trials("COMPLETE", "PRUNED")

    def ask(self) -> tuple[TrainConfig, tuple[float, ...]]:
        """Return the next settings to try, and the validation loss per epoch above which to prune them."""
        import optuna

        number = len(self.finished)
        with _quiet():
            # A new sampler for each trial: one seeded once would repeat its sequence after a stop.
            seed = (self.seed * 100_003 + number) % 2**32
            self._study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS, constant_liar=False)
            if number == 0 and not self._trials("WAITING"):
                self._study.enqueue_trial(_setting_of(self.base))  # the recipe itself
            self._current = self._study.ask()
            return _propose(self._current, self.base), self._bounds()

    def tell(self, result: Trial) -> None:
        """Record the result of the settings that :meth:`ask` returned last."""
        assert self._current is not None
        with _quiet():
            for epoch, loss in enumerate(result.losses, start=1):
                self._current.report(loss, epoch)
            self._current.set_user_attr("validation_accuracy", result.accuracies[-1])
            if result.pruned:
                self._study.tell(self._current, state=_state("PRUNED"))
            else:
                self._study.tell(self._current, result.losses[-1])

    def best(self) -> tuple[SearchResult, TrainConfig]:
        """Return the result and the configuration to train with."""
        trials = self.finished
        complete = self._trials("COMPLETE")  # a pruned trial has a value too: its loss when it was stopped
        base = complete[0]
        best = min(complete, key=lambda trial: (trial.value, trial.number))
        assert best.value is not None
        assert base.value is not None
        changed = {} if best.number == base.number else dict(best.params)
        config = self.configuration.config if not changed else _with_setting(self.configuration.config, changed)
        accuracy, base_accuracy = (trial.user_attrs["validation_accuracy"] for trial in (best, base))
        model, recipe, pruned = self.configuration.model, self.configuration.recipe, len(trials) - len(complete)
        return SearchResult(
            model, recipe, len(trials), pruned, changed, accuracy, best.value, base_accuracy, base.value
        ), config

    def _trials(self, *states: str) -> list[optuna.trial.FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=[_state(name) for name in states])

    def _check_finished(self) -> None:
        """Raise an exception of any kind unless the finished trials have what is read of them."""
        for trial in self.finished:
            _with_setting(self.base, trial.params)
            values = [trial.value, *trial.intermediate_values.values(), trial.user_attrs["validation_accuracy"]]
            if len(values) < 3 or not all(isinstance(each, int | float) and math.isfinite(each) for each in values):
                raise ValueError(f"trial {trial.number} has no results")

    def _bounds(self) -> tuple[float, ...]:
        """Return the median loss per epoch of the trials so far: Optuna's pruning rule, as plain numbers for a worker."""
        trials = self.finished
        if len(trials) < TRIALS_BEFORE_PRUNING:
            return ()
        columns = ([trial.intermediate_values[epoch] for trial in trials if epoch in trial.intermediate_values]
                   for epoch in range(1, self.base.epochs))  # fmt: skip
        return tuple(statistics.median(column) for column in columns if column)


def require_optuna() -> None:
    """Raise :class:`MissingExtraError` unless Optuna is installed."""
    if importlib.util.find_spec("optuna") is None:
        raise MissingExtraError(
            f"{option('search')} needs Optuna, which is not installed. Install it with: {pip_line('study')}"
        )


def search_seed(seeds: Sequence[int]) -> int:
    """Return a seed that is not one of ``seeds``: the largest plus 1."""
    return (max(seeds) + 1) % 2**32


def _open_study(name: str, journal: Any) -> optuna.Study:
    import optuna

    with _quiet():
        storage = optuna.storages.JournalStorage(journal)
        return optuna.create_study(storage=storage, study_name=name, direction="minimize", load_if_exists=True)


def _propose(trial: optuna.trial.Trial, base: TrainConfig) -> TrainConfig:
    rate = base.learning_rate
    setting: dict[str, Any] = {
        "learning_rate": trial.suggest_float("learning_rate", rate / LEARNING_RATES, rate * LEARNING_RATES, log=True),
        "slowness": trial.suggest_float("slowness", *_around(SLOWNESS, 1 - base.beta_2), log=True),
        "batch_size": trial.suggest_categorical("batch_size", sorted({*BATCH_SIZES, base.batch_size})),
        "label_smoothing": trial.suggest_float("label_smoothing", *_around(SMOOTHING, base.label_smoothing)),
    }
    if base.optimizer == "adamw" and base.weight_decay:
        setting["weight_decay"] = trial.suggest_float("weight_decay", *_around(DECAYS, base.weight_decay), log=True)
    if base.augmentation != Augmentation():
        setting["augmentation"] = trial.suggest_float("augmentation", *STRENGTH)
    return _with_setting(base, setting)


def _setting_of(base: TrainConfig) -> dict[str, Any]:
    return {
        "learning_rate": base.learning_rate,
        "slowness": 1 - base.beta_2,
        "batch_size": base.batch_size,
        "label_smoothing": base.label_smoothing,
        "weight_decay": base.weight_decay,
        "augmentation": 1.0,
    }


def _with_setting(base: TrainConfig, setting: dict[str, Any]) -> TrainConfig:
    values = dict(setting)
    beta_2 = 1 - values.pop("slowness")
    share = values.pop("augmentation", 1.0)
    return replace(base, **values, beta_2=beta_2, augmentation=base.augmentation.times(share))


def _around(limits: tuple[float, float], own: float) -> tuple[float, float]:
    """Return ``limits`` widened to include the recipe's ``own`` value; 0 has no place on a logarithmic scale."""
    return (min(limits[0], own) if own else limits[0], max(limits[1], own))


def _state(name: str) -> optuna.trial.TrialState:
    import optuna

    return optuna.trial.TrialState[name]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(level)
