"""Training with the native engine."""

import time

import numpy as np

from ..data.dataset import Split
from ..models.network import Network
from ..types import Images, Labels
from .batches import TrainingBatches, gather
from .checkpoint import Checkpoint, check_state
from .config import TrainConfig
from .epoch_log import EpochLog
from .native.engine import Engine, OptimizerSettings

SECONDS_PER_CALL = 0.1
"""Time in the engine between two moves of the progress bar, in which Ctrl-C waits."""
FIRST_STEPS = 8
"""Steps of the first call, whose time tells how many the next ones take."""


def fit_with_engine(
    network: Network,
    batches: TrainingBatches,
    validation: Split,
    config: TrainConfig,
    log: EpochLog,
    *,
    seed: int,
    threads: int,
    resumed: Checkpoint | None,
) -> Engine:
    """Train ``network`` from its own weights, and return the engine; RunError if ``resumed`` belongs to another network."""
    engine = Engine(network, batch_size=batches.batch_size, threads=threads, seed=seed)
    try:
        if resumed:
            check_state(resumed.state, engine.state())
            engine.restore(resumed.state)
        while not log.has_ended:
            log.begin()
            values = _train_epoch(engine, batches, config, log)
            values |= {f"val_{name}": value for name, value in measure(engine, validation).items()}
            log.finish(values, engine.weights(), engine.state)
        if (state := log.state_to_restore) is not None:
            engine.restore(state)
    except BaseException:
        engine.close()
        raise
    return engine


def measure(engine: Engine, split: Split) -> dict[str, float]:
    """Return the mean loss in nats and the accuracy on ``split``."""
    logits = engine.logits(split.images).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), split.labels]
    correct = logits.argmax(axis=1) == split.labels
    return {"loss": float(losses.mean()), "accuracy": float(correct.mean())}


def _train_epoch(engine: Engine, batches: TrainingBatches, config: TrainConfig, log: EpochLog) -> dict[str, float]:
    """Train one epoch, or the beginning of one; return the mean loss and the accuracy over its images."""
    number, size = log.epochs_done, batches.batch_size
    epoch, settings = batches.epoch(number), _settings(config)
    sums = np.zeros(2)  # of losses and of correct predictions; added to by the engine, so that no call changes their order
    step = done = 0
    steps, stop = FIRST_STEPS, False
    while not stop and step < batches.steps_per_epoch:
        started = time.perf_counter()
        part = epoch.part(done, done + steps * size)
        images, labels, rows = _images(batches.split, part.rows)
        warps = None if part.warps is None else part.warps[:, :6]
        chosen = range(step, min(step + steps, batches.steps_per_epoch))
        rates = np.array([log.rate(each) for each in chosen], np.float32)
        of_classes = batches.class_weights
        engine.train(
            images, labels, rows, rates, settings, shifts=part.shifts, warps=warps, class_weights=of_classes, sums=sums
        )
        step, done = step + steps, done + len(rows)
        stop = log.report(done, float(sums[0] / done), float(sums[1] / done))
        steps = max(1, min(2 * steps, int(steps * SECONDS_PER_CALL / (time.perf_counter() - started))))
    return {"loss": float(sums[0] / done), "accuracy": float(sums[1] / done)}


def _images(split: Split, rows: Labels) -> tuple[Images, Labels, Labels]:
    """Return images, labels and the rows of both to train on; a memory-mapped split is read only where it is needed."""
    if not isinstance(split.images, np.memmap):
        return split.images, split.labels, rows
    return gather(split.images, rows), split.labels[rows], np.arange(len(rows))


def _settings(config: TrainConfig) -> OptimizerSettings:
    decay = config.weight_decay if config.optimizer == "adamw" else 0.0
    return OptimizerSettings(config.beta_1, config.beta_2, weight_decay=decay, label_smoothing=config.label_smoothing)
