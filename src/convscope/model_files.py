"""Files of other programs' models that are handed to convscope, and what their owners are told.

Opening one of them could run code that is in it, so none is opened: its ending is enough to say what it is.
"""

from __future__ import annotations

from pathlib import Path

from .types import PathLike

HDF5 = (".h5", ".hdf5")
PICKLED = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt")
AS_KERAS = 'keras.saving.load_model("{name}").save("{stem}.keras")'
WEIGHTS_AS_KERAS = 'model.load_weights("{name}"); model.save("{stem}.keras")'


def is_foreign(path: PathLike) -> bool:
    """Whether the ending is that of a model which convscope does not open."""
    return Path(path).suffix.lower() in (*HDF5, *PICKLED)


def refusal(path: PathLike, expected: str, *, retrain: bool = False) -> str:
    """The sentence for such a file: what it is, why it stays closed, and the way out. ``expected``: what would do.

    ``retrain``: whether a run was wanted, which only a training makes.
    """
    path = Path(path)
    if path.suffix.lower() in PICKLED:
        return (
            f"{str(path)!r} is a pickled model, and opening one runs whatever code is in it; {expected} was expected. "
            "Rebuild the network in Keras and train it: convscope train DATA --model file.py:build."
        )
    return (
        f"{str(path)!r} is an HDF5 file, Keras' older format, which convscope does not open because it may hold code; "
        f"{expected} was expected. Where you trust it, save it with Keras itself: {_way_out(path)}"
        f"{_training(path) if retrain else ''}"
    )


def _training(path: Path) -> str:
    return f", and train its layers: convscope train DATA --model {_stem(path)}.keras"


def _way_out(path: Path) -> str:
    if path.stem.endswith(".weights"):
        return f"build the network, then {WEIGHTS_AS_KERAS.format(name=path.name, stem=_stem(path))}"
    return AS_KERAS.format(name=path.name, stem=_stem(path))


def _stem(path: Path) -> str:
    return path.stem.removesuffix(".weights")
