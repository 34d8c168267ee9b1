"""The notebook's network and defaults with Keras' `fit`, on the back-end that KERAS_BACKEND names."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers
from mnist import load, tell


def main(epochs: int, seed: int) -> None:
    """Train, and tell the accuracy on the test split after each epoch."""
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
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: tell(epoch + 1, logs["val_accuracy"]))
    validation = (x_test[..., None], y_test)
    model.fit(
        x_train[..., None], y_train, epochs=epochs, batch_size=128, validation_data=validation, verbose=0, callbacks=[told]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
