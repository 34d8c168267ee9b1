"""What the shell is offered: through click's own protocol, and in a bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from convscope.cli.main import VERBS, group
from convscope.data.known.builtin import KNOWN
from convscope.models.architectures import MODELS
from convscope.training.recipes import RECIPES

HEAVY = ("keras", "tensorflow", "jax", "matplotlib", "onnxruntime", "scipy", "h5py", "cleanlab", "optuna", "distributed")


def variables(shell: str, line: str) -> dict[str, str]:
    """Return what a shell sets for a line whose last word is to be completed."""
    *words, last = line.split(" ")
    number = last if shell == "fish" else str(len(words))
    return {"COMP_WORDS": line, "COMP_CWORD": number, "_CONVSCOPE_COMPLETE": f"{shell}_complete"}


def offered(shell: str, line: str) -> list[str]:
    """Return what click prints."""
    known = get_completion_class(shell)
    assert known is not None
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables(shell, line).items():
            patch.setenv(name, value)
        return known(group, {}, "convscope", "_CONVSCOPE_COMPLETE").complete().split()


NAMES = [
    ("convscope train x --model ", {*MODELS}, True),
    ("convscope train x -m c", {"cnn"}, True),
    ("convscope train x --recipe s", {"sprint", "standard", "strong"}, False),
    ("convscope train x --engine ", {"auto", "native", "keras"}, False),
    ("convscope train x --weights ", {"fresh", "keep"}, False),
    ("convscope train x --balance ", {"none", "prior", "weights"}, False),
    ("convscope study x --models cnn,", {f"cnn,{name}" for name in MODELS}, False),
    ("convscope study x --recipes ", {*RECIPES}, False),
    ("convscope export run --format ", {"onnx", "keras", "saved_model", "litert", "hub"}, False),
    ("convscope train ", {*KNOWN}, True),
    ("convscope evaluate run ", {*KNOWN}, True),
    ("convscope data m", {"mnist"}, True),
    ("convscope fetch ", {*KNOWN} - {"digits", "mnist"}, False),
    ("convscope predict ", set(), True),
    ("convscope predict run ", set(), True),
    ("convscope report run --out ", set(), True),
    ("convscope audit run --out a --csv ", set(), True),
    ("convscope ", {*VERBS}, False),
    ("convscope no-verb ", {*VERBS}, False),
    ("convscope train x --set ", set(), False),
]


@pytest.mark.parametrize(("line", "names", "with_paths"), NAMES)
def test_names_are_offered_and_paths_where_one_is_accepted(line: str, names: set[str], with_paths: bool) -> None:
    words = offered("bash", line)
    assert {word.removeprefix("plain,") for word in words if word.startswith("plain,")} == names
    assert [word[:5] for word in words].count("file,") == with_paths
    assert not with_paths or words[0].startswith("file,")  # bash forgets what came before


def test_zsh_and_fish_are_offered_the_same() -> None:
    assert offered("zsh", "convscope train x --recipe sp") == ["plain", "sprint", "_"]
    assert offered("fish", "convscope train x --recipe sp") == ["plain,sprint"]
    assert offered("zsh", "convscope train dig") == ["file", "dig", "_", "plain", "digits", "_"]
    assert offered("fish", "convscope train dig") == ["file,dig", "plain,digits"]


@pytest.mark.slow
@pytest.mark.parametrize("line", ["convscope train x --model ", "convscope study ", "convscope export x --format "])
def test_completion_imports_nothing_heavy(line: str) -> None:
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({HEAVY})); sys.argv = ['']; from convscope.__main__ import run; run()"
    )
    environment = {**os.environ, **variables("bash", line)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == offered("bash", line)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a bash")
def test_a_bash_completes_verbs_options_names_and_files(tmp_path: Path) -> None:
    (tmp_path / "convscope").write_text(f'#!/bin/sh\nexec {sys.executable} -m convscope "$@"\n')
    (tmp_path / "convscope").chmod(0o755)
    script = """
        compopt() { echo compopt "$1" "$2"; }
        eval "$(_CONVSCOPE_COMPLETE=bash_source convscope)"
        complete -p convscope
        try() { COMP_WORDS=(convscope "$@"); COMP_CWORD=$#; COMPREPLY=(); _convscope_completion convscope; echo "${COMPREPLY[*]}"; }
        try stu; try train --lear; try train x --model st; try train photos
    """
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, env=environment)
    assert done.stderr == ""
    first, *lines = done.stdout.splitlines()
    assert first.endswith("-F _convscope_completion convscope")
    assert lines == ["study", "--learning-rate", "compopt -o default", "strong", "compopt -o default", ""]
