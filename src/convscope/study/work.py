"""What is left to do of a study: runs that are not complete, and trials of its searches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from ..data.dataset import Dataset
from .outcomes import Outcome, is_complete, read_outcome
from .plan import Cell, Configuration, StudyPlan, searched
from .running import Task
from .search import Search, search_seed
from .workers import Workers
from .working import Trial, run_trial


@dataclass(frozen=True)
class StudyProgress:
    """How far a study is."""

    done: int
    """Runs and trials, those included that were there before."""
    total: int
    """As far as is known: what a search finds is trained too, unless it finds nothing."""
    name: str = ""
    """What was done last, if anything."""
    accuracy: float | None = None
    """Of that run on the test split; of that trial on validation images."""
    remark: str = ""
    """Something that the user should know."""


StudyListener: TypeAlias = Callable[[StudyProgress], None]


class Work:
    """The tasks of a study, and what came of them. ``folder``: where its run folders are."""

    def __init__(
        self, plan: StudyPlan, dataset: Dataset, folder: Path, journal: Path, listener: StudyListener | None
    ) -> None:
        self.plan, self.dataset, self.folder, self._listener = plan, dataset, folder, listener
        seed = search_seed(plan.seeds)
        self.searches = [Search(each, plan.search, seed, journal) for each in plan.configurations] if plan.search else []
        self._outcomes: dict[str, Outcome] = {}
        per_configuration = len(plan.sizes) * len(plan.seeds)
        trials = sum(search.trials for search in self.searches)
        self._total = trials + per_configuration * (len(plan.configurations) + len(self.searches))
        self._done = 0

    def tasks(self) -> list[Task]:
        """What can be begun now; the rest follows from it. Reads what is there already."""
        found: list[Task] = []
        for search in self.searches:
            self._done += min(len(search.finished), search.trials)
            found += self._after_trials(search)
        found += self._runs(self.plan.configurations)
        self._tell()
        return found

    @property
    def configurations(self) -> tuple[Configuration, ...]:
        """All, once the searches are over: those of the plan, and what was found."""
        found = [self._found(search) for search in self.searches]
        return (*self.plan.configurations, *(each for each in found if each is not None))

    def outcome(self, cell: Cell) -> Outcome:
        """The measured run of ``cell``; its folder is read once."""
        name = cell.run_name(self.dataset.name)
        if name not in self._outcomes:
            self._outcomes[name] = read_outcome(cell, self.folder / name, self.dataset.class_names)
        return self._outcomes[name]

    @property
    def left(self) -> int:
        """Runs and trials that are not done, at most."""
        return self._total - self._done

    def remark(self, text: str) -> None:
        """Tell the listener."""
        self._tell(remark=text)

    def _runs(self, configurations: Iterable[Configuration]) -> Iterator[Task]:
        """Those of ``configurations`` that are not complete; those that are must be what was asked for."""
        for cell in self.plan.cells(configurations):
            name = cell.run_name(self.dataset.name)
            folder = self.folder / name
            if is_complete(folder):
                self.outcome(cell)
                self._done += 1
            else:
                yield Task(name, partial(_start_run, cell, folder), partial(self._end_run, cell, folder))

    def _end_run(self, cell: Cell, folder: Path, workers: Workers, result: Any) -> list[Task]:
        workers.keep_run(result, folder)
        self._done += 1
        self._tell(folder.name, self.outcome(cell).accuracy)
        return []

    def _after_trials(self, search: Search) -> list[Task]:
        """The next trial, or, after the last, the runs with what was found."""
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

    def _end_trial(self, search: Search, name: str, _: Workers, trial: Trial) -> list[Task]:
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


def _start_run(cell: Cell, folder: Path, workers: Workers) -> Any:
    return workers.start_run(cell, folder)
