"""Settings of the folder, the user and the system: files named like modules, matplotlibrc, keras.json, variables."""

import os
from pathlib import Path

import pytest

from convscope.api.run import Run

from .command import answer_of, run_python  # type: ignore[import-not-found]

DRAW = """
import sys
from pathlib import Path
from convscope.system.isolation import isolate_process
from convscope.figures.theme import ignore_settings_file
isolate_process()
ignore_settings_file()
from convscope.figures.parallel import _render
from convscope.figures.gallery import drawers
from convscope.runs.store import load_record
import hashlib
drawn = [_render(drawers(load_record(Path(sys.argv[1])))[number]()) for number in (1, 3)]
print(hashlib.sha256(b"".join(each.png + each.svg.encode() for each in drawn)).hexdigest())
"""
MODULES = [
    "loky",
    "json",
    "numpy",
    "typing",
    "click",
    "onnxruntime",
    "matplotlib",
    "random",
    "tempfile",
    "secrets",
    "zipfile",
]
SETTINGS = """\
text.usetex: True
text.latex.preamble: \\write18{touch ran}
font.size: 40
svg.hashsalt: convscope
svg.fonttype: path
image.origin: lower
axes.linewidth: 20
path.sketch: 1, 2, 3
backend: nonsense
"""
VARIABLES = {
    "no such back-end": {"MPLBACKEND": "none"},
    "a back-end with windows": {"MPLBACKEND": "TkAgg"},
    "settings elsewhere": {"MATPLOTLIBRC": "elsewhere"},
    "settings from the network": {"MATPLOTLIBRC": "https://example.com/matplotlibrc"},
    "warnings are errors": {"PYTHONWARNINGS": "error"},
    "no assertions": {"PYTHONOPTIMIZE": "1"},
    "no threads": {"OMP_NUM_THREADS": "0", "OPENBLAS_NUM_THREADS": "-1", "MKL_NUM_THREADS": "many"},
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"},
    "another time": {"TZ": "Asia/Kathmandu", "SOURCE_DATE_EPOCH": "0"},
    "no time": {"TZ": "none"},
    "another order of sets": {"PYTHONHASHSEED": "7"},
    "a narrow terminal": {"COLUMNS": "1", "LINES": "1"},
    "a terminal of words": {"COLUMNS": "wide", "TERM": "none"},
    "colours": {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"},
    "no colours": {"NO_COLOR": "1", "TERM": "dumb"},
    "no back-end of Keras": {"KERAS_BACKEND": "none", "KERAS_MAX_EPOCHS": "x"},
}


def merged() -> dict[str, dict[str, str]]:
    """All variables at once, in as few environments as hold them without two values of one."""
    together: list[dict[str, str]] = [{}]
    for variables in VARIABLES.values():
        if all(each.keys() & variables.keys() for each in together):
            together.append({})
        next(each for each in together if not each.keys() & variables.keys()).update(variables)
    return {f"together {number}": each for number, each in enumerate(together, start=1)}


ENVIRONMENTS = {**merged(), **VARIABLES}
EACH = [pytest.param(name, marks=pytest.mark.thorough if name in VARIABLES else ()) for name in ENVIRONMENTS]


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Path:
    """Return a folder with files named like modules that leave the file ``ran``."""
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("--version",), ("data", "digits"), ("predict",)])
def test_no_file_of_the_current_folder_is_run(arguments: tuple[str, ...], hostile_folder: Path, digits_run: Run) -> None:
    more = (digits_run.folder, digits_run.folder / "figures" / "loss.png") if arguments == ("predict",) else ()
    answer_of(*arguments, *more, folder=hostile_folder)
    assert not (hostile_folder / "ran").exists()


@pytest.mark.slow
def test_no_worker_of_a_study_runs_a_file_of_the_current_folder(hostile_folder: Path) -> None:
    for name in ("types", "warnings"):  # Python itself runs those for `python -m`, but not for the command
        (hostile_folder / f"{name}.py").write_text(f"open({str(hostile_folder / 'ran')!r}, 'w')")
    code = "from convscope.__main__ import run; import sys; sys.argv[0] = 'convscope'; run()"
    command = (
        "study",
        "digits",
        "--models",
        "logistic",
        "--recipes",
        "sprint",
        "--seeds",
        "2",
        "--workers",
        "2",
        "--out",
        "s",
    )
    answer = run_python("-P", "-c", code, *command, folder=hostile_folder, seconds=200, environment={})
    assert answer.status == 0, answer.error
    assert not (hostile_folder / "ran").exists()


def _drawn(run: Run, folder: Path, **environment: str) -> str:
    answer = run_python("-P", "-c", DRAW, run.folder.resolve(), folder=folder, seconds=60, environment=environment)
    assert answer.status == 0, answer.error
    return str(answer.out)


@pytest.fixture(scope="module")
def usual(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    return _drawn(digits_run, tmp_path_factory.mktemp("empty"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["settings", "no text", "a pipe", "the user's"])
def test_no_settings_of_matplotlib_change_a_figure(kind: str, usual: str, digits_run: Run, tmp_path: Path) -> None:
    folder = tmp_path / ".config/matplotlib" if kind == "the user's" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "a pipe":
        os.mkfifo(folder / "matplotlibrc")
    else:
        (folder / "matplotlibrc").write_bytes(b"\xff\xfe\x00" if kind == "no text" else SETTINGS.encode())
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")}
    assert _drawn(digits_run, tmp_path, **environment) == usual
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
def test_no_variable_changes_a_figure(name: str, usual: str, digits_run: Run, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(SETTINGS)
    assert _drawn(digits_run, tmp_path, **ENVIRONMENTS[name]) == usual


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
def test_no_variable_changes_an_answer(name: str, digits_run: Run, tmp_path: Path) -> None:
    answer = answer_of("evaluate", digits_run.folder.resolve(), "--json", folder=tmp_path, **ENVIRONMENTS[name])
    assert answer.status == 0, answer.error
    assert f"{digits_run.evaluation.accuracy:.6f}"[:6] in answer.out
    assert "\x1b" not in answer.out + answer.error


KERAS = """
from convscope.models.backend import require_backend
require_backend()
import keras
import tensorflow as tf
tf.constant([1.0]) + 1
print(keras.config.image_data_format(), keras.config.floatx(), keras.config.backend())
"""


@pytest.mark.rows(1)
@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", ['{"image_data_format": "channels_first", "floatx": "float16", "backend": "jax"}', "[]", "no JSON"]
)
def test_no_settings_of_keras_change_a_network(settings: str, tmp_path: Path) -> None:
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(settings)
    answer = run_python("-c", KERAS, folder=tmp_path, seconds=60, environment={"HOME": str(tmp_path), "KERAS_BACKEND": ""})
    assert answer.out.split() == ["channels_last", "float32", "tensorflow"], answer.error
    assert answer.error == ""
    assert (tmp_path / ".keras" / "keras.json").read_text() == settings


@pytest.mark.slow
def test_a_program_that_imports_convscope_keeps_its_environment(tmp_path: Path) -> None:
    code = "import os; before = dict(os.environ); import convscope, convscope.figures.parallel; assert before == dict(os.environ)"
    assert run_python("-c", code, folder=tmp_path, seconds=60, environment={"MPLBACKEND": "svg"}).status == 0
