"""Repeat the notebook's steps in plain Keras.

Runs `fit` for 10 epochs in batches of 128 with default settings and validation on the test split, then `evaluate` and
`predict`. Times the process from its start to the last prediction and prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

MNIST = Path(__file__).parents[1] / "src" / "convscope" / "data" / "mnist.npz"


def main(seed: int) -> None:
    """Train, evaluate, predict, and print accuracy and seconds."""
    keras.utils.set_random_seed(seed)
    with np.load(MNIST) as archive:
        x_train, y_train, x_test, y_test = (archive[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    x_train, x_test = x_train / 255.0, x_test / 255.0
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    before = time.perf_counter()
    model.fit(x_train, y_train, epochs=10, batch_size=128, validation_data=(x_test, y_test), verbose=0)
    fit_seconds = time.perf_counter() - before
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    model.predict(x_test, verbose=0)
    seconds = time.perf_counter() - STARTED
    print(json.dumps({"seed": seed, "accuracy": accuracy, "loss": loss, "fit_seconds": fit_seconds, "seconds": seconds}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
