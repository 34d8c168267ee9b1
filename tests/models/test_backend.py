from __future__ import annotations

import os
import subprocess
import sys

import pytest

from convscope.system.installation import pip_line

WITHOUT_TENSORFLOW = "import sys; sys.modules['tensorflow'] = None; from convscope.cli.main import main; sys.exit(main({}))"


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=False)


@pytest.mark.slow
def test_without_a_backend_train_names_what_to_install() -> None:
    result = run(WITHOUT_TENSORFLOW.format(["train", "digits", "--engine", "keras"]))
    assert result.returncode == 1
    assert result.stderr.count("\n") <= 2
    assert "TensorFlow" in result.stderr
    assert pip_line("cpu") in result.stderr


@pytest.mark.slow
def test_data_are_shown_without_a_backend() -> None:
    result = run(WITHOUT_TENSORFLOW.format(["data", "digits"]))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_another_backend_is_refused_by_name() -> None:
    command = "from convscope.cli.main import main; exit(main(['train', 'digits', '--engine', 'keras']))"
    result = run(command, KERAS_BACKEND="torch")
    assert result.returncode == 1
    assert "KERAS_BACKEND is 'torch'" in result.stderr


@pytest.mark.thorough  # `hostile/test_environment.py` imports it where it must print nothing, too
@pytest.mark.slow
def test_importing_tensorflow_prints_nothing() -> None:
    result = run("from convscope.models.backend import require_backend; require_backend(); "
                 "import tensorflow as tf; tf.constant([1.0]) + 1")  # fmt: skip
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
