"""All settings of a training, in one frozen dataclass."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Literal, Self

from ..errors import ConfigError, spelled, unknown_name
from ..system.arguments import check_kinds
from ..types import Balance
from .augmentation import Augmentation, parse_augmentation
from .settings import Setting, Within, check_settings, settings_of

MIN_BATCH = 8
"""Smallest batch for which batch statistics are usable."""
FINAL_AUGMENTATION = 0.3
"""Augmentation in the last epochs, as a share of the full one."""
MAX_CYCLES = 10
NEEDS = {
    "weight_decay": ("optimizer", "adamw"),
    "warm_up": ("schedule", "one-cycle"),
    "validation_fraction": ("validation", "held-out"),
    "max_validation_images": ("validation", "held-out"),
    "max_cycles": ("validation", "held-out"),
}
"""Settings that have an effect only with a value of another one."""
Count = Annotated[int, Within("a whole number of at least 1", lambda value: value >= 1)]
Share = Annotated[float, Within("at least 0 and less than 1", lambda value: 0 <= value < 1)]


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training; vary a recipe with ``dataclasses.replace``. ConfigError if one is out of range."""

    recipe: str
    """The name of the recipe, which the run folder and its files show."""
    epochs: Count
    batch_size: Count
    """Images per step. Small training sets use smaller batches; see ``shrink_batches``."""
    min_steps_per_epoch: Annotated[int, Within("a whole number from 1 to 10,000", lambda value: 1 <= value <= 10_000)]
    """The minimum number of steps per epoch. Batches shrink to reach it, down to :data:`MIN_BATCH` images; with even
    fewer training images, an epoch passes over them several times."""
    drop_remainder: bool
    """Whether an epoch omits the images left over after its last full batch, so that all steps have one size. Each epoch
    shuffles anew, so it omits others."""
    optimizer: Literal["adam", "adamw"]
    learning_rate: Annotated[float, Within("more than 0", lambda value: value > 0)]
    """The learning rate, or the peak of a one-cycle schedule."""
    beta_1: Share
    """Decay rate of the gradients' first moment."""
    beta_2: Share
    """Decay rate of the gradients' second moment."""
    weight_decay: Annotated[float, Within("at least 0", lambda value: value >= 0)]
    """Decoupled weight decay, for ``adamw`` only (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019)."""
    label_smoothing: Share
    """Share of the target that is spread evenly over all classes (Szegedy et al., 2016)."""
    batch_normalization: bool
    """Whether hidden dense layers get batch normalisation during training. It is folded into their weights at the end, so
    the trained network has none (:mod:`convscope.training.foldable_batch_norm`)."""
    schedule: Literal["constant", "one-cycle"]
    """How the learning rate changes over the steps."""
    warm_up: Share
    """Share of the steps in which a one-cycle schedule rises to its peak; in the rest it falls to 0."""
    validation: Literal["held-out", "test"]
    """``held-out``: a stratified part of the training split. ``test``: the test split, as in the original notebook."""
    validation_fraction: Annotated[float, Within("more than 0 and less than 1", lambda value: 0 < value < 1)]
    """Share of the training split that is held out for validation."""
    max_validation_images: Count
    """The maximum number of images to hold out; beyond a few thousand, an image is worth more in the training."""
    augmentation: Augmentation
    final_epochs_less_augmented: Annotated[int, Within("a whole number of at least 0", lambda value: value >= 0)]
    """The number of last epochs with augmentation reduced to 30%, so that the training ends on nearly unchanged images."""
    balance: Balance = "none"
    """What is done about uneven classes. ``prior``: class frequencies are subtracted from the logits after the training.
    ``weights``: the loss is weighted by inverse class frequency (:mod:`convscope.training.class_balance`)."""
    shrink_batches: bool = True
    """Whether batches shrink to reach ``min_steps_per_epoch``. Otherwise an epoch passes over the images several times, in
    batches of at most the whole set."""
    max_cycles: Annotated[int, Within("a whole number from 1 to 10", lambda value: 1 <= value <= MAX_CYCLES)] = 1
    """The maximum number of cycles: after ``epochs``, the training goes on for twice as many, and so on, as long as that improves
    the validation accuracy (:mod:`convscope.training.schedule`)."""
    time: Annotated[float, Within("at least 0", lambda value: value >= 0)] = 0.0
    """Seconds after which the training ends, with a learning rate that has fallen to 0; 0 sets no limit."""

    def __post_init__(self) -> None:
        check_settings(self)
        check_kinds(TrainConfig, vars(self))

    def validation_share(self, num_images: int) -> float:
        """Return the share of ``num_images`` training images to hold out for validation."""
        return validation_share(self.validation_fraction, self.max_validation_images, num_images)

    def with_epochs(self, epochs: int | None) -> Self:
        """Return the settings with another number of epochs; None keeps the number."""
        return self if epochs is None else self.with_settings({"epochs": epochs})

    def with_settings(self, changes: Mapping[str, Any]) -> Self:
        """Return the settings with other values of those that ``changes`` names, as listed in :data:`SETTINGS`.

        Another ``batch_size`` is used as it is, for small sets too, unless ``changes`` asks for ``shrink_batches``. With a
        ``time`` and without ``epochs``, the training may go on for :data:`MAX_CYCLES`. ConfigError if a name is unknown, a value
        is out of range, or it would have no effect.
        """
        values = {name: find_setting(name).checked(value) for name, value in changes.items()}
        if "batch_size" in values:
            values.setdefault("shrink_batches", False)
        if values.get("time") and "epochs" not in values and self.validation == "held-out":
            values.setdefault("max_cycles", MAX_CYCLES)
        of_images = {name: values.pop(name) for name in [*values] if name in settings_of(Augmentation)}
        changed = replace(self, **values, augmentation=replace(self.augmentation, **of_images))
        for name, (other, value) in NEEDS.items():
            if getattr(changed, name) not in (0, getattr(self, name)) and getattr(changed, other) != value:
                raise ConfigError(f"{name} has an effect only if {other} is {value}. Set both, or leave {name} out.")
        if values.get("batch_size") == 1 and changed.batch_normalization:
            raise ConfigError(
                "batch_size must be at least 2 for batch_normalization; got 1. Use larger batches, or turn that off with "
                f"{spelled('--set batch_normalization=false', 'batch_normalization=False')}."
            )
        return changed

    def with_augmentation(self, augment: str | Augmentation | None) -> Self:
        """Return the settings with other augmentation, which may be text for ``parse_augmentation``; None keeps it."""
        if augment is None:
            return self
        chosen = augment if isinstance(augment, Augmentation) else parse_augmentation(augment, self.augmentation)
        return replace(self, augmentation=chosen)

    def augmentation_in(self, epoch: int) -> Augmentation:
        """Return the augmentation in ``epoch``, counted from 0."""
        is_final = epoch >= sum(self.cycle_at(epoch)) - self.final_epochs_less_augmented
        return self.augmentation.times(FINAL_AUGMENTATION) if is_final else self.augmentation

    @property
    def most_epochs(self) -> int:
        """The number of epochs in all cycles."""
        return int(self.epochs * (2**self.max_cycles - 1))

    def cycle_at(self, epoch: int) -> tuple[int, int]:
        """Return the first epoch and the number of epochs of the cycle that ``epoch`` belongs to, both counted from 0."""
        first, length = 0, self.epochs
        while epoch >= first + length:
            first, length = first + length, 2 * length
        return first, length

    def batch_size_for(self, num_images: int) -> int:
        """Return the images per step, reduced if an epoch would have too few steps."""
        return max(1, min(self.batch_size, num_images * self.repeats_per_epoch(num_images) // self.min_steps_per_epoch))

    def repeats_per_epoch(self, num_images: int) -> int:
        """Return the passes per epoch: one, unless there are very few training images."""
        smallest = MIN_BATCH if self.shrink_batches else max(MIN_BATCH, num_images)
        needed = self.min_steps_per_epoch * min(self.batch_size, smallest) if self.min_steps_per_epoch > 1 else 0
        return max(1, -(-needed // max(num_images, 1)))

    def rate_at(self, step: float, total_steps: int) -> float:
        """Return the learning rate of ``step``, counted from 0.

        One cycle is a triangle: it rises from 0 to ``learning_rate`` over the share ``warm_up`` of the steps, then falls to 0.
        It follows L. N. Smith and N. Topin, "Super-convergence", 2018, without cycling the momentum.
        """
        if self.schedule == "constant":
            return self.learning_rate
        # The middle of the step, so that neither the first nor the last one has a rate of 0.
        progress = (step + 0.5) / total_steps
        rising = progress / self.warm_up if self.warm_up else 1.0
        falling = (1.0 - progress) / (1.0 - self.warm_up)
        return self.learning_rate * max(min(rising, falling), 0.0)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


SETTINGS: Mapping[str, Setting] = {**settings_of(TrainConfig), **settings_of(Augmentation)}
"""All settings that a recipe has a value for, by name; those of the augmentation stand on their own."""
KEYWORDS = ("epochs", "batch_size", "learning_rate", "flip", "time", "balance")
"""Settings with a keyword of :func:`convscope.train` and a flag of ``convscope train``."""


OTHER_NAMES = {
    "lr": "learning_rate", "bs": "batch_size", "b": "batch_size", "batch": "batch_size", "minibatch": "batch_size",
    "e": "epochs", "epoch": "epochs", "numepochs": "epochs", "nepochs": "epochs", "maxepochs": "epochs",
    "opt": "optimizer", "optim": "optimizer", "optimiser": "optimizer", "momentum": "beta_1", "wd": "weight_decay",
    "l2": "weight_decay", "bn": "batch_normalization", "batchnorm": "batch_normalization", "smoothing": "label_smoothing",
    "scheduler": "schedule", "lrschedule": "schedule", "lrscheduler": "schedule", "warmupsteps": "warm_up",
    "valsplit": "validation_fraction", "valfraction": "validation_fraction", "validationsplit": "validation_fraction",
    "rotate": "rotation", "zoom": "scaling", "scale": "scaling", "translate": "shift", "hflip": "flip",
    "horizontalflip": "flip", "horizontal": "flip", "mirror": "flip", "classweight": "balance", "classweights": "balance",
}  # fmt: skip
"""Settings by their folded names in other programs."""


def folded(name: str) -> str:
    """Return ``name`` without capitals, hyphens and underscores."""
    return name.casefold().replace("-", "").replace("_", "")


def find_other_name(name: str) -> str | None:
    """Return the setting that ``name`` means, however other programs call or spell it."""
    return {**OTHER_NAMES, **{folded(setting): setting for setting in SETTINGS}}.get(folded(name))


def find_setting(name: str) -> Setting:
    """Return the setting of that name; ConfigError if there is none."""
    if not isinstance(name, str):
        raise ConfigError(unknown_name("setting", name, SETTINGS))
    if name not in SETTINGS:
        raise ConfigError(unknown_name("setting", name, SETTINGS, meant=find_other_name(name)))
    return SETTINGS[name]


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Parse changes such as ``label_smoothing=0.1``; of several values of one setting, the last counts."""
    changes = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise ConfigError(f"a setting is changed by NAME=VALUE, such as label_smoothing=0.1; got {text!r}.")
        changes[name.strip()] = find_setting(name.strip()).parse(value)
    return changes


def validation_share(fraction: float, most: int, num_images: int) -> float:
    """Return ``fraction``, limited to the share of ``most`` among ``num_images`` images."""
    return min(fraction, min(most, num_images) / num_images)
