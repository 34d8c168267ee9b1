"""One training step that changes no weight, to see whether a network can be trained."""

import keras

from ...models.backend import quiet_tensorflow_log
from ...types import Inputs, Labels
from .determinism import seeded
from .fit import float32_policy


def take_first_step(model: keras.Model, inputs: Inputs, labels: Labels) -> float:
    """Compute a batch forward and backward and return its loss; with a gradient that is not finite, so are the weights."""
    with seeded(0), float32_policy(), quiet_tensorflow_log():
        # Layer by layer: a graph would take longer to trace than it saves.
        model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy", run_eagerly=True)
        return float(model.train_on_batch(inputs, labels))
