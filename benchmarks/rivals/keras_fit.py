"""Train the notebook's network with Keras' `fit` and default settings, on the back-end in KERAS_BACKEND."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers
from mnist import load, print_accuracy


def main(epochs: int, seed: int) -> None:
    """Train, and print the test accuracy after each epoch."""
    keras.utils.set_random_seed(seed)
    x_train, y_train, x_test, y_test = load()
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
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: print_accuracy(epoch + 1, logs["val_accuracy"])
    )
    validation = (x_test[..., None], y_test)
    model.fit(
        x_train[..., None],
        y_train,
        epochs=epochs,
        batch_size=128,
        validation_data=validation,
        verbose=0,
        callbacks=[callback],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
