"""A killed training resumes as if it had not been interrupted."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convscope.api import train as train_module
from convscope.api.study_worker import train_run
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.errors import RunError
from convscope.models.architectures import ann, logistic, strong
from convscope.models.custom import Build
from convscope.runs import run_folder
from convscope.runs.files import CHECKPOINT, MANIFEST, REQUEST
from convscope.studies.plan import make_plan
from convscope.training import engines
from convscope.training.checkpoint import load_checkpoint
from convscope.training.events import Event, TrainProgress
from convscope.training.loop import Training, fit
from convscope.training.recipes import notebook, standard

FOUR_EPOCHS = replace(standard().with_epochs(4), min_steps_per_epoch=1)
"""Short ones, that see each image once."""


class KilledError(Exception):
    """Raised instead of killing the process within an epoch."""


def killed_after(epochs: int, checkpoint: Path, digits: Dataset, engine: str) -> None:
    """Train until ``epochs`` are done and die in the next one."""

    def die(event: Event) -> None:
        if isinstance(event, TrainProgress) and event.epoch == epochs + 1:
            raise KilledError

    with pytest.raises(KilledError):
        fit(strong, digits, FOUR_EPOCHS, seed=3, engine=engine, progress=die, checkpoint=checkpoint)


@pytest.fixture(scope="module")
def straight(request: pytest.FixtureRequest, digits: Dataset) -> Training:
    """A training of the network that has dropout and moving statistics, too, never stopped."""
    return fit(strong, digits, FOUR_EPOCHS, seed=3, engine=request.param)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("straight", "epochs"),
    [("native", 1), ("native", 3), ("keras", 3), pytest.param("keras", 1, marks=pytest.mark.thorough)],
    indirect=["straight"],
)
def test_a_resumed_training_ends_with_the_weights_of_one_never_stopped(
    epochs: int, digits: Dataset, straight: Training, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    killed_after(epochs, checkpoint, digits, straight.engine)
    assert load_checkpoint(checkpoint).epochs_done == epochs
    resumed = fit(strong, digits, FOUR_EPOCHS, seed=3, engine=straight.engine, checkpoint=checkpoint)
    weights, others = (each.network.weight_arrays() for each in (resumed, straight))
    assert all(np.array_equal(weights[name], others[name]) for name in others)
    assert [record.epoch for record in resumed.history] == [1, 2, 3, 4]
    values = [(record.loss, record.val_accuracy, record.learning_rate) for record in straight.history]
    assert [(record.loss, record.val_accuracy, record.learning_rate) for record in resumed.history] == values
    for ours, theirs in zip(resumed.snapshots, straight.snapshots, strict=True):
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_a_checkpoint_holds_the_history_so_far(digits: Dataset, tmp_path: Path) -> None:
    training = fit(logistic, digits, notebook().with_epochs(3), seed=0, checkpoint=tmp_path / "checkpoint.npz")
    kept = load_checkpoint(tmp_path / "checkpoint.npz")
    assert kept.history == training.history


@pytest.mark.parametrize(("network", "engine"), [(logistic, "native"), pytest.param(ann, "keras", marks=pytest.mark.slow)])
def test_the_checkpoint_of_another_network_or_engine_is_refused(
    network: Build, engine: str, digits: Dataset, tmp_path: Path
) -> None:
    fit(ann, digits, standard().with_epochs(1), seed=0, engine="native", checkpoint=tmp_path / "checkpoint.npz")
    with pytest.raises(RunError, match="overwrite=True instead of resume=True"):
        fit(network, digits, standard().with_epochs(2), seed=0, engine=engine, checkpoint=tmp_path / "checkpoint.npz")


def test_a_damaged_checkpoint_is_refused(digits: Dataset, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    fit(logistic, digits, standard().with_epochs(1), seed=0, checkpoint=checkpoint)
    whole = checkpoint.read_bytes()
    other = io.BytesIO()
    np.savez(other, weights=np.zeros(3))
    for damaged in (b"", whole[:100], whole[:5000], other.getvalue()):
        checkpoint.write_bytes(damaged)
        with pytest.raises(RunError, match=r"checkpoint\.npz' cannot be read\. Delete it, and the training begins again\."):
            load_checkpoint(checkpoint)


def command(folder: Path, *more: str, epochs: int = 3) -> list[str]:
    return [sys.executable, "-m", "convscope", "train", "digits", "--epochs", str(epochs), "--no-report", "--quiet", "--out",
            str(folder), *more]  # fmt: skip


def weights_digest(folder: Path) -> str:
    with np.load(run_folder.verify(folder) / "snapshots.npz") as archive:
        return hashlib.sha256(b"".join(archive[name].tobytes() for name in sorted(archive.files))).hexdigest()


@pytest.mark.slow
def test_a_command_killed_at_random_moments_and_resumed_learns_the_same_bit_for_bit(tmp_path: Path) -> None:
    started = time.monotonic()
    subprocess.run(command(tmp_path / "straight", epochs=40), check=True, capture_output=True)
    seconds = time.monotonic() - started
    random = np.random.default_rng(0)
    folder = tmp_path / "killed"
    for _ in range(2):
        with subprocess.Popen(
            command(folder, "--resume", epochs=40), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            time.sleep(random.uniform(0.4, 0.7) * seconds)
            process.kill()
            _, errors = process.communicate()
        assert process.returncode in {0, -signal.SIGKILL}, errors
        if (folder / MANIFEST).exists():
            break
    else:
        subprocess.run(command(folder, "--resume", epochs=40), check=True, capture_output=True)
    assert weights_digest(folder) == weights_digest(tmp_path / "straight")
    assert not (folder / CHECKPOINT).exists()


@pytest.mark.slow
def test_only_the_same_training_can_be_resumed_and_only_an_unfinished_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    with subprocess.Popen(command(folder, epochs=500), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (folder / CHECKPOINT).exists():
            time.sleep(0.05)
        process.kill()
    before = {name: (folder / name).read_bytes() for name in os.listdir(folder) if not name.startswith(".")}
    for more, settings in (
        (["--seed", "1"], "seed 0.* 1"),
        (["--recipe", "notebook"], "recipe 'standard'.*'notebook'"),
        (["--epochs", "9"], "epochs 500.* 9"),
    ):
        assert main(command(folder, "--resume", *more, epochs=500)[3:]) == 2
        assert re.search(settings, capsys.readouterr().err)
        assert {name: (folder / name).read_bytes() for name in before} == before
    assert main(command(folder, epochs=500)[3:]) == 1
    assert "--resume" in capsys.readouterr().err
    assert json.loads((folder / REQUEST).read_text())["seed"] == 0


@pytest.mark.parametrize("engine", ["native", pytest.param("keras", marks=pytest.mark.slow)])
def test_a_training_is_not_resumed_where_sums_are_rounded_otherwise(
    engine: str, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, config = tmp_path / "checkpoint.npz", notebook().with_epochs(2)

    def resume() -> Training:
        return fit(logistic, digits, config, seed=0, engine=engine, checkpoint=checkpoint)

    before = resume().arithmetic
    assert resume().arithmetic == before
    if engine == "native":
        changes = [(engines, "fastest_library", lambda: Path("engine-x86-64-v9.so"))]
    else:
        changes = [
            (engines, "available_processors", lambda: 77),
            (engines, "describe_machine", lambda: {"processor": "another"}),
        ]
    for module, name, function in changes:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, function)
            with pytest.raises(RunError, match=f"begun with {re.escape(before)}, and would go on with .*overwrite=True"):
                resume()
    assert load_checkpoint(checkpoint).arithmetic == before


@pytest.mark.slow
def test_a_run_of_a_study_begun_on_another_processor_is_trained_anew(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (spec,) = make_plan(
        digits, models=["logistic"], recipes=["notebook"], epochs=2, seeds=1, sizes=None, search=None
    ).run_specs()
    with monkeypatch.context() as patch:
        patch.setattr(engines, "fastest_library", lambda: Path("engine-x86-64-v9.so"))
        patch.setattr(train_module, "make_record", _die)
        with pytest.raises(KilledError):
            train_run(digits, spec, tmp_path / "run")
    assert (tmp_path / "run" / CHECKPOINT).is_file()
    train_run(digits, spec, tmp_path / "run")
    train_run(digits, spec, tmp_path / "straight")
    assert weights_digest(tmp_path / "run") == weights_digest(tmp_path / "straight")
    request = json.loads((tmp_path / "run" / REQUEST).read_text())
    assert "v9" not in request["arithmetic"]


def _die(*_: object, **__: object) -> None:
    raise KilledError


@pytest.mark.slow
def test_the_native_engine_learns_the_same_on_any_number_of_cores_and_resumes_there(tmp_path: Path) -> None:
    code = "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from convscope.cli.main import main; "
    code += "sys.exit(main(sys.argv[1:]))"
    for name, start in {"all": [], "one": [sys.executable, "-c", code]}.items():
        whole = command(tmp_path / name, "--model", "cnn", epochs=3)
        subprocess.run([*start, *whole[3:]] if start else whole, check=True, capture_output=True)
    assert weights_digest(tmp_path / "all") == weights_digest(tmp_path / "one")
