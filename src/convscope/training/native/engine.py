"""Training steps and predictions of one network in the native engine."""

import ctypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ...errors import ConvscopeError
from ...models.network import Network, Weights
from ...types import Floats, Images, Labels
from .library import Epoch, LayerLayout, LayerSpec, Optimizer, load_library
from .plan import CONV, DENSE, EngineLayer, plan_layers

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class OptimizerSettings:
    """Adam with decoupled weight decay, and the loss, as ``keras_ext.optimizers`` makes them for Keras."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float = 0.0
    label_smoothing: float = 0.0


class Engine:
    """One network, its optimizer's state, and the threads that train it.

    The same seed and steps give the same weights, bit for bit, with any number of threads.
    """

    def __init__(self, network: Network, *, batch_size: int, threads: int, seed: int = 0) -> None:
        """Reserve memory for ``network`` and take over its weights.

        ``threads`` compute, the caller's included; ``seed`` is that of the dropout. Unsupported if
        :func:`convscope.training.native.plan.plan_layers` refuses the network; ConvscopeError if memory is short.
        """
        self.network: Network = network
        self.batch_size: int = batch_size
        self.num_classes: int = network.layers[-1].output_shape[0]
        self._layers = plan_layers(network)
        self._library = load_library()
        specs = (LayerSpec * len(self._layers))(*(layer.spec for layer in self._layers))
        shape = network.input_shape
        self._engine = self._library.engine_create(specs, len(specs), *shape, self.num_classes, batch_size, threads, seed)
        if not self._engine:
            raise ConvscopeError(
                f"The native engine cannot hold {network.name} with batches of {batch_size}. Use smaller batches."
            )
        size = self._library.engine_num_parameters(self._engine)
        self._parameters = np.ctypeslib.as_array(self._library.engine_parameters(self._engine), (size,))
        self._layouts = [self._layout(number) for number in range(len(self._layers))]
        self.set_weights(network.weight_arrays())

    def close(self) -> None:
        """Give the memory back; neither the engine nor a view of its state may be used after that."""
        engine, self._engine = getattr(self, "_engine", None), None
        if engine:
            self._library.engine_free(engine)

    __del__ = close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def train(
        self,
        images: Images,
        labels: Labels,
        rows: Labels,
        rates: Floats,
        settings: OptimizerSettings,
        *,
        shifts: npt.NDArray[np.int16] | None = None,
        warps: Floats | None = None,
        class_weights: Floats | None = None,
        sums: Floats | None = None,
    ) -> Floats:
        """Take ``len(rates)`` steps; steps in several calls are the same steps, so a caller can look up between them.

        ValueError if an array has another shape or type, or a number in it is out of range.

        Args:
            images: (n, h, w, c) uint8.
            labels: (n,) indices of classes.
            rows: (steps · batch_size,) indices of images, in the order of training; the last step may be shorter.
            rates: (steps,) learning rates.
            settings: Of optimizer and loss.
            shifts: (len(rows), 2) int16 rows down and columns right by which each image is read, at most its size.
            warps: (len(rows), 6) affine maps (x, then y) from a pixel of the new image to a place in the old one.
            class_weights: (k,) factors of the losses of the images of each class; None for 1.
            sums: (2,) float64 of the steps before, to which those of these steps are added.

        Returns:
            (2,) float64: the sum of the losses without smoothing, and the number of correct predictions.
        """
        steps = len(rates)
        last = len(rows) - (steps - 1) * self.batch_size
        self._check(images)
        if len(labels) != len(images) or labels.min() < 0 or labels.max() >= self.num_classes:
            raise ValueError(f"labels must be {len(images)} of 0 to {self.num_classes - 1}; got {len(labels)}, {labels!r}.")
        for name, array, columns in (("shifts", shifts, 2), ("warps", warps, 6)):
            if array is not None and array.shape != (len(rows), columns):
                raise ValueError(f"{name} must have the shape {(len(rows), columns)}; got {array.shape}.")
        if class_weights is not None and class_weights.shape != (self.num_classes,):
            raise ValueError(f"class_weights must have the shape {(self.num_classes,)}; got {class_weights.shape}.")
        if not 1 <= last <= self.batch_size or rows.min() < 0 or rows.max() >= len(images):
            raise ValueError(f"rows must name {steps} batches of images; got {len(rows)} from {rows.min()} to {rows.max()}.")
        arrays: list[npt.NDArray[np.generic] | None] = [
            np.ascontiguousarray(images), np.ascontiguousarray(labels, np.int64), np.ascontiguousarray(rows, np.int64),
            None if shifts is None else np.ascontiguousarray(shifts, np.int16),
            None if warps is None else np.ascontiguousarray(warps, np.float32),
            np.ascontiguousarray(rates, np.float32),
            None if class_weights is None else np.ascontiguousarray(class_weights, np.float32),
        ]  # fmt: skip
        epoch = Epoch(*(None if array is None else array.ctypes.data for array in arrays), steps, last)
        optimizer = Optimizer(**vars(settings))
        sums = np.zeros(2) if sums is None else sums
        if self._library.engine_train(self._engine, ctypes.byref(epoch), ctypes.byref(optimizer), sums.ctypes.data):
            raise ConvscopeError("The native engine refused the step.")
        return sums

    def logits(self, images: Images) -> Array:
        """Return the logits (n, k) of images (n, h, w, c) uint8, normalised by the moving statistics."""
        self._check(images)
        images = np.ascontiguousarray(images)
        logits = np.empty((len(images), self.num_classes), np.float32)
        self._library.engine_predict(self._engine, images.ctypes.data, len(images), logits.ctypes.data)
        return logits

    def _check(self, images: Images) -> None:
        if self._engine is None:
            raise ValueError("The engine is closed.")
        if images.dtype != np.uint8 or images.shape[1:] != self.network.input_shape:
            raise ValueError(
                f"images must be uint8 of shape {self.network.input_shape}; got {images.dtype} {images.shape[1:]}."
            )

    def weights(self) -> dict[str, Weights]:
        """Return copies of all weights, by ``layer/weight``, in the shapes that Keras gives them."""
        return {name: view.copy().reshape(shape) for name, view, shape in self._views(self._parameters)}

    def set_weights(self, weights: Mapping[str, Weights]) -> None:
        """Take over weights as :meth:`weights` returns them."""
        for name, view, _ in self._views(self._parameters):
            view[...] = weights[name].reshape(view.shape)
        self._library.engine_parameters_changed(self._engine)

    def gradients(self) -> dict[str, Weights]:
        """Return the gradients of the last step as :meth:`weights` names them; call it once before that step, too."""
        kept = np.ctypeslib.as_array(self._library.engine_keep_gradients(self._engine), self._parameters.shape)
        return {name: view.copy().reshape(shape) for name, view, shape in self._views(kept) if "moving" not in name}

    def state(self) -> dict[str, Array | npt.NDArray[np.int64]]:
        """Return views of everything a checkpoint needs: parameters, both moments of Adam, the number of steps."""
        shape = self._parameters.shape
        moments = [np.ctypeslib.as_array(self._library.engine_moments(self._engine, each), shape) for each in (0, 1)]
        step = np.ctypeslib.as_array(self._library.engine_step(self._engine), (1,))
        return {"parameters": self._parameters, "first": moments[0], "second": moments[1], "step": step}

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Take over a state as :meth:`state` returned it, copied."""
        for name, view in self.state().items():
            view[...] = state[name]
        self._library.engine_parameters_changed(self._engine)

    def _layout(self, number: int) -> LayerLayout:
        layout = LayerLayout()
        self._library.engine_layer(self._engine, number, ctypes.byref(layout))
        return layout

    def _views(self, flat: Array) -> Iterator[tuple[str, Array, tuple[int, ...]]]:
        """Yield each weight's name, a view of it within ``flat``, and its shape in Keras."""
        for layer, at in zip(self._layers, self._layouts, strict=True):
            if layer.name:
                shapes = {name: array.shape for name, array in self.network[layer.name].weights.items()}
                for name, view in _parts(layer, at, flat).items():
                    if name in shapes:
                        yield f"{layer.name}/{name}", view, shapes[name]


def _parts(layer: EngineLayer, at: LayerLayout, flat: Array) -> dict[str, Array]:
    """Views of the parts of one layer, without the padding; ``engine.h`` says how they lie."""
    spec, kernel = layer.spec, flat[at.at : at.at + at.kernel]
    rest = flat[at.at + at.kernel : at.at + at.kernel + at.bias]
    if spec.kind == CONV and at.sparse:
        taps = (spec.kernel_h, spec.kernel_w)
        size = at.out_c * spec.kernel_h * spec.kernel_w * at.in_stride
        view = kernel[:size].reshape(at.out_c, *taps, at.in_stride)[..., : at.in_c].transpose(1, 2, 3, 0)
    elif spec.kind == CONV:
        size = spec.kernel_h * spec.kernel_w * at.in_c * at.out_stride
        view = kernel[:size].reshape(spec.kernel_h, spec.kernel_w, at.in_c, at.out_stride)[..., : at.out_c]
    elif spec.kind == DENSE:
        view = kernel.reshape(at.in_h * at.in_w, at.in_stride, at.out_stride)[:, : at.in_c, : at.out_c]
    else:
        second = at.out_stride
        return {
            "gamma": kernel[: at.out_c], "beta": kernel[second : second + at.out_c],
            "moving_mean": rest[: at.out_c], "moving_variance": rest[second : second + at.out_c],
        }  # fmt: skip
    return {"kernel": view, "bias": rest[: at.out_c]}
