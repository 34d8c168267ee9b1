"""The declared forms: what a run holds is declared, whole, and nothing that a run holds is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope.runs import files
from convscope.runs.forms import RUN_FORM
from convscope.runs.metrics_form import METRICS_FORM
from convscope.system.forms import FormError, _keys_of, check


def undeclared(form: Any, value: Any, where: str = "") -> Iterator[str]:
    """Yield the keys of ``value`` that ``form`` does not declare."""
    while hasattr(form, "form"):
        form = form.form
    form = _keys_of(form) if is_dataclass(form) else form
    if isinstance(form, Mapping) and isinstance(value, dict):
        known = {name.removesuffix("?"): each for name, each in form.items()}
        for key, each in value.items():
            if key in known:
                yield from undeclared(known[key], each, f"{where}.{key}")
            elif "*" not in known:
                yield f"{where}.{key}"
    elif isinstance(value, list) and value and (isinstance(form, (list, Mapping)) or is_dataclass(form)):
        yield from undeclared(form[0] if isinstance(form, list) else form, value[0], f"{where}[0]")


def assert_declared(run: Path) -> None:
    for name, form in ((files.REQUEST, RUN_FORM), (files.METRICS, METRICS_FORM)):
        assert list(undeclared(form, json.loads((run / name).read_text("utf-8")))) == [], f"declare these keys of {name}"


def test_every_key_that_a_training_writes_is_declared(digits_run: convscope.Run) -> None:
    """A key without a form would be read unchecked: declare it in ``runs/forms.py`` or ``runs/metrics_form.py``."""
    assert_declared(digits_run.folder)


@pytest.mark.slow
def test_every_key_that_audit_and_examine_write_is_declared(run_copy: Path, no_figures: None) -> None:
    convscope.audit(run_copy, folds=2)
    convscope.examine(run_copy)
    assert_declared(run_copy)
    assert {"label_audit", "robustness", "ood", "attacks"} <= convscope.load_run(run_copy).metrics.keys()


def test_sizes_must_agree_whatever_names_them_first() -> None:
    form = {"per_class": METRICS_FORM["test"]["per_class"], "confusion": METRICS_FORM["test"]["confusion"]}
    with pytest.raises(FormError, match="confusion has 1 values, but there are 0 classes"):
        check(form, {"per_class": [], "confusion": [[0]]}, {})
    with pytest.raises(FormError, match=r"confusion\[0\] has 2 values, but there are 1 classes"):
        check({"confusion": form["confusion"]}, {"confusion": [[0, 1]]}, {})
