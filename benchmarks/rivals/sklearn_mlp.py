"""Train scikit-learn's multi-layer perceptron with one hidden layer of 128 units."""

from __future__ import annotations

import sys

import numpy as np
from mnist import load, print_accuracy
from sklearn.neural_network import MLPClassifier


def main(epochs: int, seed: int) -> None:
    """Train, and print the test accuracy after each epoch."""
    x_train, y_train, x_test, y_test = load()
    x_train, x_test = x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1)
    model = MLPClassifier((128,), batch_size=128, random_state=seed)
    for epoch in range(epochs):
        model.partial_fit(x_train, y_train, classes=np.arange(10))
        print_accuracy(epoch + 1, model.score(x_test, y_test))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
