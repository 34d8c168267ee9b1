from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from convscope.data.dataset import Dataset
from convscope.data.known import builtin
from convscope.errors import DatasetError


def test_mnist_is_the_original(mnist: Dataset) -> None:
    assert mnist.train.images.shape == (60_000, 28, 28, 1)
    assert mnist.test.images.shape == (10_000, 28, 28, 1)
    assert mnist.train.images.dtype == np.uint8
    assert mnist.train.labels[0] == 5
    row = mnist.train.images[0, 5, :, 0]
    assert row[row > 0].tolist() == [3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127]
    assert mnist.test.labels[0] == 7
    assert mnist.test.class_counts(10).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.budget
def test_loading_mnist_takes_at_most_half_a_second() -> None:
    def seconds() -> float:
        started = time.process_time()
        builtin.load_mnist()
        return time.process_time() - started

    assert min(seconds() for _ in range(3)) <= 0.5


@pytest.mark.slow
@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_one_changed_value_in_mnist_is_noticed(key: str, tmp_path: Path) -> None:
    with np.load(builtin.MNIST_FILE) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays[key].flat[1234] ^= 1
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(DatasetError, match=f"{key} has SHA-256"):
        builtin.load_mnist(tmp_path / "mnist.npz")


@pytest.mark.slow
def test_loading_mnist_opens_no_socket() -> None:
    code = """
import sys
sys.addaudithook(lambda event, args: sys.exit("socket!") if event.startswith("socket.") else None)
from convscope.data.load import load_dataset
print(load_dataset("mnist"))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("Dataset('mnist', train=60,000, test=10,000, images=28×28×1, classes=10)")


def test_digits_are_scikit_learns_stretched_to_uint8(digits: Dataset) -> None:
    source = datasets.load_digits()
    everything = np.concatenate([digits.train.images, digits.test.images])[..., 0]
    assert len(everything) == 1797
    assert sorted(everything.sum(axis=(1, 2)).tolist()) == sorted(
        np.round(source.images * 255 / 16).astype(np.uint8).sum(axis=(1, 2)).tolist()
    )
    assert everything.max() == 255


def test_digits_hold_out_the_same_fifth_each_time(digits: Dataset) -> None:
    assert builtin.load_digits().fingerprint == digits.fingerprint
    assert len(digits.test) == 359
    assert "held out" in digits.provenance.notes[0]
