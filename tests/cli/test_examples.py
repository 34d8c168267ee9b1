"""Every example below a --help works."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.cli.help_sections import Command
from convscope.cli.main import VERBS, group, main

RUN = "runs/mnist-cnn-standard-0"
PARSED = re.compile("convscope (train|study|audit|serve|fetch|report|explain|data mnist)|--format litert|--thorough")
"""Examples that take long, of which only the arguments are checked."""


def examples(verb: str) -> list[str]:
    command = group.get_command(click.Context(group), verb)
    assert isinstance(command, Command)
    return [line for line, _ in command.sections["Examples"]]


ALL = [example for verb in VERBS for example in examples(verb)]


def on_paper(image: np.ndarray, file: Path) -> None:
    """Save an image (h, w, 1) as dark ink on white paper."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(255 - image[..., 0]).resize((160, 160), Image.Resampling.NEAREST).save(file)


@pytest.fixture(scope="module")
def workplace(digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the examples name; its runs know digits of 8 × 8 pixels."""
    folder, test = tmp_path_factory.mktemp("examples"), digits_run.dataset.test
    for name in (RUN, "runs/mnist-ann-standard-0", "runs/study-mnist/runs/one"):
        shutil.copytree(digits_run.folder, folder / name)
    for number, label in enumerate(test.labels[:40].tolist()):
        for name in ("photos", "new-photos"):
            on_paper(test.images[number], folder / name / str(label) / f"{number}.png")
        on_paper(test.images[number], folder / "letters" / f"letter {label}" / f"{number}.png")
    for name in ("drawings/a.png", "scans/b.png"):
        on_paper(test.images[0], folder / name)
    on_paper(np.hstack([np.pad(image, ((4, 4), (4, 4), (0, 0))) for image in test.images[:2]]), folder / "sheet.jpg")
    (folder / "classes.csv").write_text("".join(f"letter {digit},{digit}\n" for digit in range(10)))
    return folder


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_two_examples_of_its_own(verb: str) -> None:
    found = examples(verb)
    assert len(found) >= 2
    assert all(example.split()[:2] == ["convscope", verb] for example in found if example.startswith("convscope"))


@pytest.mark.parametrize("example", [each for each in ALL if PARSED.search(each)])
def test_an_example_that_takes_long_has_arguments_that_are_accepted(example: str) -> None:
    _, verb, *arguments = shlex.split(example)
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    assert command.make_context(verb, arguments).params


@pytest.mark.slow
@pytest.mark.parametrize("example", [each for each in ALL if not PARSED.search(each)])
def test_an_example_runs(
    example: str, workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workplace)
    (workplace / "answers.csv").unlink(missing_ok=True)  # of another example
    monkeypatch.setattr("webbrowser.open", lambda page: True)
    line = example.replace("RUN RUN RUN", f"{RUN} runs/mnist-ann-standard-0 runs/study-mnist/runs/one").replace("RUN", RUN)
    assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
