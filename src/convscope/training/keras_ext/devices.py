"""The devices of a training (one, several of one machine, or several processes), and its seed.

TensorFlow uses ``tf.distribute.MirroredStrategy`` for the devices of one machine; JAX uses
``keras.distribution.DataParallel`` for the devices of one or more machines. The devices share each batch, so the result
does not depend on their number, except for rounding.
"""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...system.stderr import captured_stderr


@dataclass(frozen=True)
class Devices:
    """The index of this process among those that train together, and the devices that it uses."""

    process: int = 0
    num_processes: int = 1
    num_devices: int = 1
    accelerators: tuple[str, ...] = ()
    """Product names of the GPUs or other accelerators in use; empty on a CPU."""

    @property
    def shard(self) -> tuple[int, int]:
        """The part of each batch that this process feeds, and the number of parts."""
        return self.process, self.num_processes


@contextlib.contextmanager
def device_scope() -> Iterator[Devices]:
    """Build models for all GPUs, or for the CPU if there is none, while the block runs."""
    import keras

    if keras.backend.backend() == "tensorflow":
        with _mirrored() as num_devices:
            yield Devices(num_devices=num_devices, accelerators=_accelerators_of_tensorflow())
    elif keras.backend.backend() == "jax":
        with _data_parallel() as in_use:
            yield in_use
    else:
        yield Devices()


@contextlib.contextmanager
def _mirrored() -> Iterator[int]:
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) == 1:
        yield 1
        return
    with tf.distribute.MirroredStrategy([device.name for device in devices]).scope():
        yield len(devices)


def _accelerators_of_tensorflow() -> tuple[str, ...]:
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU") if tf.config.list_logical_devices("GPU") else []
    return tuple(tf.config.experimental.get_device_details(device).get("device_name", "GPU") for device in found)


@contextlib.contextmanager
def _data_parallel() -> Iterator[Devices]:
    import jax
    from keras import distribution

    devices = distribution.list_devices()
    names = tuple(device.device_kind for device in jax.local_devices() if device.platform != "cpu")
    in_use = Devices(jax.process_index(), jax.process_count(), jax.local_device_count(), names)
    if len(devices) == 1:
        yield in_use
        return
    before = distribution.distribution()
    distribution.set_distribution(distribution.DataParallel(devices=devices, auto_shard_dataset=False))
    try:
        yield in_use
    finally:
        distribution.set_distribution(before)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed all generators for the block, then restore those of Python and NumPy and the kernels of TensorFlow.

    TensorFlow and Keras keep the seed: it says nothing of how far their generators had come before.
    """
    import keras

    python_state, numpy_state = random.getstate(), np.random.get_state()
    with contextlib.ExitStack() as after:
        after.callback(np.random.set_state, numpy_state)
        after.callback(random.setstate, python_state)
        with captured_stderr():  # Keras seeds TensorFlow wherever that is installed, which prints
            keras.utils.set_random_seed(seed)
        if keras.backend.backend() == "tensorflow":
            # There is no public name for the way back, without which the user's own models would be slower from then on.
            from tensorflow.python.framework import config

            if not config.is_op_determinism_enabled():
                # Without it, bfloat16 sums differ from run to run. It costs no measurable time.
                config.enable_op_determinism()
                after.callback(config.disable_op_determinism)
        yield
