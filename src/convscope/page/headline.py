"""The first screen in words: the result with its confidence interval, and how the network was made."""

from __future__ import annotations

from dataclasses import dataclass

from ..formatting import count_of, percent_range
from .facts import Page
from .formats import counted, day, duration, name, percent, whole


@dataclass(frozen=True)
class Headline:
    """The result in three parts, which the page sets differently."""

    claim: str
    interval: str
    errors: str

    def __str__(self) -> str:
        return f"{self.claim} {self.interval}: {self.errors}"


def headline(page: Page) -> Headline:
    """Return the result: ``Test accuracy 99.35% (95% CI 99.17–99.49%): 65 errors in 10,000 images``."""
    test = page["metrics"]["test"]
    return Headline(
        f"Test accuracy {percent(test['accuracy'])}",
        f"(95% CI {percent_range(test['interval'])})",
        f"{count_of(test['errors'], 'error')} in {count_of(test['n'], 'image')}",
    )


def making(page: Page) -> str:
    """Return the model, the data, the recipe and the time in one sentence."""
    run, metrics = page["run"], page["metrics"]
    return (f"{name(run['model'])} ({whole(metrics['parameters'])} parameters), trained on {whole(metrics['data']['train'])} "
            f"images of {name(page['dataset']['name'])} for {counted(metrics['epochs'], 'epoch')} in "
            f"{duration(metrics['train_seconds'])}; recipe {name(run['recipe'])}, seed {run['seed']}, "
            f"{day(run['created'])}.")  # fmt: skip
