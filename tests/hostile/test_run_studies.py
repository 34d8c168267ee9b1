"""Files beside a run that others wrote: studies, lists of suspects, checkpoints."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.analysis.label_audit.cross_validation import _load
from convscope.errors import ConvscopeError, RunError
from convscope.models.custom import short_name
from convscope.runs import files
from convscope.runs.label_suspects import load_audit, load_reviews
from convscope.runs.record import RunRecord
from convscope.runs.seed_votes import REQUEST, RESULTS, RUNS, VOTES, seed_votes
from convscope.training.checkpoint import check_state, load_checkpoint

from .test_run_arrays import VARIANTS, Array, arrays_of, packed  # type: ignore[import-not-found]
from .test_run_json import SAMPLE, leaves, replaced  # type: ignore[import-not-found]
from .test_run_json import VALUES as JSON_VALUES

pytestmark = pytest.mark.usefixtures("never_hangs")


@pytest.fixture(scope="module")
def study(digits_record: RunRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a study of two other seeds, as far as a run asks for their votes."""
    folder, request = tmp_path_factory.mktemp("study"), digits_record.request
    keys = ("created", "dataset", "versions", "machine")
    recipes = {request["recipe"]: request["config"]}
    asked = {"models": [short_name(request["model"])], "recipes": recipes, "sizes": [1318], "seeds": [1, 2], "folds": 5}
    (folder / REQUEST).write_text(json.dumps({**{key: request[key] for key in keys}, **asked}))
    of_all = {"model": short_name(request["model"]), "recipe": request["recipe"], "size": 1318}
    runs = [{"run": f"a-{seed}", "seed": seed, "fold": 1, **of_all} for seed in (1, 2)]
    dataset = {"train": 1318, "class_names": request["dataset"]["class_names"]}
    (folder / RESULTS).write_text(json.dumps({"runs": runs, "dataset": dataset, "folds": 5}))
    labels = digits_record.evaluation.labels
    counts = 2 * np.eye(10, dtype=np.uint16)[labels]
    name = f"votes/{of_all['model']}-{request['recipe']}"
    (folder / VOTES).write_bytes(packed({"labels": labels, name: counts}))
    return folder


def refusal(record: RunRecord, study: Path, name: str, content: bytes) -> str:
    """Ask for the votes with other ``content`` of a file, and put the old one back; return the sentence, or ""."""
    whole = (study / name).read_bytes()
    (study / name).write_bytes(content)
    try:
        seed_votes(record, study / "run", study)
    except ConvscopeError as error:
        return str(error)
    finally:
        (study / name).write_bytes(whole)
    return ""


def test_a_study_of_somebody_else_is_one_sentence(study: Path, digits_record: RunRecord) -> None:
    votes = seed_votes(digits_record, study / "run", study)
    assert votes is not None
    assert votes.seeds == (1, 2)
    documents = {name: json.loads((study / name).read_text()) for name in (REQUEST, RESULTS)}
    attempts = [(name, path, kind) for name in documents for path in leaves(documents[name]) for kind in JSON_VALUES]
    wrong = []
    for name, path, kind in random.Random(16).sample(attempts, min(5 * SAMPLE, len(attempts))):
        content = json.dumps(replaced(documents[name], path, JSON_VALUES[kind])).encode()
        try:
            sentence = refusal(digits_record, study, name, content)
        except Exception as error:  # noqa: BLE001 - an internal error is what this looks for
            wrong.append((name, path, kind, repr(error)[:300]))
        else:
            if len(sentence) > 600 or "\n" in sentence:
                wrong.append((name, path, kind, sentence[:300]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("name", [REQUEST, RESULTS])
def test_a_study_of_a_later_version_is_one_sentence(name: str, study: Path, digits_record: RunRecord) -> None:
    content = {**json.loads((study / name).read_text()), "schema_version": 99}
    assert "version 99, of a later convscope" in refusal(digits_record, study, name, json.dumps(content).encode())


@pytest.mark.parametrize("kind", VARIANTS)
@pytest.mark.parametrize("number", [0, 1])
def test_votes_of_another_form_are_one_sentence(number: int, kind: str, study: Path, digits_record: RunRecord) -> None:
    arrays = arrays_of(study / VOTES)
    name = list(arrays)[number]
    new = VARIANTS[kind](arrays.pop(name))
    sentence = refusal(digits_record, study, VOTES, packed(arrays if new is None else {**arrays, name: np.asarray(new)}))
    assert sentence or kind in ("huge", "a billion", "minus one", "reversed") or number == 0
    assert len(sentence) < 600


@pytest.mark.parametrize("kind", VARIANTS)
def test_logits_of_a_seed_of_another_form_are_one_sentence(kind: str, study: Path, digits_record: RunRecord) -> None:
    file = study / RUNS / "a-2" / files.PREDICTIONS
    file.parent.mkdir(parents=True, exist_ok=True)
    new = VARIANTS[kind](digits_record.evaluation.logits)
    file.write_bytes(
        packed({"labels": digits_record.evaluation.labels} | ({} if new is None else {"logits": np.asarray(new)}))
    )
    votes = seed_votes(digits_record, study / "run", study)
    assert votes is not None
    if kind in ("floats", "minus one", "minus two", "huge", "a billion", "reversed"):
        (found,) = votes.logits()
        assert found.shape == digits_record.evaluation.logits.shape
    else:
        with pytest.raises(RunError, match=files.PREDICTIONS):
            list(votes.logits())


@pytest.mark.parametrize("link", [VOTES, RESULTS, REQUEST])
def test_a_link_out_of_a_study_is_not_followed(link: str, study: Path, digits_record: RunRecord) -> None:
    (study / link).rename(study.parent / "outside")
    try:
        (study / link).symlink_to(study.parent / "outside")
        with pytest.raises(ConvscopeError, match="a link out of the folder"):
            seed_votes(digits_record, study / "run", study)
    finally:
        (study.parent / "outside").replace(study / link)


HEAD = "split,index,given,suggested,score,file,confirmed,corrected,note\n"
LISTS = {
    "a note": HEAD + "test,0,{given},{other},0.9,,,,look again\n",
    "a confirmation": HEAD + "test,0,{given},{other},0.9,,yes,{other},\n",
    "an index beyond": HEAD + "test,1000000,{given},{other},0.9,,yes,,\n",
    "an index below zero": HEAD + "test,-1,{given},{other},0.9,,yes,,\n",
    "an index of text": HEAD + "test,x,{given},{other},0.9,,yes,,\n",
    "an index of 5,000 digits": HEAD + "test," + "9" * 5000 + ",{given},{other},0.9,,yes,,\n",
    "no class": HEAD + "test,0,nothing,{other},0.9,,yes,,\n",
    "no split": HEAD + "valid,0,{given},{other},0.9,,yes,,\n",
    "no score": HEAD + "test,0,{given},{other},,,,,\n",
    "a score of text": HEAD + "test,0,{given},{other},much,,,,\n",
    "an endless score": HEAD + "test,0,{given},{other},1e999,,,,\n",
    "neither yes nor no": HEAD + "test,0,{given},{other},0.9,,perhaps,,\n",
    "too few cells": HEAD + "test,0\n",
    "too many cells": HEAD + "test,0,{given},{other},0.9,,yes,,,,,,,,\n",
    "no head": "test,0,{given}\n",
    "a cell of a megabyte": HEAD + "test,0,{given},{other},0.9,,yes,," + "x" * 10**6 + "\n",
    "NUL": HEAD + "test,0,{given}\x00,{other},0.9,,yes,,\n",
    "an open quote": HEAD + 'test,0,"{given},{other},0.9,,yes,,\n',
    "no UTF-8": "\udcff\udcfe",
    "empty": "",
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_suspects_that_somebody_edited_is_read_or_one_sentence(
    kind: str, digits_record: RunRecord, tmp_path: Path
) -> None:
    names, label = digits_record.evaluation.class_names, int(digits_record.evaluation.labels[0])
    content = LISTS[kind].replace("{given}", names[label]).replace("{other}", names[label - 1])
    (tmp_path / files.LABEL_SUSPECTS).write_bytes(content.encode("utf-8", "surrogateescape"))
    numbers = {"suspects": 1, "worst": [], "notes": []}
    record = replace(digits_record, metrics={**digits_record.metrics, "label_audit": numbers})
    load_audit(record, tmp_path)  # None where it cannot be read
    try:
        reviews = load_reviews(tmp_path, record)
    except ConvscopeError as error:
        sentence, reviews = str(error), {}
    else:
        sentence = ""
    assert not sentence or files.LABEL_SUSPECTS in sentence
    assert len(sentence) < 600
    if kind == "a note":
        assert [(each.note, each.is_wrong) for each in reviews.values()] == [("look again", None)]
    assert (tmp_path / files.LABEL_SUSPECTS).read_bytes() == content.encode("utf-8", "surrogateescape")


CSV = b"epoch,seconds,loss,accuracy,val_loss,val_accuracy,learning_rate\n1,0.1,0.5,0.9,0.4,0.9,0.001\n2,0.1,0.5,0.9,0.4,0.9,0.001\n"
WEIGHT = np.ones((3, 2), np.float32)
CHECKPOINT: dict[str, Array] = {
    "history": np.frombuffer(CSV, np.uint8), "arithmetic": np.frombuffer(b"native", np.uint8),
    "state/kernel": WEIGHT, "epoch-1/kernel": WEIGHT, "epoch-2/kernel": WEIGHT,
}  # fmt: skip


@pytest.mark.parametrize("kind", VARIANTS)
@pytest.mark.parametrize("name", CHECKPOINT)
def test_a_checkpoint_of_another_form_is_one_sentence(name: str, kind: str, tmp_path: Path) -> None:
    arrays = dict(CHECKPOINT)
    new = VARIANTS[kind](arrays.pop(name))
    (tmp_path / "checkpoint.npz").write_bytes(packed(arrays if new is None else {**arrays, name: np.asarray(new)}))
    try:
        found = load_checkpoint(tmp_path / "checkpoint.npz")
        check_state(found.state, {"kernel": WEIGHT})
    except ConvscopeError as error:
        assert len(str(error)) < 600  # noqa: PT017
    else:
        assert found.state["kernel"].shape == WEIGHT.shape
        assert len(found.snapshots) == len(found.history)


@pytest.mark.parametrize("kind", VARIANTS)
def test_predictions_of_folds_of_another_form_are_made_again(kind: str, tmp_path: Path) -> None:
    """The checkpoint of an audit lies in the run, and whoever made the run can know its key."""
    known = {"0/rows": np.full((5, 3), 1 / 3, np.float32), "0/test": np.full((4, 3), 1 / 3, np.float32)}
    new: Any = VARIANTS[kind](known["0/rows"])
    arrays: dict[str, Array] = {"0/test": known["0/test"], "key": np.frombuffer(b"key", np.uint8)}
    (tmp_path / "folds.npz").write_bytes(packed(arrays if new is None else {**arrays, "0/rows": np.asarray(new)}))
    found = _load(tmp_path / "folds.npz", "key", {"0/rows": (5, 3), "0/test": (4, 3)})
    assert set(found) <= set(known)
    assert all(each.shape == known[name].shape and ((each >= 0) & (each <= 1)).all() for name, each in found.items())
