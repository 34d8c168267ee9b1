"""Several devices, several processes: real ones, on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

TRAINING = """
import hashlib, sys
import numpy as np
from convscope.models.backend import require_backend
require_backend()
if sys.argv[1] == "two-devices":
    import tensorflow as tf
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
from convscope.data.known.builtin import load_digits
from convscope.models.architectures import cnn
from convscope.training.loop import fit
from convscope.training.keras_ext.devices import device_scope
from convscope.training.recipes import find_recipe
digits = load_digits()
with device_scope() as devices:
    print(devices.num_processes, devices.num_devices)
training = fit(cnn, digits, find_recipe("standard").with_epochs(4), seed=0, engine="keras")
predictions = training.model.predict(digits.test.images / np.float32(255), verbose=0).argmax(axis=1)
print(training.backend, *training.accelerators)
print((predictions == digits.test.labels).mean())
print(hashlib.sha256(b"".join(weight.tobytes() for weight in training.model.get_weights())).hexdigest())
"""


def start(devices: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TRAINING, devices], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


def outcome(process: subprocess.Popen[str]) -> tuple[str, float, str]:
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    devices, computed_with, accuracy, digest = output.strip().splitlines()[-4:]
    return f"{devices} {computed_with}", float(accuracy), digest


@pytest.mark.thorough
@pytest.mark.slow
def test_two_devices_of_one_machine_reach_the_accuracy_of_one() -> None:
    processes = [start(devices) for devices in ("one-device", "two-devices")]
    one, two = (outcome(process) for process in processes)
    assert (one[0], two[0]) == ("1 1 tensorflow", "1 2 tensorflow")
    assert min(one[1], two[1]) > 0.93
    assert abs(one[1] - two[1]) < 0.025


@pytest.mark.thorough
@pytest.mark.slow
def test_two_processes_on_jax_learn_equal_weights_and_reach_the_accuracy_of_one() -> None:
    pytest.importorskip("jax", reason="the extra 'jax' is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    alone = start("one-device", KERAS_BACKEND="jax")
    together = {"KERAS_BACKEND": "jax", "KERAS_DISTRIBUTION_JOB_ADDRESSES": address, "KERAS_DISTRIBUTION_NUM_PROCESSES": "2"}
    processes = [start("one-device", **together, KERAS_DISTRIBUTION_PROCESS_ID=str(index)) for index in (0, 1)]
    one, first, second = (outcome(process) for process in (alone, *processes))
    assert (one[0], first[0], second[0]) == ("1 1 jax", "2 1 jax", "2 1 jax")
    assert first == second
    assert min(one[1], first[1]) > 0.93
    assert abs(one[1] - first[1]) < 0.025
