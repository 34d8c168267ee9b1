"""The tasks of a study: incomplete runs, and trials of its searches."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from ..data.dataset import Dataset
from ..runs.files import MANIFEST
from .executors.base import Executor
from .hyperparameter_search import Search, Trial, run_trial, search_seed
from .outcomes import Outcome, read_outcome, refuse_changed_networks, refuse_mixed_networks
from .plan import Configuration, RunSpec, StudyPlan, searched
from .scheduler import Task


@dataclass(frozen=True)
class StudyProgress:
    """Progress of a study."""

    done: int
    """Finished runs and trials, including those of earlier calls."""
    total: int
    """An upper bound while searches run: better settings, if found, are trained too."""
    name: str = ""
    """The run or trial that finished last; empty if none has."""
    accuracy: float | None = None
    """Test accuracy of that run, or validation accuracy of that trial."""
    remark: str = ""
    """A sentence for the user; empty for plain progress."""


StudyListener: TypeAlias = Callable[[StudyProgress], None]


class StudyTasks:
    """The tasks of a study and their outcomes; ``folder`` contains the run folders."""

    def __init__(
        self, plan: StudyPlan, dataset: Dataset, folder: Path, journal: Path, listener: StudyListener | None
    ) -> None:
        self.plan, self.dataset, self.folder, self._listener = plan, dataset, folder, listener
        seed = search_seed(plan.seeds)
        self.searches = [Search(each, plan.search, seed, journal) for each in plan.configurations] if plan.search else []
        self._outcomes: dict[str, Outcome] = {}
        per_configuration = len(plan.sizes) * len(plan.seeds) * (plan.folds or 1)
        trials = sum(search.trials for search in self.searches)
        self._total = trials + per_configuration * (len(plan.configurations) + len(self.searches))
        self._done = 0

    def tasks(self) -> list[Task]:
        """Read what is already done, and return the tasks that can start now."""
        found: list[Task] = []
        for search in self.searches:
            self._done += min(len(search.finished), search.trials)
            found += self._after_trials(search)
        found += self._runs(self.plan.configurations)
        self._tell()
        if found and (own := refuse_mixed_networks(self._outcomes.values())):
            # A worker builds them, since Keras would keep much of the memory, of a GPU all, in this process.
            check = (refuse_changed_networks, own)
            return [Task("the check of the networks", lambda workers: workers.start(*check), lambda *_: found)]
        return found

    @property
    def configurations(self) -> tuple[Configuration, ...]:
        """The configurations of the plan and, after the searches, those found by them."""
        found = [self._found(search) for search in self.searches]
        return (*self.plan.configurations, *(each for each in found if each is not None))

    def outcome(self, spec: RunSpec) -> Outcome:
        """Return the measured run of ``spec``; its folder is read once."""
        name = spec.run_name(self.dataset.name)
        if name not in self._outcomes:
            self._outcomes[name] = read_outcome(spec, self.folder / name, self.dataset)
        return self._outcomes[name]

    @property
    def left(self) -> int:
        """Upper bound of the runs and trials that are not done."""
        return self._total - self._done

    def remark(self, text: str) -> None:
        self._tell(remark=text)

    def _runs(self, configurations: Iterable[Configuration]) -> Iterator[Task]:
        """Yield a task for every incomplete run; check that complete ones are as planned."""
        for spec in self.plan.run_specs(configurations):
            name = spec.run_name(self.dataset.name)
            folder = self.folder / name
            if (folder / MANIFEST).is_file():  # a run writes it last
                self.outcome(spec)
                self._done += 1
            else:
                yield Task(name, partial(_start_run, spec, folder), partial(self._end_run, spec, folder))

    def _end_run(self, spec: RunSpec, folder: Path, workers: Executor, result: Any) -> list[Task]:
        workers.keep_run(result, folder)
        self._done += 1
        self._tell(folder.name, self.outcome(spec).accuracy)
        return []

    def _after_trials(self, search: Search) -> list[Task]:
        """Return the next trial or, after the last one, the runs with the settings found."""
        if len(search.finished) >= search.trials:
            configuration = self._found(search)
            if configuration is None:
                self._total -= len(self.plan.sizes) * len(self.plan.seeds)
                return []
            return list(self._runs([configuration]))
        config, bounds = search.ask()
        arguments = (run_trial, search.configuration, config, search.seed, bounds)
        name = f"{search.configuration.name}, trial {len(search.finished) + 1} of {search.trials}"
        return [Task(name, lambda workers: workers.start(*arguments), partial(self._end_trial, search, name))]

    def _end_trial(self, search: Search, name: str, _: Executor, trial: Trial) -> list[Task]:
        search.tell(trial)
        self._done += 1
        self._tell(name, trial.accuracies[-1])
        return self._after_trials(search)

    def _found(self, search: Search) -> Configuration | None:
        found, config = search.best()
        return searched(search.configuration, config) if found.setting else None

    def _tell(self, name: str = "", accuracy: float | None = None, *, remark: str = "") -> None:
        if self._listener:
            self._listener(StudyProgress(self._done, self._total, name, accuracy, remark))


def _start_run(spec: RunSpec, folder: Path, workers: Executor) -> Any:
    return workers.start_run(spec, folder)
