"""The sentences of a study's page, for hand-written results."""

from __future__ import annotations

from typing import Any

from convscope.page.text import study

from ...gold_files import GoldFiles  # type: ignore[import-not-found]

REQUEST = {"sizes": [100, 1000], "versions": {"python": "3.12.1", "convscope": "0.2.0"},
           "machine": {"processor": "Example Processor"}}  # fmt: skip


def row(name: str, mean: float) -> dict[str, Any]:
    return {"name": name, "mean": mean, "sd": 0.0004, "lowest": mean - 0.0006, "highest": mean + 0.0007,
            "best_of": [mean, mean + 0.0007]}  # fmt: skip


def results(seeds: int, names: tuple[str, ...], p: float) -> dict[str, Any]:
    table = [row(name, 0.9944 - 0.001 * place) for place, name in enumerate(names)]
    pairs = [
        {"first": first, "second": second, "difference": 0.001, "interval": [0.0006, 0.0014],
         "interval_of_both": [-0.0002, 0.0022], "p_adjusted": p, "judged": seeds >= 5, "distinguishable": p < 0.05}
        for place, first in enumerate(names) for second in names[place + 1 :]
    ]  # fmt: skip
    curves = [
        {"name": names[0], "falls": True, "exponent": 0.3, "factor_of_doubling": 0.8, "factor_interval": [0.75, 0.86]},
        {"name": names[-1], "falls": False, "exponent": 0.1, "factor_of_doubling": 0.95, "factor_interval": [0.8, 1.1]},
    ]
    searches = [{"model": "cnn", "recipe": "standard", "trials": 20, "pruned": 4, "setting": setting,
                 "validation_loss": 0.021, "validation_accuracy": 0.9941, "base_loss": 0.0214, "base_accuracy": 0.9939}
                for setting in ({"learning_rate": 0.0012}, {})]  # fmt: skip
    hard = [{"wrong": 10, "runs": 10}, {"wrong": 10, "runs": 10}, {"wrong": 9, "runs": 10}]
    return {
        "table": table, "seeds": list(range(seeds)), "comparisons": pairs, "curves": curves, "steepest_curve": names[0],
        "searches": searches, "hard_images": hard, "runs": [{}] * (seeds * len(names)), "dataset": {"test": 10_000},
    }  # fmt: skip


def sentences(found: dict[str, Any]) -> str:
    words = (study.table_title, study.curve_title, study.search_title, study.hard_images_title,
             study.table_caption, study.best_seed_sentence, study.hard_images_sentence, study.claim,
             study.best_difference)  # fmt: skip
    lines = [f"{each.__name__}: {each(found)}" for each in words]
    if found["comparisons"]:
        lines += [f"{each.__name__}: {each(found)}" for each in (study.comparison_title, study.comparison_caption)]
        lines.append(f"cells: {study.pair_result(found['comparisons'][0])}")
    return "\n".join(lines).replace("\xa0", " ")


def test_the_words_of_studies(gold: GoldFiles) -> None:
    significant = results(10, ("cnn-standard", "ann-standard"), 0.003)
    shared = [study.run_summary(significant, REQUEST)]
    shared += [study.curve_sentence(curve) for curve in significant["curves"]]
    shared += [study.search_sentence(found) for found in significant["searches"]]
    studies = {
        "a significant difference": significant,
        "no significant difference": results(10, ("cnn", "ann", "strong"), 0.3),
        "too few seeds": results(3, ("cnn", "ann"), 0.003),
        "one configuration": results(5, ("cnn",), 0.3),
    }
    parts = ["\n".join(shared).replace("\xa0", " "), *(f"{name}\n{sentences(found)}" for name, found in studies.items())]
    gold("page/study", "\n\n".join(parts))


def test_the_best_columns_are_1_2_5_and_all_seeds() -> None:
    assert study.best_columns({"seeds": list(range(30))}) == [1, 2, 5, 10, 20, 30]
