"""Options, verbs and formats by the names of other programs: what is suggested exists."""

from __future__ import annotations

import re

import click
import pytest

from convscope.cli.main import OTHER_VERBS, VERBS, group, main
from convscope.cli.option_hints import INSTEAD, what_instead
from convscope.training.config import OTHER_NAMES, SETTINGS, folded


def command(verb: str) -> click.Command:
    found = group.get_command(click.Context(group), verb)
    assert found is not None
    return found


def options(verb: str) -> set[str]:
    return {name for each in command(verb).params for name in each.opts}


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("train x --lr 1", "'--learning-rate'"),
        ("train x -lr 1", "'-lr'. Did you mean '--learning-rate'?"),
        ("train x --learning_rate=1", "'--learning-rate'"),
        ("train x --optimizer adamw", "The recipe sets it; change it with --set optimizer=VALUE (adam or adamw)."),
        ("train x --weight-decay 1", "--set weight_decay=VALUE"),
        ("train x --momentum 1", "--set beta_1=VALUE"),
        ("study x --lr 1", "convscope train DATA --set learning_rate=VALUE"),
        ("train x --device cuda:0", "--engine keras"),
        ("train x --dropout 1", "--model file.py:build"),
        ("train x --patience 3", "--time SECONDS"),
        ("train x --workers 3", "OMP_NUM_THREADS"),
        ("train --dataset x", "convscope train DATA"),
        ("predict --run x y", "convscope predict RUN"),
        ("predict x y -k 3", "'--top'"),
        ("study x --model cnn", "'--models'"),
        ("train x --batch-sze 3", "'--batch-size'"),
        ("--lr 1 train x", "--set learning_rate=VALUE"),
    ],
)
def test_an_option_of_another_program_is_answered_with_what_works_here(
    given: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(given.split()) == 2
    said = capsys.readouterr().err
    assert hint in said
    assert said.count("Did you mean") <= 1


def test_an_option_like_no_other_is_refused_without_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "x", "--frobnicate"]) == 2
    assert capsys.readouterr().err.startswith("convscope: error: No such option '--frobnicate'. See: convscope ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("train mnist sprint", "Unexpected argument 'sprint'. Did you mean '--recipe sprint'?"),
        ("train mnist strong", "Unexpected argument 'strong'. Did you mean '--model strong'?"),
        ("data mnist x y", "Unexpected argument 'x'. See: convscope data --help"),
        ("train", "Missing argument 'DATA'. See: convscope train --help"),
        (
            "audit run --out a.csv --csv b.csv",
            "--out and --csv are the same option. Give one of them.",
        ),
        (
            "report run -o a.html --output=b.html",
            "-o and --output are the same option. Give one of them.",
        ),
    ],
)
def test_errors_of_usage_look_like_all_others_and_say_what_to_write(
    given: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(given.split()) == 2
    assert capsys.readouterr().err == f"convscope: error: {said}\n"


def test_of_an_option_that_is_repeated_the_last_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "digits", "-m", "none", "--model", "nothing"]) == 2
    assert "'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_every_hint_names_options_and_settings_that_exist(verb: str) -> None:
    known = options(verb)
    for name in {*INSTEAD, *OTHER_NAMES, *SETTINGS}:
        sentence = what_instead(command(verb), f"--{name}")
        of_train = options("train") if re.search("training|convscope train|The native|--time", sentence) else set()
        assert set(re.findall(r"--[a-z][a-z-]*", sentence)) <= known | of_train, (name, sentence)
        assert set(re.findall(r"--set (\w+)=", sentence)) <= set(SETTINGS)


def test_names_in_the_tables_are_folded_and_lead_to_settings_and_verbs() -> None:
    assert all(name == folded(name) for name in {*INSTEAD, *OTHER_NAMES})
    assert set(OTHER_NAMES.values()) <= set(SETTINGS)
    assert not set(OTHER_NAMES) & {folded(name) for name in SETTINGS}
    assert set(OTHER_VERBS.values()) <= set(VERBS)
    assert not set(OTHER_VERBS) & set(VERBS)


def test_a_verb_of_another_program_is_answered_with_ours(capsys: pytest.CaptureFixture[str]) -> None:
    for other, own in OTHER_VERBS.items():
        assert main([other, "x"]) == 2
        assert f"Did you mean {own!r}?" in capsys.readouterr().err


def test_list_lists_the_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "no-such-folder"]) == 1
    assert "there is no folder 'no-such-folder'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["tflite", "SavedModel", "saved-model", "TF", "ONNX"])
def test_formats_have_their_names_in_other_programs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "no-such-run", "--format", name]) == 1
    assert "no-such-run" in capsys.readouterr().err
