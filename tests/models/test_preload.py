from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the library has this name on Linux")

PROGRAM = """
import sys
from convscope.models.preload import preload_tensorflow
with preload_tensorflow():
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


def output_of(program: str, **environment: str) -> str:
    """Return what a new process prints; it must succeed and write nothing to standard error."""
    done = run(program, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_the_library_is_in_memory_before_tensorflow_is_imported_and_the_import_takes_it() -> None:
    assert output_of(PROGRAM + THEN_IMPORT, KERAS_BACKEND="tensorflow") == "True\n3\n"


def test_nothing_is_mapped_where_another_backend_is_asked_for() -> None:
    assert output_of(PROGRAM, KERAS_BACKEND="jax") == "False\n"


@pytest.mark.slow
def test_pythons_messages_arrive_meanwhile_and_the_librarys_do_not() -> None:
    done = run(PROGRAM.replace("    pass", "    print('a bar', file=sys.stderr)") + "print('after', file=sys.stderr)")
    assert (done.returncode, done.stdout) == (0, "True\n")
    assert done.stderr == "a bar\nafter\n"


def test_an_exception_meanwhile_is_not_lost() -> None:
    program = (
        "from convscope.models.preload import preload_tensorflow\nwith preload_tensorflow():\n    raise KeyError('gone')"
    )
    done = run(program)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("KeyError: 'gone'")


def test_a_replaced_sys_stderr_is_left_alone() -> None:
    program = "import io, sys\nsys.stderr = kept = io.StringIO()\n" + PROGRAM.replace(
        "    pass", "    assert sys.stderr is kept"
    )
    assert output_of(program) == "True\n"
