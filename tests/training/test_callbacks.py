from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

import convscope
from convscope.errors import ConfigError, ConvscopeError
from convscope.runs.files import CHECKPOINT

ASKED: dict[str, Any] = {"model": "logistic", "epochs": 3, "report": False}


class Remembering(keras.callbacks.Callback):  # type: ignore[misc]
    """A callback of Keras that uses nothing but the results of the epochs."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, dict[str, float]]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.seen.append((epoch, dict(logs or {})))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native", "keras"])
def test_functions_and_callbacks_of_keras_get_every_epoch_under_keras_names(engine: str, tmp_path: Path) -> None:
    seen: list[tuple[int, dict[str, float]]] = []
    callback = Remembering()

    def change(epoch: int, logs: dict[str, float]) -> None:
        seen.append((epoch, dict(logs)))
        logs.clear()

    run = convscope.train("digits", engine=engine, out=tmp_path / "run", callbacks=[change, callback], **ASKED)
    names = ("accuracy", "loss", "val_accuracy", "val_loss", "learning_rate")
    assert seen == [(each.epoch - 1, {name: getattr(each, name) for name in names}) for each in run.history]
    assert callback.seen == seen
    if engine == "keras":
        split = run.dataset.train
        run.model.fit(split.images[:64] / 255.0, split.labels[:64], validation_split=0.5, verbose=0, callbacks=[callback])
        assert callback.seen[-1][1].keys() == set(names) - {"learning_rate"}  # in Keras' own training


@pytest.mark.slow
def test_the_baseline_beside_a_run_calls_nobody(tmp_path: Path, no_figures: None) -> None:
    epochs: list[int] = []
    asked = {**ASKED, "model": "cnn", "epochs": 1, "report": True}
    convscope.train("digits", out=tmp_path / "run", callbacks=[lambda epoch, logs: epochs.append(epoch)], **asked)
    assert epochs == [0]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native", "keras"])
def test_an_exception_in_a_callback_names_it_and_leaves_a_training_that_goes_on(engine: str, tmp_path: Path) -> None:
    def write_to_a_full_disk(epoch: int, logs: dict[str, float]) -> None:
        if epoch == 1:
            raise OSError(28, "No space left on device")

    asked = {**ASKED, "engine": engine, "out": tmp_path / "run"}
    with pytest.raises(
        ConvscopeError, match=r"write_to_a_full_disk' failed after epoch 2: OSError, no space left"
    ) as caught:
        convscope.train("digits", callbacks=[write_to_a_full_disk], **asked)
    assert "resume" in "".join(caught.value.__notes__)
    assert (tmp_path / "run" / CHECKPOINT).is_file()
    if engine == "native":  # Keras drops causes
        assert isinstance(caught.value.__cause__, OSError)
        seen: list[int] = []
        convscope.train("digits", resume=True, callbacks=[lambda epoch, logs: seen.append(epoch)], **asked)
        assert seen == [2]


@pytest.mark.parametrize("callbacks", [print, "abc", [3], {"a": print}, [print, None]])
def test_what_cannot_be_called_is_refused_before_any_work(callbacks: Any, tmp_path: Path) -> None:
    message = "callbacks must be a list( of functions .*|); got"
    with pytest.raises(ConfigError, match=message):
        convscope.train(tmp_path / "no data are read", callbacks=callbacks)
