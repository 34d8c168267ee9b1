"""The fingerprint of a network is that of what it computes and how it is trained, whatever its layers are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from convscope.models import layers
from convscope.models.fingerprint import network_fingerprint
from convscope.models.network import Network


def described(width: int = 4, activation: str = "relu") -> Network:
    return layers.sequential("own", (8, 8, 1), [
        layers.Conv2D(width, 3, activation=activation), layers.Flatten(), layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


def functional(width: int = 4, activation: str = "relu", regularizer: str | None = None, *, joined: bool = True) -> Any:
    import keras

    image = keras.Input((8, 8, 1))
    first = keras.layers.Conv2D(width, 3, padding="same", activation=activation, kernel_regularizer=regularizer)(image)
    second = keras.layers.Conv2D(width, 3, padding="same")(first)
    flat = keras.layers.Flatten()(keras.layers.Add()([first, second]) if joined else second)
    return keras.Model(image, keras.layers.Dense(3, activation="softmax")(flat))


def chain(width: int = 4, rate: float = 0.5) -> Any:
    import keras

    return keras.Sequential([
        keras.Input((8, 8, 1)), keras.layers.Conv2D(width, 3), keras.layers.Flatten(), keras.layers.Dropout(rate),
        keras.layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "others"),
    [
        (described, [{"width": 5}, {"activation": "tanh"}]),
        (functional, [{"width": 5}, {"activation": "tanh"}, {"regularizer": "l2"}, {"joined": False}]),
        (chain, [{"width": 5}, {"rate": 0.4}]),
    ],
)
def test_each_build_has_the_same_and_each_change_another(build: Callable[..., Any], others: list[dict[str, Any]]) -> None:
    own = network_fingerprint(build())
    assert network_fingerprint(build()) == own  # Keras calls its layers conv2d_2 and so on, the second time
    found = [own, *(network_fingerprint(build(**changed)) for changed in others)]
    assert len(set(found)) == len(found)
    assert all(len(each) == 64 for each in found)


LAMBDA = """
def build(shift=1):
    import keras
    return keras.Sequential([
        keras.Input((8, 8, 1)), keras.layers.Lambda(BODY), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax"),
    ])
"""


def with_lambda(body: str, *, file: str = "net.py", lines: int = 0, **settings: int) -> str:
    names: dict[str, Any] = {}
    exec(compile("\n" * lines + LAMBDA.replace("BODY", body), file, "exec"), names)
    return network_fingerprint(names["build"](**settings))


@pytest.mark.parametrize(
    ("body", "others"),
    [
        ("lambda x: x * 2 - shift", ["lambda x: x * 3 - shift", "lambda x: x * 2 + shift", "lambda x, a=2: x * 2 - shift"]),
        ("lambda x: (lambda y: keras.ops.sin(y) * 2)(x)", ["lambda x: (lambda y: keras.ops.cos(y) * 2)(x)",
                                                           "lambda x: (lambda y: keras.ops.sin(y) * 2.0)(x)"]),
        ("lambda x: x if x.dtype in {'float32', 'float16'} else -x", ["lambda x: x if x.dtype in {'float32'} else -x"]),
    ],
)  # fmt: skip
def test_a_function_counts_by_what_it_computes_and_not_by_where_it_stands(body: str, others: list[str]) -> None:
    own = with_lambda(body)
    assert own == with_lambda(body, lines=7) == with_lambda(body, file="other.py") != ""
    assert len({own, *map(with_lambda, others)}) == 1 + len(others)


def test_what_a_function_takes_from_around_it_counts() -> None:
    assert with_lambda("lambda x: x - shift") != with_lambda("lambda x: x - shift", shift=2)


def test_kept_weights_count_if_asked_for() -> None:
    one, other = functional(), functional()  # with weights drawn by chance
    assert network_fingerprint(one) == network_fingerprint(other)
    assert network_fingerprint(one, with_weights=True) == network_fingerprint(one, with_weights=True)
    assert network_fingerprint(one, with_weights=True) != network_fingerprint(other, with_weights=True)


def test_a_layer_that_cannot_be_described_has_none() -> None:
    import keras

    class Odd(keras.layers.Layer):
        def get_config(self) -> dict[str, Any]:
            raise NotImplementedError

    assert network_fingerprint(keras.Sequential([keras.Input((8, 8, 1)), Odd()])) == ""
