from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the library has this name on Linux")

PROGRAM = """
import sys
from convscope.models.mapping import mapping_tensorflow
with mapping_tensorflow():
    pass
assert "tensorflow" not in sys.modules
print("libtensorflow_cc" in open("/proc/self/maps").read())
"""
THEN_IMPORT = """
from convscope.models.backend import require_backend
assert require_backend() == "tensorflow"
import tensorflow
print(int(tensorflow.constant([1, 2]).numpy().sum()))
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=variables, timeout=120)


def said_by(program: str, **environment: str) -> str:
    """What a new process prints; it must end well, and be silent on standard error."""
    done = run(program, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_the_library_is_in_memory_before_tensorflow_is_imported_and_the_import_takes_it() -> None:
    assert said_by(PROGRAM + THEN_IMPORT, KERAS_BACKEND="tensorflow") == "True\n3\n"


def test_nothing_is_mapped_where_another_backend_is_asked_for() -> None:
    assert said_by(PROGRAM, KERAS_BACKEND="jax") == "False\n"


@pytest.mark.slow
def test_what_python_says_meanwhile_arrives_and_what_the_library_says_does_not() -> None:
    done = run(PROGRAM.replace("    pass", "    print('a bar', file=sys.stderr)") + "print('after', file=sys.stderr)")
    assert (done.returncode, done.stdout) == (0, "True\n")
    assert done.stderr == "a bar\nafter\n"


def test_what_goes_wrong_meanwhile_is_not_lost() -> None:
    program = (
        "from convscope.models.mapping import mapping_tensorflow\nwith mapping_tensorflow():\n    raise KeyError('gone')"
    )
    done = run(program)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("KeyError: 'gone'")


def test_a_stream_of_somebody_elses_is_left_alone() -> None:
    program = "import io, sys\nsys.stderr = kept = io.StringIO()\n" + PROGRAM.replace(
        "    pass", "    assert sys.stderr is kept"
    )
    assert said_by(program) == "True\n"
