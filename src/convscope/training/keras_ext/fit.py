"""Training with ``model.fit``."""

import contextlib
from collections.abc import Callable, Iterator

import keras

from ...data.dataset import Split
from ...data.scaling import to_inputs
from ...models.backend import quiet_tensorflow_log
from ...types import Inputs, Labels
from ..batches import TrainingBatches
from ..checkpoint import Checkpoint, check_state
from ..config import TrainConfig
from ..epoch_log import EpochLog
from .batch_sequence import BatchSequence
from .callback import TrainingCallback, restore, state_of
from .determinism import seeded
from .devices import Devices, device_scope
from .optimizers import make_loss, make_metrics, make_optimizer

VALIDATION_BATCH_SIZE = 1000


def fit_with_keras(
    build: Callable[[bool], keras.Model],
    batches: TrainingBatches,
    validation: Split,
    config: TrainConfig,
    log: EpochLog,
    *,
    seed: int,
    resumed: Checkpoint | None,
) -> tuple[keras.Model, Devices]:
    """Build, compile and fit a model, and return it with the devices that it was trained on.

    ``build`` is told whether several devices share each batch. RunError if ``resumed`` belongs to another network.
    """
    with seeded(seed), float32_policy(), quiet_tensorflow_log(), device_scope() as devices:
        model = build(devices.num_devices > 1)
        sequence = BatchSequence(batches, shard=devices.shard)
        model.compile(
            optimizer=make_optimizer(config, config.epochs * len(sequence)),
            loss=make_loss(config),
            metrics=make_metrics(config),
        )
        if resumed:
            model.optimizer.build(model.trainable_variables)
            check_state(resumed.state, state_of(model))
            restore(resumed.state, model)
        model.fit(
            sequence,
            validation_data=(to_inputs(validation.images), validation.labels),
            validation_batch_size=VALIDATION_BATCH_SIZE,
            class_weight=None if batches.class_weights is None else dict(enumerate(batches.class_weights.tolist())),
            epochs=log.epochs_done if log.has_ended else config.most_epochs,
            initial_epoch=log.epochs_done,
            shuffle=False,  # the sequence is shuffled
            callbacks=[TrainingCallback(log, sequence, config)],
            verbose=0,
        )
        if (state := log.state_to_restore) is not None:
            restore(state, model)
    # Keras would save the optimizer too, three times the weights, and with a schedule that is convscope's own code.
    model.compiled, model.optimizer = False, None
    return model, devices


def take_first_step(model: keras.Model, inputs: Inputs, labels: Labels) -> float:
    """Compute a batch forward and backward and return its loss; with a gradient that is not finite, so are the weights."""
    with seeded(0), float32_policy(), quiet_tensorflow_log():
        # Layer by layer: a graph would take longer to trace than it saves.
        model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy", run_eagerly=True)
        return float(model.train_on_batch(inputs, labels))


@contextlib.contextmanager
def float32_policy() -> Iterator[None]:
    """Build layers in float32 in the block, then restore the session's policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
