from __future__ import annotations

import os
import subprocess
import sys

import pytest

from convscope.models import backend
from convscope.models.backend import prefers_bfloat16

WITHOUT_TENSORFLOW = "import sys; sys.modules['tensorflow'] = None; from convscope.cli.main import main; sys.exit(main({}))"


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=False)


@pytest.mark.slow
def test_without_a_backend_train_names_what_to_install() -> None:
    result = run(WITHOUT_TENSORFLOW.format(["train", "digits"]))
    assert result.returncode == 1
    assert result.stderr.count("\n") <= 2
    assert "TensorFlow" in result.stderr
    assert "pip install 'convscope[cpu]'" in result.stderr


@pytest.mark.slow
def test_data_are_shown_without_a_backend() -> None:
    result = run(WITHOUT_TENSORFLOW.format(["data", "digits"]))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_another_backend_is_refused_by_name() -> None:
    result = run("from convscope.cli.main import main; exit(main(['train', 'digits']))", KERAS_BACKEND="torch")
    assert result.returncode == 1
    assert "KERAS_BACKEND is 'torch'" in result.stderr


@pytest.mark.slow
def test_importing_tensorflow_prints_nothing() -> None:
    result = run("from convscope.models.backend import require_backend; require_backend(); "
                 "import tensorflow as tf; tf.constant([1.0]) + 1")  # fmt: skip
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.slow
def test_the_command_imports_none_of_the_extras_and_others_may_import_them_later() -> None:
    result = run("import gc, sys; from convscope.models import backend; backend.skip_optional_imports(); "
                 "backend.require_backend(); "
                 "assert not set(backend.EXTRAS) & set(sys.modules); assert gc.isenabled() and gc.get_freeze_count() > 10**5; "
                 "import jax, matplotlib, sklearn")  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_a_notebook_keeps_its_collector_as_it_was() -> None:
    result = run("import gc; gc.disable(); from convscope.models.backend import require_backend; require_backend(); "
                 "assert not gc.isenabled() and not gc.get_freeze_count()")  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")


def test_bfloat16_is_computed_only_by_tensorflow_on_a_processor_that_multiplies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    for multiplies in (True, False):
        monkeypatch.setattr(backend, "multiplies_bfloat16", lambda answer=multiplies: answer)
        assert prefers_bfloat16() == multiplies
    monkeypatch.setattr(backend, "multiplies_bfloat16", lambda: True)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert not prefers_bfloat16()
