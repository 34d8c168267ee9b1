"""Each setting of a training has its effect, on both engines, and is recorded so that the run can be repeated."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.cli.main import main
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.errors import ConfigError, ConvscopeError
from convscope.models.network import Weights
from convscope.training.events import Event, TrainProgress

ENGINES = ["native", "keras"]


def arrows() -> Dataset:
    """Marks above or below, always left in training and right in the test: one class each, whichever way they look."""
    generator = np.random.default_rng(0)

    def split(number: int, first: int) -> Split:
        images = generator.integers(0, 60, (number, 16, 16, 3), dtype=np.uint8)
        labels = np.arange(number) % 2
        for image, label in zip(images, labels, strict=True):
            top, left = 2 + 8 * label + generator.integers(3), first + generator.integers(3)
            image[top : top + 3, left : left + 3] = 255
        return Split(images, labels)

    return Dataset("arrows", split(400, 0), split(200, 10), ("up", "down"), Provenance("arrows", "arrows"))


def train(data: Any, folder: Path, **settings: Any) -> convscope.Run:
    return convscope.train(data, out=folder, report=False, **settings)


def weights(run: convscope.Run) -> dict[str, Weights]:
    return dict(run.record.network.weight_arrays())


def table(path: Path, counts: tuple[int, ...]) -> Path:
    generator = np.random.default_rng(1)
    labels = generator.permutation(np.repeat(np.arange(len(counts)), counts))
    images = generator.integers(0, 256, (len(labels), 8, 8), dtype=np.uint8)
    np.savez(path, x=images, y=labels)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flip", "engine"),
    [(False, "native"), (True, "native"), (True, "keras"), pytest.param(False, "keras", marks=pytest.mark.thorough)],
)
def test_a_flip_teaches_the_mirror_image(flip: bool, engine: str, tmp_path: Path) -> None:
    run = train(arrows(), tmp_path / "run", flip=flip, engine=engine, augment="none", model="ann", epochs=6)
    accuracy = run.evaluation.accuracy
    assert accuracy > 0.95 if flip else accuracy < 0.8


@pytest.mark.slow
def test_only_standard_flips_by_itself_and_only_what_looks_alike_from_both_sides(tmp_path: Path) -> None:
    for recipe in ("sprint", "standard", "best", "strong", "notebook"):
        for names in (("up", "down"), ("7", "L")):
            data = replace(arrows(), class_names=names)
            run = train(data, tmp_path / f"{recipe}-{names[0]}", recipe=recipe, epochs=1, model="logistic")
            flips = recipe == "standard" and names == ("up", "down")
            assert run.record.request["config"]["augmentation"]["flip"] is flips
            assert ("flip" in run.record.request["augmentation"]) is flips


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_batch_size_and_learning_rate_are_used_and_recorded(engine: str, tmp_path: Path) -> None:
    events: list[Event] = []
    run = convscope.train(
        "digits", model="logistic", out=tmp_path / "run", report=False, engine=engine, progress=events.append, epochs=2,
        batch_size=40, learning_rate=0.25, settings={"schedule": "constant", "min_steps_per_epoch": 1, "warm_up": 0},
    )  # fmt: skip
    request = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert request["batch_size"] == request["config"]["batch_size"] == 40
    assert request["config"]["learning_rate"] == 0.25
    assert run.history.column("learning_rate") == pytest.approx([0.25, 0.25])
    seen = [event.num_images for event in events if isinstance(event, TrainProgress)]
    assert set(seen) == {1318 // 40 * 40}  # whole batches
    command = shlex.split(request["command"])
    assert command[command.index("--batch-size") + 1] == "40"
    assert command[command.index("--learning-rate") + 1] == "0.25"
    assert "schedule=constant" in command


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_another_learning_rate_learns_other_weights(engine: str, tmp_path: Path) -> None:
    slow, fast = (
        train("digits", tmp_path / str(rate), model="logistic", epochs=1, learning_rate=rate, engine=engine)
        for rate in (1e-7, 0.01)
    )
    assert slow.evaluation.accuracy < 0.5 < fast.evaluation.accuracy


@pytest.mark.parametrize(
    ("rate", "message"), [(1000, r"diverged.* guessing 2\.3\..*learning_rate=0\.01\b"), (0.01, "(?m)^differs$")]
)
def test_a_training_that_diverged_is_not_blamed_on_its_export(
    rate: float, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differ(*_: object, **__: object) -> None:
        raise ConvscopeError("differs")

    monkeypatch.setattr(import_module("convscope.api.train"), "export_onnx", differ)
    with pytest.raises(ConvscopeError, match=message):
        train("digits", tmp_path / "run", model="logistic", epochs=2, learning_rate=rate)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "rate", "engine", "warns"),
    [
        ("cnn", 1e9, "native", True),
        ("ann", 1e9, "native", True),
        ("logistic", 1e-9, "native", False),
        ("ann", 0.001, "native", False),
    ],
)
def test_a_finished_training_that_diverged_says_so_and_leaks_no_warning(
    model: str, rate: float, engine: str, warns: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--model", model, "--epochs", "1", "--engine", engine, "--out", str(tmp_path / "run"), "--no-report"]
    assert main(["train", "digits", *arguments, "--learning-rate", f"{rate:g}", "--quiet"]) == 0
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 + int(warns)  # and that there is no report yet
    assert ("the training diverged" in shown and "try --learning-rate 0.01" in shown) == warns


RATES = [1e3, 1e12, 1e25, 1e29, 1e30, 1e33, 1e37]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "engine"),
    [
        *((rate, "native") for rate in RATES),
        *(pytest.param(rate, "keras", marks=() if rate in (1e3, 1e30) else pytest.mark.thorough) for rate in RATES),
    ],
)
def test_a_training_that_diverged_leaves_a_run_that_can_be_read_or_none(rate: float, engine: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    try:
        train("digits", folder, model="logistic", epochs=1, learning_rate=rate, engine=engine)
    except ConvscopeError as error:
        assert "learning_rate=0.01" in str(error)  # noqa: PT017 - either may be
    else:
        assert convscope.load_run(folder).evaluation.logits.shape == (359, 10)


@pytest.mark.slow
def test_the_recorded_command_trains_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = table(tmp_path / "my set.npz", (30, 50, 40))
    arguments: dict[str, Any] = {
        "model": "ann", "epochs": 1, "batch_size": 24, "learning_rate": 0.002, "flip": True, "test_share": 0.3, "seed": 4,
        "settings": {"optimizer": "adamw", "weight_decay": 1e-3, "rotation": 5, "final_epochs_less_augmented": 1},
    }  # fmt: skip
    run = train(data, tmp_path / "run", **arguments)
    command = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["command"]
    assert main([*shlex.split(command)[1:], "--out", "again", "--no-report", "--quiet"]) == 0
    again = convscope.load_run("again")
    assert again.record.request["config"] == run.record.request["config"]
    assert again.record.request["dataset"] == run.record.request["dataset"]
    assert all(np.array_equal(array, weights(again)[name]) for name, array in weights(run).items())


@pytest.mark.slow
def test_a_training_with_settings_resumes_with_the_same_and_refuses_others(tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, TrainProgress):
            assert event.epoch == 1

    settings: dict[str, Any] = {"model": "ann", "epochs": 2, "batch_size": 32, "flip": True, "settings": {"rotation": 5}}
    straight = train(arrows(), tmp_path / "straight", **settings)
    with pytest.raises(AssertionError):
        train(arrows(), tmp_path / "run", progress=stop, **settings)
    for other, named in (({"batch_size": 16}, "batch_size"), ({"flip": False}, "started with flip True, not False")):
        with pytest.raises(ConfigError, match=named):
            train(arrows(), tmp_path / "run", resume=True, **(settings | other))
    resumed = train(arrows(), tmp_path / "run", resume=True, **settings)
    assert all(np.array_equal(array, weights(resumed)[name]) for name, array in weights(straight).items())


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_share_for_the_test_is_held_out_of_each_class_and_read_again(share: float, tmp_path: Path) -> None:
    data, total = table(tmp_path / "data.npz", (20, 100, 60)), 180
    run = train(data, tmp_path / "run", test_share=share, model="logistic", epochs=1)
    assert run.dataset is not None
    assert len(run.dataset.test) == round(share * total)
    assert run.dataset.test.class_counts(3).tolist() == pytest.approx([share * each for each in (20, 100, 60)], abs=1)
    assert run.record.request["dataset"]["reading"]["test_share"] == share
    assert convscope.evaluate(tmp_path / "run").accuracy == run.evaluation.accuracy
    assert f"--test-share {share}" in run.record.request["command"]


@pytest.mark.slow
def test_the_builtin_digits_take_a_share_too(tmp_path: Path) -> None:
    assert main(["train", "digits", "--test-share", "0.4", "--model", "logistic", "--epochs", "1", "--no-report", "--quiet",
                 "--out", str(tmp_path / "run")]) == 0  # fmt: skip
    assert convscope.load_run(tmp_path / "run").record.metrics["test"]["n"] == round(0.4 * 1797)


def test_a_share_of_data_with_a_test_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="arrows has a test split of its own.*test_share"):
        train(arrows(), tmp_path / "run", test_share=0.3)
    with pytest.raises(ValueError, match="raise test_share"):
        train(table(tmp_path / "data.npz", (9, 9)), tmp_path / "run", test_share=0.001)


@pytest.mark.parametrize("options", [
    "--batch-size 0", "--batch-size many", "--learning-rate 0", "--learning-rate -1", "--learning-rate nan", "--epochs 0",
    "--test-share 0", "--test-share 1", "--test-share 30", "--test-share some", "--set nonsense=1", "--set beta_1",
    "--set beta_1=2", "--set optimizer=sgd", "--set flip=perhaps",
    "--flip --set flip=true", "--augment flip=2", "--set weight_decay=0.1",
])  # fmt: skip
def test_wrong_values_are_refused_before_any_data_are_read(options: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "no/such/data.npz", *options.split()]) == 2
    assert "no/such" not in capsys.readouterr().err


def test_the_last_word_on_one_setting_is_not_left_to_chance(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="settings must be a dictionary"):
        train(arrows(), tmp_path / "run", settings=["batch_size=8"])
    with pytest.raises(ConfigError, match="batch_size is given twice"):
        train(arrows(), tmp_path / "run", batch_size=8, settings={"batch_size": 16})
