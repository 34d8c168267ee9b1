"""A run's JSON with a value of another type, out of range, missing, or that is no number or no Unicode.

Every leaf of ``run.json`` and ``metrics.json`` is replaced by every value of a list. The suite tries a sample, the same each time;
CONVSCOPE_ATTEMPTS=20000 tries all.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope.errors import ConvscopeError
from convscope.page.render import render
from convscope.prediction.classifier import open_classifier
from convscope.runs import files, ledger
from convscope.runs.ledger import LedgerEntry

from ..without_figures import leave_out_figures  # type: ignore[import-not-found]

MISSING = object()
FIXTURE = Path(__file__).parents[1] / "fixtures" / "run-schema-1"
DEEP: list[Any] = json.loads("[" * 60 + "]" * 60)
VALUES: dict[str, Any] = {
    "null": None, "true": True, "minus one": -1, "zero": 0, "half": 0.5, "tiny": 1e-300, "huge": 1e308, "NaN": float("nan"),
    "infinity": float("inf"), "minus infinity": float("-inf"), "beyond 2**53": 2**60, "a billion": 10**9, "no text": "",
    "long text": "x" * 50_000, "no list": [], "no object": {}, "another length": [1, 2, 3, 4, 5], "surrogate": "\ud800",
    "deep": DEEP, "missing": MISSING,
}  # fmt: skip
SAMPLE = int(os.environ.get("CONVSCOPE_ATTEMPTS", "30"))
DOCUMENTS = (files.REQUEST, files.METRICS)

pytestmark = pytest.mark.usefixtures("never_hangs")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every place in a document; of a list, the first and the last."""
    yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list):
        for number in sorted({0, len(value) - 1} if value else ()):
            yield from leaves(value[number], (*path, number))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return None if value is MISSING else value
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return document


@pytest.fixture(scope="module")
def audited_run(digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an audit, whose files the tests exchange."""
    pytest.importorskip("cleanlab")
    run = shutil.copytree(digits_run.folder, tmp_path_factory.mktemp("hostile") / "run")
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        convscope.audit(run, folds=2)
    return Path(run)


@pytest.fixture(scope="module")
def first_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of schema 1 with every section that there is, whose files the tests exchange."""
    return Path(shutil.copytree(FIXTURE, tmp_path_factory.mktemp("hostile") / "old"))


def write(run: Path, name: str, document: Any) -> None:
    """Write a document, and list it as whoever made the folder could."""
    content = json.dumps(document).encode()
    (run / name).write_bytes(content)
    manifest = json.loads((run / files.MANIFEST).read_text("utf-8"))
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (run / files.MANIFEST).write_text(json.dumps(manifest))


def use(run: Path) -> None:
    """Read a run, open it for predictions, and make its page but for the figures."""
    loaded = convscope.load_run(run)
    assert loaded.uncertainty is None or loaded.baseline is not None
    assert repr(loaded.label_audit)
    assert loaded.findings
    open_classifier(run)
    render(loaded.record, iter(()))


@pytest.mark.slow
@pytest.mark.parametrize("version", ["audited_run", "first_version"])
def test_every_value_of_another_kind_is_one_sentence_that_names_file_and_key(
    version: str, request: pytest.FixtureRequest
) -> None:
    run: Path = request.getfixturevalue(version)
    documents = {name: json.loads((run / name).read_text("utf-8")) for name in DOCUMENTS}
    use(run)
    attempts = [(name, path, kind) for name in DOCUMENTS for path in leaves(documents[name]) for kind in VALUES]
    wrong = []
    for name, path, kind in random.Random(16).sample(attempts, min(SAMPLE, len(attempts))):
        write(run, name, replaced(documents[name], path, VALUES[kind]))
        try:
            use(run)
        except ConvscopeError as error:
            if not any(each in str(error) for each in DOCUMENTS) or len(str(error)) > 500 or "\n" in str(error):
                wrong.append((name, path, kind, str(error)[:300]))
        except Exception as error:  # noqa: BLE001 - an internal error is what this looks for
            wrong.append((name, path, kind, repr(error)[:300]))
        write(run, name, documents[name])
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.slow
def test_no_key_of_the_request_is_needed_by_a_reader_that_does_not_name_it_as_missing(audited_run: Path) -> None:
    document = json.loads((audited_run / files.REQUEST).read_text("utf-8"))
    keys, unnamed = [path for path in leaves(document) if path and isinstance(path[-1], str)], []
    for path in keys:
        write(audited_run, files.REQUEST, replaced(document, path, MISSING))
        try:
            open_classifier(audited_run)
        except ConvscopeError as error:
            unnamed += [(path, str(error))] if path[-1] not in str(error) else []
        except Exception as error:  # noqa: BLE001 - an internal error is what this looks for
            unnamed.append((path, repr(error)))
    write(audited_run, files.REQUEST, document)
    assert len(keys) > 100
    assert not unnamed, "\n".join(map(str, unnamed))


TOP: list[tuple[str, str, Any, str]] = [
    (files.REQUEST, "dataset.class_names", ["0"] * 10, "dataset.class_names"),
    (files.REQUEST, "dataset.class_names", [str(number) for number in range(10**6)], "dataset.class_names"),
    (files.REQUEST, "dataset.class_names", ["\ud800", *map(str, range(9))], "dataset.class_names"),
    (files.REQUEST, "dataset.class_names", [], "dataset.class_names"),
    (files.REQUEST, "dataset.image_shape", [True, True, 1], "dataset.image_shape"),
    (files.REQUEST, "dataset.image_shape", [8, 8, 0], "dataset.image_shape"),
    (files.REQUEST, "dataset.image_shape", [8, 8], "dataset.image_shape"),
    (files.REQUEST, "config.epochs", 10**9, "config.epochs"),
    (files.REQUEST, "config.learning_rate", float("nan"), "config.learning_rate"),
    (files.REQUEST, "config.augmentation.shift", 1e9, "shift"),
    (files.REQUEST, "seed", -1, "seed"),
    (files.REQUEST, "versions.numpy", None, "versions.numpy"),
    (files.REQUEST, "dataset.reading.prepare", "no such", "dataset.reading"),
    (files.REQUEST, "dataset.digit_preprocessing.height", 10**6, "dataset.digit_preprocessing.height"),
    *(
        (files.REQUEST, f"dataset.digit_preprocessing.{key}", value, f"dataset.digit_preprocessing.{key}")
        for key, values in {
            "digit_size_fraction": (1e-300, 5e-324, 0, -1, 1.01),
            "background_share": (-1e-300, 1.01),
            "min_contrast": (-1, 256, 2**53),
            "height": (0, 7, 2**53),
            "width": (0, 7),
        }.items()
        for value in values
    ),
    (files.REQUEST, "dataset.digit_preprocessing", {"width": 8}, "dataset.digit_preprocessing.height is missing"),
    *((files.REQUEST, "dataset.pixels.range", [0, value], "dataset.pixels") for value in (0, -1, -5e-324)),
    *(
        (files.REQUEST, "created", value, "created is ")
        for value in ("\x1b[31m", "", "yesterday", "2026-13-01", "2026-01-01T25:00:00", "9" * 30, "2026-01-01\n")
    ),
    (files.REQUEST, "config.epochs", 10**30, "holds a wrong value: config.epochs"),
    (files.METRICS, "epochs", 10**9, "epochs"),
    (files.METRICS, "test.n", 0, "test.n"),
    (files.METRICS, "test.accuracy", 1.5, "test.accuracy"),
    (files.METRICS, "test.errors", 10, "test.errors"),
    (files.METRICS, "test.confusion", [[0]], "test.confusion"),
    (files.METRICS, "uncertainty.temperature", 0.0, "uncertainty"),
    (files.METRICS, "uncertainty.n", 2**54, "uncertainty.n"),
    (files.METRICS, "uncertainty.thresholds", [{}], "uncertainty.thresholds[0]"),
    (files.METRICS, "mistakes.list", [{"index": 10**6}], "mistakes.list[0].index"),
    (files.METRICS, "mistakes.explained", 10**6, "mistakes"),
    (files.METRICS, "label_audit.test.suspects", 10**6, "label_audit.test"),
    (files.METRICS, "baseline.n", 0, "baseline"),
    (files.METRICS, "findings", [{"text": 1}], "findings[0]"),
    (files.METRICS, "later.key", float("inf"), "later.key"),
    (files.METRICS, "later.key", 2**53 + 2, "later.key"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "key", "value", "named"), TOP, ids=[f"{key} {str(value)[:20]}" for _, key, value, _ in TOP]
)
def test_a_wrong_value_is_named(name: str, key: str, value: Any, named: str, audited_run: Path) -> None:
    document = json.loads((audited_run / name).read_text("utf-8"))
    *above, last = key.split(".")
    changed = inner = copy.deepcopy(document)
    for each in above:
        inner = inner.setdefault(each, {})
    inner[last] = value
    write(audited_run, name, changed)
    with pytest.raises(ConvscopeError) as told:
        use(audited_run)
    write(audited_run, name, document)
    assert named in str(told.value)
    assert files.METRICS in str(told.value) or name in str(told.value)
    assert len(str(told.value)) < 500


@pytest.mark.parametrize("name", [files.REQUEST, files.METRICS, files.MANIFEST])
def test_a_file_of_a_later_version_is_one_sentence(name: str, audited_run: Path) -> None:
    before = {each: (audited_run / each).read_bytes() for each in (name, files.MANIFEST)}
    document = json.loads(before[name])
    assert document["schema_version"] == files.SCHEMA_VERSIONS.get(name, 1)
    write(audited_run, name, {**document, "schema_version": 99})
    if name == files.MANIFEST:
        (audited_run / name).write_text(json.dumps({**document, "schema_version": 99}))
    with pytest.raises(ConvscopeError, match=r"has version 99, of a later convscope; .*Install a newer convscope\.$"):
        use(audited_run)
    for each, content in before.items():
        (audited_run / each).write_bytes(content)


ENTRY = LedgerEntry("2026-01-01T00:00:00+00:00", "evaluate", "measured", "digits", "abc", "test", 359)


@pytest.mark.parametrize(
    "line",
    ['{"n": 1e999}', '{"time": 1}', "[" * 100_000, '{"n": ' + "9" * 5000 + "}", '{"times": -1}', '{"times": NaN}', '{"n": true}',
     '{"verb": []}', '{"purpose": null}', '{"fingerprint": {}}', '"\\ud800"', "\x00", '{"purpose": "\\ud800"}', '{"times": 1e300}'],
)  # fmt: skip
def test_a_line_of_the_ledger_with_another_value_is_passed_over(line: str, tmp_path: Path) -> None:
    ledger.append(tmp_path, ENTRY)
    with contextlib.suppress(ValueError, RecursionError, TypeError):
        line = json.dumps({**vars(ENTRY), **json.loads(line)})
    with (tmp_path / files.LEDGER).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert ledger.read(tmp_path) == (ENTRY,)
