"""The baseline: a simpler network trained on the same images, and its comparison with the network under study."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..models.summary import layer_table
from ..training.loop import Training
from .evaluation import Evaluation
from .statistics.paired import PairedCounts
from .statistics.proportions import Interval


@dataclass(frozen=True)
class Baseline:
    """A second network, trained on the same images and measured on the same test split; ``metrics.json`` has it so."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("error_ratio", "difference", "difference_interval", "p")

    model_name: str
    num_parameters: int
    multiply_adds: int
    accuracy: float
    interval: Interval
    """Wilson 95%."""
    errors: int
    n: int
    epochs: int
    train_seconds: float
    both_wrong: int
    """Test images that both networks misclassify."""
    only_baseline_wrong: int
    only_model_wrong: int
    same_settings: bool = False
    """Whether it was trained with the settings of the network under study; it was not in earlier versions."""

    @property
    def error_ratio(self) -> float | None:
        """Errors of the network under study per error of the baseline; None if the baseline makes none."""
        own = self.both_wrong + self.only_model_wrong
        return own / self.errors if self.errors else None

    @property
    def pairing(self) -> PairedCounts:
        """The two networks, image by image; the first is the one under study."""
        return pairing_of(vars(self))

    @property
    def difference(self) -> float:
        """Accuracy of the network under study minus that of the baseline, −1..1."""
        return self.pairing.difference

    @property
    def difference_interval(self) -> Interval:
        """95% interval, for pairs."""
        return self.pairing.interval

    @property
    def p(self) -> float:
        """McNemar's test, mid-p."""
        return self.pairing.p


def noun(model: str) -> str:
    """Return how the page calls a baseline: the one without convolutions is the plain network."""
    return "plain network" if model == "ann" else model.upper()


def pairing_of(baseline: Mapping[str, Any]) -> PairedCounts:
    """Return the paired comparison from the section ``baseline`` of the metrics; the first is the network under study."""
    both, model, other = (baseline[name] for name in ("both_wrong", "only_model_wrong", "only_baseline_wrong"))
    return PairedCounts(baseline["n"] - both - model - other, other, model, both)


def compare_with_baseline(name: str, training: Training, baseline: Evaluation, evaluation: Evaluation) -> Baseline:
    """Return the baseline ``name``, of this ``training``, from two evaluations of the same images."""
    wrong, baseline_wrong = evaluation.predictions != evaluation.labels, baseline.predictions != baseline.labels
    return Baseline(
        name,
        training.network.num_parameters,
        layer_table(training.network).multiply_adds,
        baseline.accuracy,
        baseline.interval,
        baseline.errors,
        len(baseline),
        len(training.history),
        training.seconds,
        both_wrong=int((wrong & baseline_wrong).sum()),
        only_baseline_wrong=int((~wrong & baseline_wrong).sum()),
        only_model_wrong=int((wrong & ~baseline_wrong).sum()),
        same_settings=True,
    )
