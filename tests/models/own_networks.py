"""Networks as users write them: every way to build one in Keras, and what is refused, with the reason."""

from __future__ import annotations

import threading
from typing import Any

from convscope.models.backend import require_backend

require_backend()
import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

Shape = tuple[int, int, int]


def ends(inputs: Any, hidden: Any, classes: int) -> keras.Model:
    if len(hidden.shape) > 2:
        hidden = layers.Flatten()(hidden)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(hidden))


def chain(*parts: Any) -> Any:
    """A function that builds a Sequential of fresh copies of what the functions in ``parts`` make."""

    def build(shape: Shape, classes: int) -> keras.Model:
        return keras.Sequential([keras.Input(shape), *(part() for part in parts), *softmax(classes)])

    return build


def softmax(classes: int) -> list[keras.Layer]:
    return [layers.Flatten(), layers.Dense(classes, activation="softmax")]


def unbuilt(shape: Shape, classes: int) -> keras.Model:
    return keras.Sequential([layers.Flatten(), layers.Dense(9, activation="relu"), layers.Dense(classes)])


def separate_softmax(shape: Shape, classes: int) -> keras.Model:
    return keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(classes), layers.Activation("softmax")])


def residual(shape: Shape, classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    hidden = layers.Conv2D(8, 3, padding="same", activation="relu", name="before")(inputs)
    branch = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(hidden))
    joined = layers.ReLU()(layers.Add(name="joined")([hidden, branch]))
    return ends(inputs, layers.MaxPooling2D()(joined), classes)


def skip_from_the_image(shape: Shape, classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    return ends(inputs, layers.Subtract()([inputs, layers.Conv2D(shape[2], 3, padding="same")(inputs)]), classes)


def multi_path(shape: Shape, classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    paths = [layers.Conv2D(4, 1, activation="relu")(inputs), layers.Conv2D(4, 3, padding="same")(inputs)]
    paths.append(layers.AveragePooling2D(3, strides=1, padding="same")(inputs))
    return ends(inputs, layers.GlobalAveragePooling2D()(layers.Concatenate()(paths)), classes)


def gated(shape: Shape, classes: int) -> keras.Model:
    """A gate of shape (n, 1, 1, c) on feature maps."""
    inputs = keras.Input(shape)
    hidden = layers.Conv2D(6, 3, activation="relu")(inputs)
    gate = layers.Dense(6, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(hidden))
    return ends(inputs, layers.Multiply()([hidden, gate]), classes)


def extremes(shape: Shape, classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    paths = [layers.Dense(6, name=name)(layers.Flatten()(inputs)) for name in ("one", "two", "three")]
    joined = [layers.Maximum()(paths), layers.Minimum()(paths), layers.Average()(paths), layers.Add()(paths)]
    return ends(inputs, layers.Concatenate(axis=1)(joined), classes)


def applied_twice(shape: Shape, classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    shared = layers.Dense(7, activation="relu")
    return ends(inputs, shared(shared(layers.Dense(7)(layers.Flatten()(inputs)))), classes)


def attention(shape: Shape, classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    rows = layers.Dense(8)(layers.Reshape((shape[0], shape[1] * shape[2]))(inputs))
    mixed = layers.LayerNormalization()(rows + layers.MultiHeadAttention(2, 4)(rows, rows))
    mixed = mixed + layers.Dense(8)(layers.Dense(16, activation="gelu")(mixed))
    return ends(inputs, layers.GlobalAveragePooling1D()(mixed), classes)


def nested(shape: Shape, classes: int) -> keras.Model:
    augmentation = keras.Sequential([layers.RandomRotation(0.05), layers.RandomZoom(0.1)])
    body = keras.Sequential([layers.Conv2D(4, 3, name="same_name"), layers.ReLU(), layers.Conv2D(4, 3)])
    last = layers.Conv2D(3, 1, name="same_name")
    return keras.Sequential([keras.Input(shape), augmentation, body, last, *softmax(classes)])


def frozen_base(shape: Shape, classes: int) -> keras.Model:
    base = keras.Sequential([keras.Input(shape), layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization()])
    base.trainable = False
    inputs = keras.Input(shape)
    return ends(inputs, base(inputs, training=False), classes)


class Residual(keras.Model):  # type: ignore[misc]
    """As PyTorch's users write it: one ReLU for all, the dropout told whether it is in training, logits at the end."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first, self.second = (layers.Conv2D(6, 3, padding="same") for _ in range(2))
        self.relu, self.dropout, self.flatten = layers.ReLU(), layers.Dropout(0.2), layers.Flatten()
        self.logits = layers.Dense(classes)

    def call(self, inputs: Any, training: bool = False) -> Any:
        hidden = self.relu(self.first(inputs))
        hidden = ops.relu(self.second(hidden) + hidden)
        return self.logits(self.dropout(self.flatten(hidden), training=training))


class ResidualWithSoftmax(Residual):
    def call(self, inputs: Any, training: bool = False) -> Any:
        return ops.softmax(super().call(inputs, training=training))


class WithWeight(Residual):
    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(), name="scale", initializer="ones")

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.logits(self.flatten(inputs) * self.scale)


class WithTensorFlow(Residual):
    def call(self, inputs: Any, training: bool = False) -> Any:
        import tensorflow as tf

        return self.logits(tf.nn.relu(self.flatten(inputs)))


class DecidesByItself(Residual):
    def call(self, inputs: Any, training: bool = False) -> Any:
        hidden = self.flatten(inputs)
        return self.logits(layers.GaussianNoise(0.1)(hidden) if training else hidden)


class Block(layers.Layer):  # type: ignore[misc]
    """A layer of layers, whose weights have the same names."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.first, self.second = layers.Conv2D(4, 3, padding="same"), layers.Conv2D(4, 3)

    def call(self, inputs: Any) -> Any:
        return ops.tanh(self.second(self.first(inputs)))


class Dense(layers.Layer):  # type: ignore[misc]
    """Not Keras' layer of that name."""

    def call(self, inputs: Any) -> Any:
        return inputs * 2 - 1


class WithoutConfig(Dense):
    def __init__(self, lock: Any) -> None:
        super().__init__()
        self.lock = lock


class Logarithm(layers.Layer):  # type: ignore[misc]
    def call(self, inputs: Any) -> Any:
        return ops.log(inputs - 0.5)


class Root(layers.Layer):  # type: ignore[misc]
    def call(self, inputs: Any) -> Any:
        return ops.sqrt(ops.relu(inputs))


class DividedByContrast(layers.Layer):  # type: ignore[misc]
    """Fails for images of one grey alone."""

    def call(self, inputs: Any) -> Any:
        return inputs / ops.std(inputs, axis=(1, 2, 3), keepdims=True)


class Noise(layers.Layer):  # type: ignore[misc]
    """Not only in training."""

    def call(self, inputs: Any) -> Any:
        return inputs + keras.random.normal(ops.shape(inputs))


def two_outputs(shape: Shape, classes: int) -> keras.Model:
    inputs = keras.Input(shape)
    flat = layers.Flatten()(inputs)
    return keras.Model(inputs, [layers.Dense(classes, activation="softmax")(flat) for _ in range(2)])


def of_dictionaries(shape: Shape, classes: int) -> keras.Model:
    inputs = keras.Input(shape, name="image")
    return keras.Model({"image": inputs}, {"classes": layers.Dense(classes)(layers.Flatten()(inputs))})


def fully_convolutional(shape: Shape, classes: int) -> keras.Model:
    parts = [layers.Conv2D(classes, 3), layers.GlobalAveragePooling2D(), layers.Softmax(name="last")]
    return keras.Sequential([keras.Input(shape), *parts])


def relu(inputs: Any) -> Any:
    """Not Keras' function of that name."""
    return ops.minimum(inputs, 0.5)


def half(inputs: Any) -> Any:
    return inputs / 2


def activations_as_objects(shape: Shape, classes: int) -> keras.Model:
    hidden = [
        layers.Dense(9, activation=each) for each in (layers.ReLU(max_value=1.0), layers.LeakyReLU(0.1), layers.ReLU())
    ]
    last = layers.Dense(classes, activation=layers.Softmax())
    return keras.Sequential([keras.Input(shape), layers.Flatten(), *hidden, last])


ACCEPTED: dict[str, Any] = {
    "activations as objects": activations_as_objects,
    "an activation of one's own": chain(layers.Flatten, lambda: layers.Dense(8, activation=half)),
    "GELU": chain(layers.Flatten, lambda: layers.Dense(8, activation="gelu")),
    "CELU": chain(layers.Flatten, lambda: layers.Dense(8, activation="celu")),
    "Normalization": chain(lambda: layers.Normalization(mean=0.13, variance=0.1)),
    "unbuilt, logits": unbuilt,
    "separate softmax": separate_softmax,
    "residual": residual,
    "skip from the image": skip_from_the_image,
    "multi-path": multi_path,
    "gated": gated,
    "extremes": extremes,
    "a layer applied twice": applied_twice,
    "attention": attention,
    "models in a model": nested,
    "frozen base": frozen_base,
    "subclass, logits": lambda shape, classes: Residual(classes),
    "subclass, softmax": lambda shape, classes: ResidualWithSoftmax(classes),
    "Lambda": chain(lambda: layers.Lambda(lambda inputs: inputs * 2 - 1)),
    "Lambda of keras.ops": chain(lambda: layers.Lambda(lambda inputs: ops.sin(inputs))),
    "layers in a layer": chain(Block, Block),
    "a class called as Keras'": chain(Dense),
    "a kind that only the converter knows": chain(lambda: layers.Conv2DTranspose(3, 3)),
    "recurrent": lambda shape, classes: chain(
        lambda: layers.Reshape((shape[0], shape[1] * shape[2])), lambda: layers.LSTM(6)
    )(shape, classes),
    "dictionaries of inputs and outputs": of_dictionaries,
}
"""Networks that are trained, and exported as Keras computes them."""

REFUSED: dict[str, tuple[Any, str]] = {
    "a weight outside its layers": (lambda shape, classes: WithWeight(classes), "uses the weight '.*scale' in no layer"),
    "TensorFlow's functions": (lambda shape, classes: WithTensorFlow(classes), r"call\(\).*keras\.ops"),
    "something else in training": (lambda shape, classes: DecidesByItself(classes), "in training only.*Dropout"),
    "a logarithm of 0": (chain(Logarithm), "nan in epoch 1, at step 1: layer 'logarithm.*', a Logarithm,.*away from 0"),
    "a square root at 0": (
        chain(layers.Flatten, lambda: layers.Dense(8, name="hidden"), Root),
        "gradient of '(kernel|bias)' in layer 'hidden' is nan in epoch 1, at step 1.*square root at 0",
    ),
    "a division by the contrast": (chain(DividedByContrast), "layer 'divided_by_contrast.*computes no finite number"),
    "statistics of no number": (
        chain(lambda: layers.Rescaling(1.0), lambda: layers.BatchNormalization(
            moving_mean_initializer=keras.initializers.Constant(float("nan")), name="spoilt")),
        "'moving_mean' of layer 'spoilt' is nan before the training",
    ),
    "noise outside training": (chain(Noise), "exported to ONNX.*'noise.*' is a Noise"),
    "what ONNX lacks": (
        chain(lambda: layers.Lambda(lambda inputs: ops.fft2((inputs[..., 0], inputs[..., 0] * 0))[0], name="transform")),
        "exported to ONNX.*'transform' is a Lambda",
    ),
    "an activation called as Keras'": (
        chain(layers.Flatten, lambda: layers.Dense(8, activation=relu, name="hidden")),
        "layer 'hidden' of .* called 'relu' as one of Keras",
    ),
    "a class without settings": (chain(lambda: WithoutConfig(threading.Lock())), "layer 'without_config.*get_config"),
    "two outputs": (two_outputs, "1 input and 2 outputs"),
    "another end": (fully_convolutional, "must end in a Dense layer with a softmax; it ends in 'last', a Softmax"),
}  # fmt: skip
"""Networks that are refused before the training, and words of the reason."""
