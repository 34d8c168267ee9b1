"""A finished training in Python: what ``train`` returns, and what its folder gives back at any time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import archive, runs
from .analysis.evaluation import Evaluation
from .analysis.record import RunRecord
from .data.again import same_dataset
from .data.dataset import Dataset
from .migrations import upgrade_metrics
from .training.history import History
from .types import PathLike

if TYPE_CHECKING:
    import keras

    from .analysis.baseline import Baseline
    from .analysis.doubt import Uncertainty
    from .analysis.findings import Finding
    from .analysis.label_audit import LabelAudit
    from .figures.illustration import Illustration

MODEL = "model.keras"


@dataclass(frozen=True, eq=False)
class Run:
    """A finished training: the folder it is in, the plain ``keras.Model``, and what was measured.

    A run that was loaded reads its model and its dataset when they are first asked for; nothing else of it needs a back-end.
    """

    folder: Path
    record: RunRecord
    held_model: keras.Model | None = None
    """The model, where it was trained in this process."""
    held_dataset: Dataset | None = None
    """The dataset, where it was read in this process."""

    @cached_property
    def model(self) -> keras.Model:
        """Of a run that was loaded, read from its folder, for which the back-end must be there. Raises :class:`RunError` for a
        damaged file, and :class:`MissingBackendError`."""
        from .models.saving import load_model

        return load_model(self.folder / MODEL) if self.held_model is None else self.held_model

    @cached_property
    def dataset(self) -> Dataset:
        """Of a run that was loaded, read again. Raises :class:`DatasetError` where the data are not there any more."""
        return same_dataset(self.record.request["dataset"]) if self.held_dataset is None else self.held_dataset

    @property
    def stopped_early(self) -> bool:
        """Whether Ctrl-C ended the training before its last epoch."""
        return bool(self.record.request["stopped_early"])

    @property
    def history(self) -> History:
        return self.record.history

    @property
    def evaluation(self) -> Evaluation:
        """Of the test split, after the training."""
        return self.record.evaluation

    @property
    def metrics(self) -> Mapping[str, Any]:
        """``metrics.json`` as it is now: verbs as ``audit`` and ``examine`` add to it."""
        numbers: Mapping[str, Any] = upgrade_metrics(runs.read_json(self.folder / archive.METRICS))
        return numbers

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the run shows, in sentences with their evidence, the most important first."""
        from .analysis.findings import find

        return find(self.metrics, model_name=self.record.request["model"])

    @cached_property
    def uncertainty(self) -> Uncertainty | None:
        """How far the network's probabilities can be believed, and what leaving aside the unsure ones buys; ``None`` where it was
        not measured."""
        from .analysis.doubt import uncertainty_from_metrics

        return uncertainty_from_metrics(self.record.metrics, self.evaluation)

    @property
    def doubt(self) -> Uncertainty | None:
        """The same as :attr:`uncertainty`, under its former name."""
        return self.uncertainty

    @cached_property
    def baseline(self) -> Baseline | None:
        """The network beside; ``None`` where none was trained."""
        from .analysis.baseline import Baseline
        from .dataclass_json import from_json

        numbers = self.record.metrics.get("baseline")
        return None if numbers is None else from_json(Baseline, numbers)

    @property
    def label_audit(self) -> LabelAudit | None:
        """The last label audit of the run; ``None`` before the first."""
        from .suspects_file import load_audit

        return load_audit(replace(self.record, metrics=self.metrics), self.folder)

    @cached_property
    def figures(self) -> Mapping[str, Illustration]:
        """Every figure of the run by name, drawn when first asked for (two seconds); in a notebook each shows itself."""
        from .figures.gallery import illustrate

        return {illustration.name: illustration for illustration in illustrate(self.record)}

    def __fspath__(self) -> str:
        """A run stands for its folder wherever a path is taken."""
        return str(self.folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}, {self.evaluation!r})"


def load_run(folder: PathLike) -> Run:
    """What :func:`convscope.train` returned, from the run's folder: without training, and without a back-end until ``model`` is
    asked for.

    Raises :class:`RunError` for a folder that holds no finished run, or a damaged one.

    >>> convscope.load_run("runs/mnist-cnn-standard-0").uncertainty.temperature
    """
    path = runs.verify(folder)
    return Run(path, archive.load_record(path))
