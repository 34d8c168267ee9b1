"""Logits from ``model.onnx`` through ONNX Runtime, which starts in 0.2 s."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..data.preprocessing import to_inputs
from ..errors import RunError, ShapeError, is_short_of_memory, reason_of
from ..system.isolation import OFFLINE
from ..system.memory import free_memory
from ..types import Floats, Images, PathLike
from .onnx_file import read_onnx_file

BATCH_SIZE = 128
"""Images per batch: the activations of a small network stay in the processor's cache."""
FATAL = 4
"""ONNX Runtime's highest level of its log."""
INPUTS, LOGITS, PROBABILITIES, FEATURES = "inputs", "logits", "probabilities", "features"


class FileContent(bytes):
    """The content of a file that was checked, and that may be somebody else's all the same."""


class Predictor:
    """An exported network, ready to classify."""

    def __init__(self, source: PathLike | bytes) -> None:
        """Open the path or the content of an ``.onnx`` file; RunError unless convscope wrote it."""
        self._content = source if isinstance(source, bytes) else FileContent(read_onnx_file(source))
        self._session = open_session(self._content, _name(source))
        self._input = self._session.get_inputs()[0]
        self._outputs = {output.name: output.shape for output in self._session.get_outputs()}
        if any(len(self._outputs.get(name, (0, 0))) != 2 for name in (LOGITS, FEATURES)) or LOGITS not in self._outputs:
            raise RunError(f"{_name(source)} is no .onnx file of convscope: it has no output named {LOGITS!r}.")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the content that was opened."""
        return Predictor, (self._content,)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape (h, w, c) of one input image."""
        return tuple(self._input.shape[1:])

    @property
    def num_classes(self) -> int:
        return int(self._outputs[LOGITS][1])

    @property
    def num_features(self) -> int:
        """The number d of features; 0 if the model has no such output."""
        return int(self._outputs[FEATURES][1]) if self.has_features else 0

    @property
    def metadata(self) -> Mapping[str, str]:
        """Text entries of the file: ``class_names`` as JSON, ``pixel_scale`` and more."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def has_features(self) -> bool:
        """Whether the model has the output ``features``; files of earlier versions lack it."""
        return FEATURES in self._outputs

    def logits(self, images: Images) -> Floats:
        """Map images (n, h, w, c) uint8 to logits (n, k) float32; ShapeError for another shape."""
        return self._run([LOGITS], images)[0]

    def features_and_logits(self, images: Images) -> tuple[Floats, Floats]:
        """Map images (n, h, w, c) uint8 to last-layer inputs (n, d) and logits (n, k), float32."""
        features, logits = self._run([FEATURES, LOGITS], images)
        return features, logits

    def check_shape(self, images: Images) -> None:
        """Raise ShapeError unless ``images`` are (n, h, w, c) of the model's h, w and c."""
        if images.shape[1:] != self.image_shape:
            raise ShapeError(
                f"images have shape {images.shape}; this model takes (n, {', '.join(map(str, self.image_shape))}). "
                "Resize them first."
            )

    def _run(self, names: list[str], images: Images) -> list[Floats]:
        self.check_shape(images)

        def batch(start: int) -> list[Floats]:
            inputs = to_inputs(images[start : start + BATCH_SIZE])
            try:
                results: list[Floats] = self._session.run(names, {self._input.name: inputs})
            except Exception as error:
                raise _failure("the model", f"ONNX Runtime cannot run the model ({reason_of(error)})", error) from error
            return results

        starts = range(0, len(images) or 1, BATCH_SIZE)  # no images: one empty batch, so that results have a shape
        if len(starts) == 1:
            return batch(0)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return [np.concatenate(parts) for parts in zip(*pool.map(batch, starts), strict=True)]


def open_session(content: bytes, name: str = "the model in memory") -> Any:
    """Open an ONNX model with one thread per call, or raise RunError about ``name``."""
    onnxruntime = _quiet_runtime()
    # Callers run one thread per batch instead of several per layer: twice as fast where other programs want the
    # processor too, equally fast elsewhere, and the results do not depend on the number of threads.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = FATAL  # the log repeats names of the file as they are
    options.add_session_config_entry("session.load_model_format", "ONNX")  # its other format was not checked
    without = []
    if isinstance(content, FileContent):
        _limit_memory()
        options.add_session_config_entry("session.use_env_allocators", "1")
        without = ["ConstantFolding"]  # it computes without that limit, as the session is opened
    try:
        return onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], disabled_optimizers=without
        )
    except Exception as error:  # ONNX Runtime's exceptions share no other base class
        raise _failure(name, f"{name} is no .onnx file of convscope or is damaged ({reason_of(error)})", error) from error


def _failure(name: str, fault: str, error: Exception) -> RunError:
    """Return what to raise for an exception of ONNX Runtime: ``fault``, unless it is the memory that is missing."""
    if is_short_of_memory(error):
        return RunError(f"{name} needs more memory than is free. Free some, or use a smaller model.")
    return RunError(f"{fault}. Train again, or copy the run folder again.")


@cache
def _limit_memory() -> None:
    """Let the networks of files share half of the memory that is free now, so that none can take all of it."""
    onnxruntime = _quiet_runtime()
    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    most = (free_memory() or 0) // 2  # 0: no limit
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({"max_mem": most}))


def _quiet_runtime() -> Any:
    """Import ONNX Runtime, which reports each session to its maker unless it is told not to before the import."""
    os.environ.update(OFFLINE)
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # for one that was imported before
    return onnxruntime


def _name(source: PathLike | bytes) -> str:
    return "the model in memory" if isinstance(source, bytes) else repr(str(Path(source)))
