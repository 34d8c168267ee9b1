"""What Keras computes on JAX: in a process of its own, one for all, since its start takes longer than the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import convscope
from convscope.data.preprocessing import to_inputs
from convscope.training.input_gradients import InputGradient

pytestmark = [pytest.mark.slow, pytest.mark.thorough]  # compiling takes JAX 20 s of the processor

CODE = """
import sys
import numpy as np
import convscope
from convscope.models.saving import load_model
from convscope.training.input_gradients import InputGradient
model, given, found, out = sys.argv[1:]
given = np.load(given)
gradient = InputGradient(load_model(model))
gradients, logits = gradient(given["inputs"], given["labels"])
np.savez(found, gradients=gradients, logits=logits, alone=gradient.logits(given["inputs"]))
asked = {"model": "logistic", "epochs": 2, "report": False, "engine": "keras", "out": out, "progress": None}
run = convscope.train("digits", **asked, callbacks=[lambda epoch, logs: print(epoch, logs["val_loss"])])
print(run.record.request["backend"])
"""


@pytest.fixture(scope="module")
def on_jax(digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """``inputs`` and ``labels``, the arrays ``found`` for them, the ``run`` trained, and what was ``printed``."""
    folder, test = tmp_path_factory.mktemp("jax"), digits_run.dataset.test
    inputs, labels = to_inputs(test.images[:20]), test.labels[:20]
    np.savez(folder / "given.npz", inputs=inputs, labels=labels)
    places: list[Path] = [digits_run.folder / "model.keras", *(folder / name for name in ("given.npz", "found.npz", "run"))]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *places], env={**os.environ, "KERAS_BACKEND": "jax"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found, run = dict(np.load(folder / "found.npz")), convscope.load_run(folder / "run")
    return SimpleNamespace(inputs=inputs, labels=labels, found=found, run=run, printed=done.stdout)


def test_the_gradient_of_the_inputs_is_that_of_tensorflow(on_jax: SimpleNamespace, digits_run: convscope.Run) -> None:
    slopes, logits = InputGradient(digits_run.model)(on_jax.inputs, on_jax.labels)
    np.testing.assert_allclose(on_jax.found["gradients"], slopes, atol=1e-4)
    np.testing.assert_allclose(on_jax.found["logits"], logits, atol=1e-3)
    np.testing.assert_allclose(on_jax.found["alone"], logits, atol=1e-3)


def test_callbacks_are_called_where_keras_trains(on_jax: SimpleNamespace) -> None:
    epochs = [f"{each.epoch - 1} {each.val_loss}" for each in on_jax.run.history]
    assert on_jax.printed.splitlines() == [*epochs, "jax"]
