"""Names and notes that would command a terminal, spoof a line, or break a table.

Whatever the command line writes is text alone, and CSV files give back what was written into them.
"""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.cli.csv_output import write_csv
from convscope.cli.main import main
from convscope.cli.streams import prepare_streams, printable_text
from convscope.runs.label_suspects import unescape_formula

NAMES = {
    "colour": "\x1b[31mred\x1b[0m",
    "title of the window": "\x1b]0;owned\x07",
    "clears the screen": "\x1b[2J\x1b[H",
    "answers for the user": "\x1b[6n",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "link": "\x1b]8;;http://example.org\x1b\\text",
    "8-bit escape": "\x9b31mred",
    "string without end": "\x90q",
    "bell": "a\x07b",
    "backspace": "good\x08\x08\x08\x08evil",
    "carriage return": "error\rfine ",
    "vertical tab": "a\x0bb\x0cc",
    "delete": "a\x7fb",
    "right to left": "\u202egnp.exe",
    "isolate": "\u2066a\u2069",
    "direction marks": "a\u200e\u200f\u061cb",
    "line separator": "a\u2028b\u2029c",
    "next line": "a\x85b",
    "byte order": "\ufeffa",
    "invisible": "a\u2060\u00ad\u200bb",
    "annotation": "\ufff9a\ufffab\ufffb",
    "tags": "a\U000e0041b",
    "half a character": "\udc80a",
    "half an emoji": "\ud83dx",
    "private": "\ue000",
}
TEXT = [
    "数字",
    "رقم",
    "नमस्ते",
    "می\u200cخواهم",
    "👩\u200d🔬",
    "naïve",
    "a\u00a0b",
    "Ñandú\u3000x",
    "tab\there",
    "two\nlines",
    "",
]


def is_text_alone(text: str) -> bool:
    return all(
        each in "\n\t\u200c\u200d" or unicodedata.category(each)[0] in "LMNPSZ" for each in text.replace("\u2028", "\x85")
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_would_command_a_terminal_is_spelt_and_json_stays_the_same(name: str) -> None:
    text = NAMES[name]
    assert is_text_alone(printable_text(text))
    document = json.dumps({text: [text]}, ensure_ascii=False)
    assert json.loads(printable_text(document)) == {text: [text]}


@pytest.mark.parametrize("text", TEXT)
def test_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert printable_text(text) == text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
def test_streams_of_any_encoding_write_text_alone(name: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding=encoding))
    assert main(["data", NAMES[name] + ".npz"]) in (1, 2)
    assert main([NAMES[name]]) == 2
    assert main(["predict", NAMES[name], NAMES[name]]) in (1, 2)
    sys.stderr.write(NAMES[name])
    sys.stderr.flush()
    written = raw.getvalue().decode("utf-8" if encoding == "ascii" else encoding)
    assert is_text_alone(written)


@pytest.mark.slow
@pytest.mark.parametrize("name", [each for each, text in NAMES.items() if text.isprintable() or "\ud83d" not in text])
def test_names_of_classes_and_files_are_text_alone_in_every_list(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], digits_run: convscope.Run
) -> None:
    text = NAMES[name].replace("/", "|")
    for label in (text, "plain"):
        folder = tmp_path / "data" / label
        folder.mkdir(parents=True)
        for number in range(6):
            Image.fromarray(np.full((8, 8), 40 * number, np.uint8)).save(folder / f"{text}{number}.png")
    (tmp_path / "data" / "plain" / f"bad{text}.png").write_bytes(b"nothing")
    main(["data", str(tmp_path / "data")])
    main(["data", str(tmp_path / "data"), "--skip-bad-images", "--json"])
    main(["predict", str(digits_run.folder), str(tmp_path / "data")])
    main(["predict", str(digits_run.folder), str(tmp_path / "data"), "--json"])
    out, err = capsys.readouterr()
    assert out
    assert is_text_alone(out)
    assert is_text_alone(err)


@pytest.mark.slow
def test_bars_on_a_terminal_keep_their_own_codes_and_no_others(tmp_path: Path) -> None:
    for label in ("\x1b]0;owned\x07", "\u202eplain"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(30):
            levels = np.random.default_rng(number).integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(levels).save(tmp_path / "data" / label / f"{number}.png")
    ours, theirs = pty.openpty()
    options = ["--recipe", "sprint", "--epochs", "1", "--no-report", "--out", "run"]
    code = f"from convscope.cli.main import main; main(['train', 'data', *{options}])"
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:  # the other side has ended
                break
            if not block:
                break
            written += block
    os.close(ours)
    assert process.returncode == 0
    assert b"\x1b[" in written
    assert b"\x1b]0;" not in written
    assert "\u202e".encode() not in written


def test_a_second_preparation_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    prepare_streams()
    prepare_streams()
    sys.stdout.write("\x1b[31mred")
    assert capsys.readouterr().out == "\\u001b[31mred"


CELLS = [
    "a,b", 'a"b', "a\nb", "a\rb", "a\r\nb", "=1+1", "+1", "-1", "@x", "\tx", "'quoted", "''", " blank ", "a;b", "数字", "\\", "",
    "=cmd|' /C calc'!A0", "＝1", "a\u2028b", '"', '""', "\n",
]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_a_table_gives_back_what_was_written(cell: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "it.csv", ("one", "two"), [(cell, 1), ("next", cell)])
    with (tmp_path / "it.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.reader(file)]
    assert [[unescape_formula(each) for each in row] for row in rows] == [["one", "two"], [cell, "1"], ["next", cell]]
    assert not any(each[:1] in tuple("=+-@\t\r") for row in rows for each in row if each)
