"""A run in Python: what ``train`` returns and ``load_run`` loads from a run folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analysis.baseline import Baseline
from ..analysis.evaluation import Evaluation
from ..analysis.findings.find import find
from ..analysis.findings.finding import Finding
from ..analysis.label_audit.suspects import LabelAudit
from ..analysis.training_summary import training_length
from ..analysis.uncertainty.uncertainty import Uncertainty, uncertainty_from_metrics
from ..data.dataset import Data, Dataset
from ..data.load import reload_dataset
from ..errors import ConfigError, RunError, spelled
from ..models.saving import load_model
from ..page.own_page import is_own_page
from ..prediction.classifier import remember_model
from ..runs import opening, run_folder, store
from ..runs.files import KERAS_MODEL, REPORT
from ..runs.label_suspects import load_audit
from ..runs.record import RunRecord
from ..system.arguments import checked
from ..system.dataclass_json import from_json
from ..training.history import History
from ..types import PathLike
from .notebook import Figures, PageFrame, show_page

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class Run:
    """A complete run: its folder, its ``keras.Model`` and its measurements.

    A loaded run reads its model and its dataset on first use. Only the model needs a back-end. What a run reads from its folder
    is of this run: a RunError says so once another one has taken its place.
    """

    folder: Path
    """The run folder."""
    record: RunRecord
    """The contents of the run folder."""
    held_model: keras.Model | None = None
    """The model, if it was trained in this process."""
    held_dataset: Dataset | None = None
    """The dataset, if it was loaded in this process."""

    @cached_property
    def model(self) -> keras.Model:
        """The trained network, compiled; a loaded run reads it from its folder.

        Raises:
            RunError: The model file is damaged.
            MissingBackendError: Keras has no back-end to load the model with.
        """
        if (model := self.held_model) is None:
            with self._reading(KERAS_MODEL) as folder:
                model = load_model(folder / KERAS_MODEL)
        if not model.compiled:  # so that evaluate and fit work, with the usual optimizer
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        remember_model(model, replace(self, folder=self.folder.absolute(), held_model=None, held_dataset=None))
        return model

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset; a loaded run reads it again from where it was.

        Raises:
            DatasetError: The data cannot be found any more.
        """
        return reload_dataset(self.record.request["dataset"]) if self.held_dataset is None else self.held_dataset

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled and copied: all but figures and a model from the disk, which cannot be and are made anew."""
        return {name: value for name, value in vars(self).items() if name not in ("figures", "model")}

    @property
    def stopped_early(self) -> bool:
        """Whether Ctrl-C ended the training before its last epoch."""
        return bool(self.record.request["stopped_early"])

    @property
    def history(self) -> History:
        """Loss, accuracy and learning rate of every epoch."""
        return self.record.history

    @property
    def evaluation(self) -> Evaluation:
        """The result on the test split, measured after the training."""
        return self.record.evaluation

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The current content of ``metrics.json``, to which ``audit`` and ``examine`` add."""
        return store.refuse_other_run(self.record, self.folder)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Sentences about the results with their evidence, the most important first."""
        return find(self.metrics, model_name=self.record.request["model"])

    @cached_property
    def uncertainty(self) -> Uncertainty | None:
        """Calibration and selective prediction of the network; None if they were not measured."""
        return uncertainty_from_metrics(self.record.metrics, self.evaluation)

    @cached_property
    def baseline(self) -> Baseline | None:
        """The baseline and its comparison with the network; None if none was trained."""
        numbers = self.record.metrics.get("baseline")
        return None if numbers is None else from_json(Baseline, numbers)

    @property
    def label_audit(self) -> LabelAudit | None:
        """The last label audit of the run; None before the first one."""
        with self._reading() as folder:
            return load_audit(replace(self.record, metrics=self.metrics), folder)

    @cached_property
    def figures(self) -> Figures:
        """Every figure of the run by name, drawn on first use, which takes 2 s.

        A notebook displays all of them, or the one that is the last expression of a cell.
        """
        from ..figures.gallery import illustrate  # imports matplotlib, which only drawing needs

        return Figures({illustration.name: illustration for illustration in illustrate(self.record)})

    @property
    def page(self) -> Path:
        """The page of the run.

        Raises:
            RunError: The run has no page, because it was trained without a report, or none that this version wrote: its
                scripts may be anybody's.
        """
        with self._reading() as folder:
            return _own_page(folder)

    @checked
    def show(self, height: int = 800) -> PageFrame | None:
        """Show the page: in a notebook in a frame ``height`` pixels high, elsewhere in a browser.

        Raises:
            OutputError: No browser could be started.
        """
        if height < 1:
            raise ConfigError(f"height must be at least 1 pixel; got {height!r}.")
        with self._reading() as folder:
            return show_page(_own_page(folder), height)

    @contextlib.contextmanager
    def _reading(self, *names: str) -> Iterator[Path]:
        """Yield the folder to a block that reads ``names`` in it; RunError if it holds another run by then."""
        try:
            yield run_folder.verify(self.folder, only=names)
        finally:
            store.refuse_other_run(self.record, self.folder)

    def __fspath__(self) -> str:
        """Return the folder, so that a run can be passed wherever a path is accepted; RunError if it holds another run."""
        if run_folder.is_run(self.folder):
            store.refuse_other_run(self.record, self.folder)
        return str(self.folder)

    def _repr_html_(self) -> str:
        length = training_length(self.record.request, self.record.metrics)
        going_on = " To go on, train again with resume=True." if self.stopped_early else ""
        return f"<p><b>{escape(str(self.folder))}</b></p><p>{escape(length + going_on)}</p>{self.evaluation._repr_html_()}"

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}, {self.evaluation!r})"


@checked
def load_run(folder: PathLike, *, data: Data | None = None) -> Run:
    """Load a complete run from its folder; a back-end is needed only for ``Run.model``.

    Args:
        folder: The run folder.
        data: Where the data of the run are now, if they were moved, or the arrays themselves. They are read at once.

    Returns:
        The run as :func:`convscope.train` returned it.

    Raises:
        RunError: The folder holds no complete run, or a file of the run is damaged.
        DatasetError: ``data`` are not those that the run was trained on.

    >>> convscope.load_run("runs/mnist-cnn-standard-0").uncertainty.temperature
    """
    path = run_folder.verify(folder)
    record = store.load_record(path)
    return Run(Path(folder), record, held_dataset=None if data is None else reload_dataset(record.request["dataset"], data))


def _own_page(folder: Path) -> Path:
    path, remedy = folder / REPORT, spelled("convscope report RUN", "convscope.report(run)")
    if not path.is_file():
        raise RunError(f"the run {str(folder)!r} has no page. Write it with {remedy}.")
    if not is_own_page(opening.read_bytes(path)):
        raise RunError(
            f"the page of the run {str(folder)!r} is of another version, or was changed, so it is not opened. "
            f"Write it anew with {remedy}."
        )
    return path


def dataset_in_memory(run: PathLike | Run) -> Dataset | None:
    """Return the dataset of a run if it was loaded in this process."""
    return run.held_dataset if isinstance(run, Run) else None
