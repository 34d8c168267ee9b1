"""The first screen in words: the result with its doubt, and how it was made.

Every function reads the payload. A sentence that needs a number which a run does not have is not written.
"""

from __future__ import annotations

from dataclasses import dataclass

from .facts import Page, are_digits
from .formats import counted, day, duration, name, percent, whole


@dataclass(frozen=True)
class Headline:
    """One sentence in three parts, of different weight on the page."""

    claim: str
    doubt: str
    failures: str

    def __str__(self) -> str:
        return f"{self.claim}, {self.doubt}; {self.failures}"


def headline(page: Page) -> Headline:
    """``This network reads 99.35% of digits it has never seen, give or take 0.16 points; 65 of 10,000 went wrong.``"""
    test = page["metrics"]["test"]
    low, high = test["interval"]
    verb = "reads" if are_digits(page) else "recognises"
    if test["errors"] in (0, test["n"]):
        # At the very ends the interval has one side only; "give or take" would promise more than 100%.
        doubt = f"between {percent(low)} and {percent(high)} with 95% confidence"
    else:
        doubt = f"give or take {50 * (high - low):.2f} points"
    went = "none" if test["errors"] == 0 else whole(test["errors"])
    return Headline(f"This network {verb} {percent(test['accuracy'])} of {page['dataset']['content']} it has never seen", doubt,
                    f"{went} of {whole(test['n'])} went wrong.")  # fmt: skip


def making(page: Page) -> str:
    """How it was made, in a sentence."""
    run, metrics = page["run"], page["metrics"]
    return (f"{name(run['model'])}, {whole(metrics['parameters'])} parameters, learned from {whole(metrics['data']['train'])} "
            f"images from {name(page['dataset']['name'])} in {counted(metrics['epochs'], 'epoch')} and "
            f"{duration(metrics['train_seconds'])}; recipe {name(run['recipe'])}, seed {run['seed']}, "
            f"{day(run['created'])}.")  # fmt: skip
