from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.errors import ConvscopeError, DatasetError
from convscope.models.architectures import ann, cnn, logistic
from convscope.models.custom import ImageShape
from convscope.models.layers import Dense, Flatten, sequential
from convscope.models.network import Network, with_initial_weights
from convscope.training.config import TrainConfig
from convscope.training.events import Event, TrainingStarted, TrainProgress
from convscope.training.loop import fit
from convscope.training.recipes import notebook, sprint, standard
from convscope.training.validation_split import validation_split

DIGEST_OF_A_TRAINING = """
import hashlib, sys
from convscope.data.known.builtin import load_digits
from convscope.models.architectures import cnn
from convscope.training.loop import fit
from convscope.training.recipes import find_recipe
training = fit(cnn, load_digits(), find_recipe(sys.argv[1]).with_epochs(2), seed=3, engine=sys.argv[2])
digest = hashlib.sha256(b"".join(weight.tobytes() for weight in training.network.weight_arrays().values()))
print(digest.hexdigest(), training.history[1].loss, training.history[1].val_loss, training.engine)
"""


def digest(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    return output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "engine"),
    [
        ("standard", "native"),
        ("notebook", "native"),
        # A resumed training by Keras, in `test_checkpoint`, is another one bit for bit, too.
        pytest.param("standard", "keras", marks=pytest.mark.thorough),
        pytest.param("notebook", "keras", marks=pytest.mark.thorough),
    ],
)
def test_two_processes_with_one_seed_learn_the_same_weights_bit_for_bit(
    recipe: str, engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new process, and this one, in which other networks were trained before."""
    new = subprocess.Popen([sys.executable, "-c", DIGEST_OF_A_TRAINING, recipe, engine], stdout=subprocess.PIPE, text=True)
    monkeypatch.setattr(sys, "argv", ["", recipe, engine])
    exec(DIGEST_OF_A_TRAINING, {})
    assert digest(new) == capsys.readouterr().out


@pytest.mark.slow
def test_the_native_engine_learns_the_same_weights_whatever_the_number_of_threads() -> None:
    command = [sys.executable, "-c", DIGEST_OF_A_TRAINING, "standard", "native"]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": threads})
        for threads in ("1", "2", "3")
    ]
    assert len({digest(process) for process in processes}) == 1


def test_one_seed_learns_the_same_weights_twice_in_a_process_and_another_seed_others(digits: Dataset) -> None:
    first, again, other = (
        fit(logistic, digits, standard().with_epochs(1), seed=seed).network.weight_arrays() for seed in (0, 0, 1)
    )
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["dense/kernel"], other["dense/kernel"])


def flipping() -> TrainConfig:
    return sprint().with_settings({"flip": True})


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [notebook, sprint, flipping])
def test_both_engines_give_a_recipe_the_same_meaning(recipe: Callable[[], TrainConfig], digits: Dataset) -> None:
    """Nothing is random but what both draw alike, so the losses differ by rounding, which grows with the rate and the steps."""
    config = replace(recipe(), epochs=2, min_steps_per_epoch=1, learning_rate=0.003)
    native, keras = (fit(cnn, digits, config, seed=1, engine=engine) for engine in ("native", "keras"))
    assert (native.engine, native.backend, keras.engine) == ("native", "native", "keras")
    assert native.batch_size == keras.batch_size
    for ours, theirs in zip(native.history, keras.history, strict=True):
        assert ours.learning_rate == pytest.approx(theirs.learning_rate, rel=1e-9)
        assert (ours.loss, ours.val_loss) == pytest.approx((theirs.loss, theirs.val_loss), rel=1e-3)
        assert (ours.accuracy, ours.val_accuracy) == pytest.approx((theirs.accuracy, theirs.val_accuracy), abs=0.02)


@pytest.mark.slow
def test_a_description_that_keras_trains_starts_from_the_weights_of_its_seed(digits: Dataset) -> None:
    def tanh(image_shape: ImageShape, num_classes: int) -> Network:
        layers = [Flatten(), Dense(8, activation="tanh"), Dense(num_classes, activation="softmax")]
        return sequential("tanh", image_shape, layers)

    config = replace(notebook(), epochs=1, learning_rate=1e-9)
    for seed in (0, 1):
        training = fit(tanh, digits, config, seed=seed)
        initial = with_initial_weights(tanh(digits.image_shape, 10), seed).weight_arrays()
        assert training.engine == "keras"
        assert all(np.abs(training.network.weight_arrays()[name] - initial[name]).max() < 1e-6 for name in initial)


@pytest.mark.slow
def test_a_training_by_the_native_engine_imports_neither_keras_nor_tensorflow() -> None:
    code = DIGEST_OF_A_TRAINING + "assert not {'keras', 'tensorflow', 'jax'} & set(sys.modules)\n"
    digest(subprocess.Popen([sys.executable, "-c", code, "standard", "native"], stdout=subprocess.PIPE, text=True))


def test_a_training_reports_its_progress_and_keeps_every_epoch(digits: Dataset) -> None:
    events: list[Event] = []
    training = fit(ann, digits, standard().with_epochs(3), seed=0, progress=events.append)
    built = events[0]
    assert isinstance(built, TrainingStarted)
    assert built.network.name == "ann"
    assert (built.num_train, built.num_validation) == (training.num_train, len(training.validation)) == (1318, 120)
    assert built.repeats == standard().repeats_per_epoch(1318)
    assert (built.engine, built.engine_reason) == ("native", "")
    assert built.augmentation == ""  # a 28th of 8 pixels is none
    progress = [event for event in events[1:] if isinstance(event, TrainProgress)]
    assert [event.record for event in progress if event.record] == list(training.history)
    assert [record.epoch for record in training.history] == [1, 2, 3]
    whole = 1318 // training.batch_size * training.batch_size
    assert all(0 < event.images_done <= whole for event in progress)
    assert max(event.images_done for event in progress) == whole
    assert training.history[2].loss < training.history[0].loss
    assert len(training.snapshots) == 3
    assert not training.stopped_early


def test_the_last_snapshot_is_the_model_that_comes_out(digits: Dataset) -> None:
    training = fit(logistic, digits, standard().with_epochs(2), seed=0)
    weights = training.network.weight_arrays()
    assert all(np.array_equal(training.snapshots[-1][name], weights[name]) for name in weights)
    assert not np.array_equal(training.snapshots[0]["dense/kernel"], weights["dense/kernel"])


@pytest.mark.slow
def test_what_comes_out_is_a_float32_model_and_the_sessions_policy_is_untouched(digits: Dataset) -> None:
    import keras

    before = keras.config.dtype_policy().name
    training = fit(cnn, digits, standard().with_epochs(1), seed=0, engine="keras")
    assert {layer.dtype_policy.name for layer in training.model.layers} == {"float32"}
    assert {weight.dtype for weight in training.model.get_weights()} == {np.dtype(np.float32)}
    assert keras.config.dtype_policy().name == before


def test_the_users_random_generators_go_on_as_if_nothing_had_happened(digits: Dataset) -> None:
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)
    fit(logistic, digits, standard().with_epochs(1), seed=9)
    assert (random.random(), np.random.random()) == expected


def test_a_training_warns_of_nothing(digits: Dataset) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(logistic, digits, standard().with_epochs(1), seed=0)
    assert [str(warning.message) for warning in caught] == []


def test_validation_images_are_never_trained_on(digits: Dataset) -> None:
    kept, validation = validation_split(digits, standard(), seed=0)
    assert len(kept) + len(validation) == len(digits.train)
    training = {image.tobytes() for image in digits.train.images[kept]}
    assert len(training) == len(kept)
    assert not training & {image.tobytes() for image in validation.images}


def test_the_notebook_validates_on_the_test_split(digits: Dataset) -> None:
    kept, validation = validation_split(digits, notebook(), seed=0)
    assert validation is digits.test
    assert kept.tolist() == list(range(len(digits.train)))


def test_too_few_images_to_hold_any_out_are_refused(digits: Dataset) -> None:
    few = Dataset("few", digits.train.take(np.arange(4)), digits.test, digits.class_names, digits.provenance)
    with pytest.raises(DatasetError, match="few.* 4 "):
        fit(logistic, few, standard(), seed=0)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell starts background jobs with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_background_training_ignores_interrupts(digits: Dataset, interruptible: None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def interrupt(event: Event) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    assert not fit(logistic, digits, standard().with_epochs(2), seed=0, progress=interrupt).stopped_early
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize("recorded", [False, True], ids=["within an epoch", "after an epoch was recorded"])
def test_the_first_interrupt_stops_the_training_and_keeps_its_weights(
    recorded: bool, digits: Dataset, interruptible: None
) -> None:
    sent: list[Event] = []

    def interrupt(event: Event) -> None:
        if isinstance(event, TrainProgress) and event.epoch == 2 and bool(event.record) is recorded and not sent:
            sent.append(event)
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    training = fit(logistic, digits, standard().with_epochs(5), seed=0, progress=interrupt)
    assert training.stopped_early
    assert [record.epoch for record in training.history] == [1, 2]
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupt_after_the_last_step_stops_nothing_early(digits: Dataset, interruptible: None) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, TrainProgress) and event.epoch == 2 and event.record is not None:
            os.kill(os.getpid(), signal.SIGINT)

    training = fit(logistic, digits, standard().with_epochs(2), seed=0, progress=interrupt)
    assert not training.stopped_early


def test_the_second_interrupt_breaks_off(digits: Dataset, interruptible: None) -> None:
    before = signal.getsignal(signal.SIGINT)

    def interrupt(event: Event) -> None:
        if isinstance(event, TrainProgress):
            os.kill(os.getpid(), signal.SIGINT)
            while signal.getsignal(signal.SIGINT) is not before:  # two at once would count as one
                time.sleep(0.001)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        fit(logistic, digits, standard().with_epochs(5), seed=0, progress=interrupt)


@pytest.mark.budget
def test_sprint_reaches_987_on_mnist_in_less_processor_time_than_an_epoch_of_the_notebook_in_keras(mnist: Dataset) -> None:
    """What whole recipes reach is measured in benchmarks. Processor time, since another tenant can double that of the clock."""
    before = time.process_time()
    original = fit(cnn, mnist, notebook().with_epochs(1), seed=0, engine="keras")
    between = time.process_time()
    ours = fit(cnn, mnist, sprint(), seed=0)
    assert time.process_time() - between < between - before
    assert original.history[0].val_accuracy >= 0.97
    assert (ours.logits(mnist.test.images).argmax(axis=1) == mnist.test.labels).mean() >= 0.987


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_at_once_and_names_epoch_and_step(digits: Dataset) -> None:
    config = replace(sprint(), epochs=3, learning_rate=1e30, batch_normalization=False)
    seen: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, TrainProgress):
            seen.append(event.epoch)

    for engine, when in (("keras", r"at step \d+"), ("native", r"(at step|between the steps 1 and) \d+")):
        with pytest.raises(
            ConvscopeError, match=rf"(nan|inf) in epoch 1, {when}.*learning rate, at most 1e\+30.*learning_rate=0\.01\b"
        ):
            fit(ann, digits, config, seed=0, engine=engine, progress=listen)
    assert set(seen) <= {1}
