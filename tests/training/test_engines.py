from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from convscope.errors import ConfigError, ConvscopeError, MissingBackendError
from convscope.models.architectures import MODELS
from convscope.models.backend import NUM_PROCESSES, require_backend
from convscope.models.network import Network, from_keras
from convscope.training import engines
from convscope.training.engines import check_engine, choose_engine, why_not_native
from convscope.training.native import library
from convscope.training.native.build import VARIANTS


@pytest.fixture
def not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ConvscopeError("it was not built")

    monkeypatch.setattr(engines, "load_library", refuse)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_native_engine_trains_every_architecture(name: str) -> None:
    network = MODELS[name]((28, 28, 1), 10)
    assert isinstance(network, Network)
    assert why_not_native(network) == ""
    assert choose_engine("auto", name, "") == ("native", "")


def test_keras_trains_what_the_native_engine_cannot_and_the_reason_is_given() -> None:
    assert choose_engine("auto", "net", "pool is a layer of another kind") == ("keras", "pool is a layer of another kind")
    with pytest.raises(ConfigError, match='net: pool is .*engine="auto"'):
        choose_engine("native", "net", "pool is a layer of another kind")


def test_keras_is_used_without_a_reason_where_it_was_asked_for() -> None:
    assert choose_engine("keras", "net", "") == choose_engine("keras", "net", "a reason") == ("keras", "")


def test_several_processes_train_with_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NUM_PROCESSES, "2")
    assert choose_engine("auto", "net", "")[0] == "keras"


def test_where_the_engine_was_not_built_keras_trains_more_slowly(not_built: None) -> None:
    chosen, reason = choose_engine("auto", "net", "")
    assert chosen == "keras"
    assert "not built" in reason
    assert "slower" in reason


@pytest.mark.parametrize(
    ("variants", "words"),
    [
        ((), "it is not compiled, so install a C compiler"),
        (VARIANTS, "it was not built for this processor"),
        (("generic",), "built"),
    ],
)
def test_the_reason_tells_an_engine_that_is_not_compiled_from_one_for_other_processors(
    variants: Iterable[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variant in variants:
        library.library_path(variant, tmp_path).touch()
    monkeypatch.setattr(library, "variants_of_machine", tuple)
    with pytest.raises(ConvscopeError, match=words):
        library.load_library.__wrapped__(tmp_path)


def test_where_neither_is_installed_nothing_is_begun(not_built: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    for engine, error in (("auto", MissingBackendError), ("keras", MissingBackendError), ("native", ConvscopeError)):
        with pytest.raises(error):
            check_engine(engine)


def test_the_error_about_a_missing_keras_says_why_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    needed = (
        r"^Keras must train instead of the native engine \(dense has the activation tanh\), and TensorFlow is not installed"
    )
    with pytest.raises(MissingBackendError, match=needed):
        choose_engine("auto", "net", "dense has the activation tanh")
    with pytest.raises(MissingBackendError, match="^Keras needs a back-end, and TensorFlow is not installed"):
        choose_engine("keras", "net", "dense has the activation tanh")


def test_a_misspelt_engine_is_met_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="'native'"):
        check_engine("nativ")


@pytest.mark.slow
def test_what_a_keras_model_asks_of_its_training_beyond_its_description_is_left_to_keras() -> None:
    require_backend()
    import keras

    class Dense(keras.layers.Dense):  # type: ignore[misc]
        """A user's own layer under a known name."""

    def network(**settings: Any) -> Any:
        hidden = settings.pop("kind", keras.layers.Dense)(4, activation="relu", name="hidden", **settings)
        layers = [keras.Input((5, 5, 1)), keras.layers.Flatten(), hidden, keras.layers.Dense(2, activation="softmax")]
        return keras.Sequential(layers)

    plain = network()
    assert why_not_native(from_keras(plain), plain) == ""
    for reason, settings in (
        ("hidden has a kernel_regularizer", {"kernel_regularizer": "l2"}),
        ("hidden has a activity_regularizer", {"activity_regularizer": "l2"}),
        ("hidden has a bias_constraint", {"bias_constraint": "non_neg"}),
        ("hidden is not trainable", {"trainable": False}),
        ("hidden is a layer of the kind Dense (own class)", {"kind": Dense}),
        ("hidden computes in mixed_bfloat16", {"dtype": "mixed_bfloat16"}),
    ):
        model = network(**settings)
        assert why_not_native(from_keras(model), model) == reason
