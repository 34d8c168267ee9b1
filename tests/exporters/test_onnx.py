from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import convscope
from convscope.api.run import Run
from convscope.data.dataset import Dataset
from convscope.errors import ConvscopeError, RunError, ShapeError
from convscope.exporters import onnx as export
from convscope.models.network import Network
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.models.saving import keras_logits, load_model, with_logits


def test_the_exported_model_agrees_with_keras_on_the_whole_test_split(digits_run: Run) -> None:
    session = onnxruntime.InferenceSession(str(digits_run.folder / "model.onnx"))
    inputs = (digits_run.dataset.test.images / 255).astype(np.float32)
    logits, probabilities = session.run(["logits", "probabilities"], {"inputs": inputs})
    assert np.allclose(logits, digits_run.evaluation.logits, atol=1e-4)
    assert np.allclose(probabilities, digits_run.model(inputs), atol=1e-5)


def test_the_file_names_its_classes_and_its_pixel_scale(digits_run: Run) -> None:
    model = onnx.load(digits_run.folder / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(metadata["class_names"]) == list("0123456789")
    assert float(metadata["pixel_scale"]) == pytest.approx(1 / 255)


def test_the_file_says_what_wrote_it_and_what_it_takes(digits_run: Run) -> None:
    model = onnx.load(digits_run.folder / "model.onnx")
    assert (model.producer_name, model.producer_version) == ("convscope", convscope.__version__)
    assert "(n, 8, 8, 1), float32 from 0 to 1" in model.doc_string
    assert "10 classes" in model.doc_string


def test_an_export_that_disagrees_is_not_kept(digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(ConvscopeError, match="logit"):
        export.export_onnx(
            digits_run.record.network,
            tmp_path / "model.onnx",
            class_names=("a",),
            images=digits_run.dataset.test.images[:2],
            expected=digits_run.evaluation.logits[:2],
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_converter_is_used_where_our_own_graph_disagrees(
    digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(network: Network, **keywords: Any) -> bytes:
        weights = {name: array * np.float32(1.1) for name, array in network.weight_arrays().items()}
        return onnx_bytes(network, weights, **keywords)

    monkeypatch.setattr(export, "onnx_bytes", wrong)
    found = export.export_onnx(
        digits_run.record.network,
        tmp_path / "model.onnx",
        class_names=("a",),
        images=digits_run.dataset.test.images,
        expected=digits_run.evaluation.logits,
        model=digits_run.model,
    )
    assert np.abs(found.logits - digits_run.evaluation.logits).max() < 1e-4
    assert Predictor(tmp_path / "model.onnx").has_features
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert (model.producer_name, model.producer_version) == ("convscope", convscope.__version__)
    assert all(node.name for node in model.graph.node)


def test_a_training_whose_export_disagrees_leaves_its_model(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(ConvscopeError, match=r"model\.keras"):
        convscope.train(digits, model="logistic", epochs=1, out=tmp_path / "run", report=False)
    assert load_model(tmp_path / "run" / "model.keras").output_shape == (None, 10)


def test_keras_computes_in_full_precision_and_is_left_as_it_was() -> None:
    """A GPU would otherwise multiply with ten binary digits of each factor."""
    import keras
    from tensorflow.config import experimental

    seen = []

    class Watching(keras.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            seen.append(experimental.tensor_float_32_execution_enabled())
            return inputs

    layers = [keras.Input((4, 4, 1)), Watching(), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    model = with_logits(keras.Sequential(layers))
    experimental.enable_tensor_float_32_execution(True)
    seen.clear()
    keras_logits(model, np.zeros((3, 4, 4, 1), np.uint8))
    assert seen == [False]
    assert experimental.tensor_float_32_execution_enabled()


def test_images_of_another_size_are_refused(digits_run: Run) -> None:
    with pytest.raises(ShapeError, match=r"\(1, 28, 28, 1\).*\(n, 8, 8, 1\)"):
        Predictor(digits_run.folder / "model.onnx").logits(np.zeros((1, 28, 28, 1), np.uint8))


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_file_that_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(RunError, match=r"model\.onnx'"):
        Predictor(tmp_path / "model.onnx")
