from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from convscope.errors import RunError
from convscope.models.architectures import cnn
from convscope.models.backend import require_backend
from convscope.models.keras_model import to_keras
from convscope.models.saving import load_model, save_model, with_logits

require_backend()
import keras  # noqa: E402


def test_a_saved_model_predicts_the_same(tmp_path: Path) -> None:
    model = to_keras(cnn((12, 12, 1), 3))
    inputs = np.random.default_rng(0).random((4, 12, 12, 1), np.float32)
    save_model(model, tmp_path / "model.keras")
    assert np.array_equal(model(inputs), load_model(tmp_path / "model.keras")(inputs))


def test_logits_are_the_softmaxs_inputs_even_where_probabilities_underflow() -> None:
    model = to_keras(cnn((12, 12, 1), 3))
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 0, np.array([0.0, -200.0, 30.0], np.float32)])
    inputs = np.ones((1, 12, 12, 1), np.float32)
    outputs = with_logits(model)(inputs)
    assert np.allclose(outputs["logits"], [[0.0, -200.0, 30.0]])
    assert np.allclose(outputs["probabilities"], model(inputs))
    assert model(inputs).numpy()[0, 1] == 0.0


def test_a_model_without_a_softmax_at_its_end_is_refused() -> None:
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(RunError, match="'dense.*', a Dense"):
        with_logits(model)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(b"nonsense")
    with pytest.raises(RunError, match=r"model\.keras'"):
        load_model(tmp_path / "model.keras")


def test_a_model_with_code_in_it_is_not_opened(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda inputs: inputs * 2)])
    model.save(tmp_path / "model.keras")
    assert zipfile.is_zipfile(tmp_path / "model.keras")
    with pytest.raises(RunError, match=r"model\.keras'.*Lambda"):
        load_model(tmp_path / "model.keras")
