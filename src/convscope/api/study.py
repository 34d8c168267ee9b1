"""``study``: many trainings, with the statistics of their results."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..data.dataset import Data, Dataset
from ..data.load import load_dataset
from ..data.read_options import DEFAULTS, ReadOptions
from ..errors import ConfigError, option
from ..formatting import count_of, shorten_list
from ..models.custom import Build
from ..page.study import render_study
from ..runs import lock
from ..runs.request import first_difference
from ..runs.seed_votes import REQUEST, RESULTS, RUNS, VOTES, Votes, read_study_request, save_votes
from ..studies import folds as cross_validation
from ..studies.comparisons import PairedComparison
from ..studies.executors.open import check_workers, open_workers
from ..studies.folds import FoldResults, FoldRow, make_fold_results
from ..studies.hyperparameter_search import JOURNAL, require_optuna
from ..studies.outcomes import as_json, refuse_mixed_networks, refuse_other_content
from ..studies.plan import ALL, SCHEMA_VERSION, StudyPlan, check_names, make_plan
from ..studies.results import Row, StudyResults, make_results, to_csv, to_json
from ..studies.scheduler import run_tasks
from ..studies.tasks import StudyListener, StudyTasks
from ..system.arguments import checked
from ..system.files import write_json, write_text
from ..system.hardware import describe_machine, package_versions
from ..system.table import Tabular
from ..training.config import TrainConfig
from ..training.engines import check_engine
from ..types import Balance, PathLike, RecipeName
from .study_worker import RUN_FUNCTIONS

TABLE, PAGE = "study.csv", "study.html"

KNOWN = frozenset({RUNS, REQUEST, RESULTS, TABLE, PAGE, VOTES, JOURNAL, f"{JOURNAL}.lock"})

EXTENSIBLE = {"models": "models", "recipes": "recipes", "sizes": "training-set sizes", "seeds": "seeds"}
"""Keys of the request that may gain entries later, and what messages call them."""
DECIDING = ("dataset", "recipes", "search", "folds", "threads_per_run")
"""Keys of the request that must stay the same; of the recipes, those that the study has already."""
KEPT = ("schema_version", "created", "versions", "machine")
"""Keys that tell how a study began, whatever is added to it."""


@dataclass(frozen=True, eq=False)
class Study(Tabular):
    """A finished study: its folder and its results."""

    folder: Path
    results: StudyResults | FoldResults
    """A :class:`FoldResults` of a cross-validation."""

    @property
    def page(self) -> Path:
        """The page; a cross-validation writes none."""
        return self.folder / PAGE

    @property
    def table(self) -> tuple[Row, ...] | tuple[FoldRow, ...]:
        """A row per configuration, the most accurate first."""
        return self.results.table

    @property
    def comparisons(self) -> tuple[PairedComparison, ...]:
        return self.results.comparisons

    @property
    def votes(self) -> Mapping[str, Votes]:
        """The predictions of the seeds of each configuration for every test image; nothing of a cross-validation."""
        return {} if isinstance(self.results, FoldResults) else self.results.votes

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one row per configuration."""
        names = ("name", "n", "mean", "sd", "lowest", "highest", "loss", "together", "train_seconds")
        return [{name: getattr(row, name) for name in names if hasattr(row, name)} for row in self.table]

    def __repr__(self) -> str:
        folds = f", {self.results.folds} folds" if isinstance(self.results, FoldResults) else ""
        what = f"{count_of(len(self.table), 'configuration')}, {count_of(len(self.results.seeds), 'seed')}{folds}"
        return f"Study({str(self.folder)!r}, {what})"


@checked
def study(
    data: Data,
    *,
    models: Sequence[str | Build] = ("cnn", "ann"),
    recipes: Sequence[RecipeName | TrainConfig] = ("standard",),
    seeds: int | Sequence[int] | None = None,
    sizes: Sequence[int | str] | None = None,
    folds: int | None = None,
    epochs: int | None = None,
    balance: Balance | None = None,
    search: int | None = None,
    workers: int | str | None = None,
    time_limit: float | None = None,
    out: PathLike | None = None,
    reading: ReadOptions = DEFAULTS,
    progress: StudyListener | None = None,
) -> Study:
    """Train every combination of ``models``, ``recipes``, ``sizes`` and ``seeds``, and test which differences are significant.

    Finished runs of the same study in ``out`` are kept, so repeating the call continues a stopped study, and a call with more
    models, recipes, sizes or seeds trains only what is missing.

    Args:
        data: A dataset, its name or its path, as for :func:`convscope.train`.
        models: Names, files or functions, as for :func:`convscope.train`.
        recipes: Names or configurations, as for :func:`convscope.train`.
        seeds: The number of seeds, from 0, or a list of them. 10 by default; 1 with ``folds``, where each seed divides the images
            anew.
        sizes: Numbers of training images, and ``"all"``; several give learning curves. All images by default.
        folds: The number of folds of a stratified cross-validation over the training split, from 2 to the size of the smallest
            class: each is predicted by a network trained on the others, and the test split is not used.
        epochs: The number of epochs, instead of the recipes'.
        balance: What to do about uneven classes, as for :func:`convscope.train`.
        search: The number of trials of a hyperparameter search for each configuration, on validation images only; better
            settings are then trained with every seed like the others.
        workers: The number of processes on this machine, by default one per core, or ``"dask:ADDRESS"``.
        time_limit: Seconds after which a run or trial counts as hanging: its worker is ended, and the others continue. No limit
            by default.
        out: The study's folder, by default ``runs/study-DATA``.
        reading: How the data are read.
        progress: Called with a :class:`StudyProgress` after each run and trial.

    Raises:
        ConvscopeError: An argument is invalid, which is checked before any work starts, or a run fails.

    >>> convscope.study("mnist", models=["cnn", "ann"], seeds=10).table
    """
    check_workers(workers, time_limit)
    if search is not None:
        require_optuna()
    check_names(models, recipes)
    dataset = load_dataset(data, reading)
    plan = make_plan(
        dataset, models=models, recipes=recipes, epochs=epochs, balance=balance, seeds=seeds, sizes=sizes, search=search,
        folds=folds,
    )  # fmt: skip
    check_engine("auto")
    folder = Path(out) if out is not None else Path("runs", f"study-{dataset.name}")
    with lock.locked(folder, new=True):
        request = _begin(folder, plan, dataset)
        work = StudyTasks(plan, dataset, folder / RUNS, folder / JOURNAL, progress)
        if tasks := work.tasks():
            _refuse_other_versions(folder)
        write_json(folder / REQUEST, request)  # only now, since a run or a version may have been refused
        if tasks:
            with open_workers(workers, dataset, work.left, RUN_FUNCTIONS, time_limit) as at_work:
                run_tasks(tasks, at_work, work.remark)
        outcomes = [work.outcome(spec) for spec in plan.run_specs(work.configurations)]
        refuse_mixed_networks(outcomes)
        results: StudyResults | FoldResults
        if folds is None:
            results = make_results(plan, dataset, outcomes, [search.best()[0] for search in work.searches])
        else:
            results = make_fold_results(plan, dataset, outcomes)
        _write(results, dataset, folder)
    return Study(folder, results)


def _begin(folder: Path, plan: StudyPlan, dataset: Dataset) -> dict[str, Any]:
    """Return the request, written if the folder is new. Raises :class:`ConfigError` for a different study in the folder."""
    refuse_other_content(folder, KNOWN if (folder / REQUEST).is_file() else frozenset())
    request: dict[str, Any] = as_json(
        {
            "schema_version": SCHEMA_VERSION,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "dataset": {
                "name": dataset.name,
                "source": dataset.provenance.source,
                "reading": dataset.provenance.reading.as_dict(),
                "fingerprint": dataset.fingerprint,
            },
            **plan.request(),
            "versions": package_versions(),
            "machine": describe_machine(),
        }
    )
    if not (folder / REQUEST).is_file():
        write_json(folder / REQUEST, request)
        return request
    begun = read_study_request(folder)
    _refuse_other_study(folder, begun, request, plan)
    return {**request, **{name: begun[name] for name in KEPT if name in begun}}


def _refuse_other_study(folder: Path, begun: Mapping[str, Any], request: Mapping[str, Any], plan: StudyPlan) -> None:
    for name, what in EXTENSIBLE.items():
        if missing := [str(each) for each in begun.get(name, []) if each not in request[name]]:
            raise ConfigError(
                f"{str(folder)!r} holds a study that also has the {what} {shorten_list(missing, 10)}. Ask for them too, since a "
                f"study may grow but not shrink, or choose another folder with {option('out', 'DIR')}."
            )
    # The request has the settings for the largest size, which may have grown.
    recipes = as_json(plan.recipes_at((begun["sizes"] or [ALL])[-1]))
    request = {**request, "recipes": {name: recipes[name] for name in begun["recipes"]}}
    # A search trains with a seed that is not in the study, and with the settings for the largest size.
    for name in (*DECIDING, *(("sizes", "seeds") if plan.search else ())):
        if begun.get(name) != request[name]:
            which, before, now = first_difference(name, begun.get(name), request[name])
            raise ConfigError(
                f"{str(folder)!r} holds a study with other {which}: {_short(before)} instead of {_short(now)}. "
                f"Repeat the same study, or choose another folder with {option('out', 'DIR')}."
            )


def _refuse_other_versions(folder: Path) -> None:
    begun, now = read_study_request(folder)["versions"], package_versions()
    differing = sorted(name for name in {*begun, *now} if begun.get(name) != now.get(name))
    if differing:
        name = differing[0]
        raise ConfigError(
            f"the study in {str(folder)!r} began with {name} {begun.get(name)}, but {now.get(name)} is installed, and all runs "
            f"need the same. Install that version, or choose another folder with {option('out', 'DIR')}."
        )


def _write(results: StudyResults | FoldResults, dataset: Dataset, folder: Path) -> None:
    if isinstance(results, FoldResults):
        write_text(folder / TABLE, to_csv(results))
        write_json(folder / RESULTS, cross_validation.to_json(results))
        return
    known = to_json(results)
    (folder / RESULTS).unlink(missing_ok=True)  # if this process is killed, old results must not stand beside new votes
    write_text(folder / TABLE, to_csv(results))
    save_votes(results.votes, folder)
    write_json(folder / RESULTS, known)
    images = {each.index: dataset.test.images[each.index] for each in results.hard_images}
    write_text(folder / PAGE, render_study(known, read_study_request(folder), images))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:120]}…"
