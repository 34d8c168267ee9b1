"""Search for better settings of a recipe: Optuna proposes, workers train, and validation images decide.

The journal is a file, so that a search goes on where it was stopped, and comes to the same end: what is proposed depends on
the finished trials in it and on how many there are, and on nothing else. Trials of one search go one after another, since each
learns from those before; searches of several networks go side by side.
"""

from __future__ import annotations

import contextlib
import importlib.util
import statistics
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError
from ..training.augmentation import LIMITS, Augmentation
from ..training.config import TrainConfig
from .plan import Configuration
from .working import Trial

if TYPE_CHECKING:
    import optuna

STARTUP_TRIALS = 8
"""Drawn at random before what they showed is used."""
TRIALS_BEFORE_PRUNING = 5
LEARNING_RATES, SLOWNESS, DECAYS, SMOOTHING, STRENGTH = 5.0, (1e-3, 0.1), (1e-4, 0.1), (0.0, 0.1), (0.0, 2.0)
"""The learning rate up to this many times the recipe's, up and down; 1 − beta_2; weight decay; label smoothing; augmentation
as a multiple of the recipe's."""
BATCH_SIZES = (32, 64, 128, 256)
JOURNAL = "search.journal"


@dataclass(frozen=True)
class Found:
    """What a search ended with."""

    model: str
    recipe: str
    trials: int
    pruned: int
    """Given up early, because their validation loss was above the median of the others at that epoch."""
    setting: dict[str, float]
    """What was varied, at its best; empty where the recipe's own was the best."""
    validation_accuracy: float
    validation_loss: float
    base_accuracy: float
    """Of the recipe as it is, in a trial like the others."""
    base_loss: float


class Search:
    """The trials of one configuration. ``seed`` is none of the study's, so that no run is better off for it."""

    def __init__(self, configuration: Configuration, trials: int, seed: int, journal: Path) -> None:
        self.configuration, self.trials, self.seed = configuration, trials, seed
        self.base = _with_validation_images(configuration.config)
        self._study = _open_study(configuration.name, journal)
        self._current: optuna.trial.Trial | None = None
        with _quiet():
            for trial in self._trials("RUNNING"):  # cut off when the study was stopped
                self._study.tell(trial.number, state=_state("FAIL"))

    @property
    def finished(self) -> list[optuna.trial.FrozenTrial]:
        """Trials that measured something, in their order."""
        return self._trials("COMPLETE", "PRUNED")

    def ask(self) -> tuple[TrainConfig, tuple[float, ...]]:
        """The setting to try next, and the validation loss after each epoch above which to give it up."""
        import optuna

        number = len(self.finished)
        with _quiet():
            # A sampler of its own for each trial: after a stop, one that is seeded once would begin its sequence again.
            self._study.sampler = optuna.samplers.TPESampler(
                seed=_trial_seed(self.seed, number), n_startup_trials=STARTUP_TRIALS, constant_liar=False
            )
            if number == 0 and not self._trials("WAITING"):
                self._study.enqueue_trial(_setting_of(self.base))  # the recipe itself
            self._current = self._study.ask()
            return _propose(self._current, self.base), self._bounds()

    def tell(self, result: Trial) -> None:
        """What came of the setting that was asked for last."""
        assert self._current is not None
        with _quiet():
            for epoch, loss in enumerate(result.losses, start=1):
                self._current.report(loss, epoch)
            self._current.set_user_attr("validation_accuracy", result.accuracies[-1])
            if result.pruned:
                self._study.tell(self._current, state=_state("PRUNED"))
            else:
                self._study.tell(self._current, result.losses[-1])

    def best(self) -> tuple[Found, TrainConfig]:
        """What was found, and the settings to train with."""
        trials = self.finished
        complete = self._trials("COMPLETE")  # a pruned one has a value too: the loss at which it was given up
        base = complete[0]
        best = min(complete, key=lambda trial: (trial.value, trial.number))
        assert best.value is not None
        assert base.value is not None
        changed = {} if best.number == base.number else dict(best.params)
        config = self.configuration.config if not changed else _with_setting(self.configuration.config, changed)
        found = Found(
            self.configuration.model, self.configuration.recipe, len(trials), len(trials) - len(complete), changed,
            best.user_attrs["validation_accuracy"], best.value, base.user_attrs["validation_accuracy"], base.value,
        )  # fmt: skip
        return found, config

    def _trials(self, *states: str) -> list[optuna.trial.FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=[_state(name) for name in states])

    def _bounds(self) -> tuple[float, ...]:
        """Per epoch, the median of what the trials so far had then: Optuna's rule for giving up, ready to be sent along."""
        trials = self.finished
        if len(trials) < TRIALS_BEFORE_PRUNING:
            return ()
        columns = ([trial.intermediate_values[epoch] for trial in trials if epoch in trial.intermediate_values]
                   for epoch in range(1, self.base.epochs))  # fmt: skip
        return tuple(statistics.median(column) for column in columns if column)


def require_optuna() -> None:
    """Raise :class:`MissingExtraError` where it is not installed."""
    if importlib.util.find_spec("optuna") is None:
        raise MissingExtraError(
            'a search for better settings needs Optuna, which is not installed; install it with: pip install "convscope[study]"'
        )


def search_seed(seeds: Sequence[int]) -> int:
    """The smallest that is none of ``seeds``, beginning after the largest."""
    return (max(seeds) + 1) % 2**32


def _open_study(name: str, journal: Path) -> optuna.Study:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    with _quiet():
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(journal)))
        return optuna.create_study(storage=storage, study_name=name, direction="minimize", load_if_exists=True)


def _propose(trial: optuna.trial.Trial, base: TrainConfig) -> TrainConfig:
    """A point of the space, which a few settings of the recipe span."""
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
    """The recipe's own place in the space."""
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
    limits = {name: min(share * value, 0.99 * LIMITS[name]) for name, value in asdict(base.augmentation).items()}
    return replace(base, **values, beta_2=beta_2, augmentation=Augmentation(**limits))


def _with_validation_images(config: TrainConfig) -> TrainConfig:
    """A recipe that validates on the test split chooses nothing by it; a search would."""
    return replace(config, validation="held-out")


def _around(limits: tuple[float, float], own: float) -> tuple[float, float]:
    """``limits``, but so wide that the recipe's ``own`` value is within; one that is 0 cannot be on a logarithmic scale."""
    return (min(limits[0], own) if own else limits[0], max(limits[1], own))


def _trial_seed(seed: int, number: int) -> int:
    return (seed * 100_003 + number) % 2**32


def _state(name: str) -> optuna.trial.TrialState:
    import optuna

    return optuna.trial.TrialState[name]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's log lines, and its warnings of what is experimental in it."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(level)
