"""Refuse model files in formats that may hold code, with a way to convert them.

Opening such a file could run its code, so none is opened: the ending identifies the format.
"""

from __future__ import annotations

from pathlib import Path

from .types import PathLike

HDF5 = (".h5", ".hdf5")
PICKLED = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt")
AS_KERAS = 'keras.saving.load_model("{name}").save("{stem}.keras")'
WEIGHTS_AS_KERAS = 'model.load_weights("{name}"); model.save("{stem}.keras")'


def is_foreign(path: PathLike) -> bool:
    """Return whether the ending belongs to a format that convscope does not open."""
    return Path(path).suffix.lower() in (*HDF5, *PICKLED)


def refusal(path: PathLike, expected: str, *, retrain: bool = False) -> str:
    """Return the error message for a file that is not opened.

    Args:
        path: The file.
        expected: What to pass instead.
        retrain: Whether a run is needed, which only training produces.
    """
    path = Path(path)
    if path.suffix.lower() in PICKLED:
        return (
            f"{str(path)!r} is a pickled model, which runs code when it is opened; pass {expected} instead. "
            "Rebuild the network in Keras and train it: convscope train DATA --model file.py:build."
        )
    return (
        f"{str(path)!r} is an HDF5 file, Keras' older format, which may hold code and is not opened; pass {expected} instead. "
        f"If you trust it, convert it in Keras: {_conversion(path)}"
        f"{_training(path) if retrain else ''}"
    )


def _training(path: Path) -> str:
    return f", and train its layers: convscope train DATA --model {_stem(path)}.keras"


def _conversion(path: Path) -> str:
    if path.stem.endswith(".weights"):
        return f"build the network, then {WEIGHTS_AS_KERAS.format(name=path.name, stem=_stem(path))}"
    return AS_KERAS.format(name=path.name, stem=_stem(path))


def _stem(path: Path) -> str:
    return path.stem.removesuffix(".weights")
