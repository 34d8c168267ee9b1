"""Options under headings in ``--help``, with examples and lists below them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..formatting import join_words

Rows = Sequence[tuple[str, str]]
WIDEST = 62
"""Characters of the left column of examples and lists."""
WORDS = "convscope.words"
"""Key of the context for the words of a verb's command line."""


HEADINGS = ("Options", "Data", "Training", "Output")
PATHS = re.compile("DATA|RUN|IMAGE|FILE|FOLDER|DIR|PATH")


class _Completed(click.Parameter):
    """A parameter that the shell completes: with ``choices``, and with paths if its metavar speaks of some."""

    def __init__(self, *arguments: Any, choices: Iterable[str] = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.choices = tuple(choices)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the completions; that of paths comes first, since bash forgets what came before it."""
        before, comma, word = incomplete.rpartition(",")
        chosen = [CompletionItem(f"{before}{comma}{each}") for each in self.choices if each.startswith(word)]
        paths = [CompletionItem(incomplete, type="file")] * bool(PATHS.search(self.metavar or str(self.name).upper()))
        return [*paths, *chosen] or super().shell_complete(ctx, incomplete)


class _Argument(_Completed, click.Argument):
    pass


class _Option(_Completed, click.Option):
    def __init__(
        self, names: Sequence[str], *, heading: str, former: str = "", choices: Iterable[str] = (), **settings: Any
    ) -> None:
        choices = tuple(choices)
        settings.setdefault("metavar", "|".join(choices) or None)
        super().__init__([*names, *[former] * bool(former)], choices=choices, **settings)
        self.heading, self._former = heading, former

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return names and help, without the former name, which still works."""
        record = super().get_help_record(ctx)
        return record and (record[0].replace(f", {self._former}", "") if self._former else record[0], record[1])


class Hinting(click.Command):
    """A command that says what to write instead of an unknown option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[WORDS] = tuple(args)
        given = [word.partition("=")[0] for word in args]
        for parameter in self.params:
            names = [name for name in parameter.opts if name in given]
            # Of -e and --epochs, as of an option that is repeated, the last counts, which an alias of the shell relies on.
            has_several = len(names) > 1 and sum(name.startswith("--") for name in parameter.opts) > 1
            if has_several and not ctx.resilient_parsing:  # the shell, which completes a word, shows no error
                ctx.fail(f"{join_words(names)} are the same option. Give one of them.")
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:  # of -lr, click names -l
            from .option_hints import what_instead  # NumPy, a tenth of a second, which `convscope --help` saves

            name = next((word for word in given if word.startswith(error.option_name)), error.option_name)
            ctx.fail(f"No such option {name!r}. {what_instead(self, name)}".strip())


class Command(Hinting):
    """A command whose help has a section for each heading of its options, and then those of ``sections``."""

    def __init__(self, *arguments: Any, sections: Mapping[str, Rows], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.sections = sections

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True  # of which Click names no option that takes them
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            takers = (each for each in self.params if isinstance(each, _Option) and rest[0] in each.choices)
            hint = next((f" Did you mean '{each.opts[0]} {rest[0]}'?" for each in takers), "")
            ctx.fail(f"Unexpected argument {rest[0]!r}.{hint}")
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        headed: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                headed.setdefault(getattr(parameter, "heading", "Output"), []).append(record)
        for heading in filter(headed.get, HEADINGS):
            with formatter.section(heading):
                formatter.write_dl(headed[heading])
        for heading, listed in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl(listed, col_max=WIDEST)


def options_under(heading: str) -> Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]:
    """Return ``click.option`` for options under this heading."""
    return partial(click.option, cls=_Option, heading=heading)


def verb(
    name: str, *examples: tuple[str, str], sections: Mapping[str, Rows] | None = None
) -> Callable[[Callable[..., Any]], click.Command]:
    """Return the decorator that makes a function a verb, with ``examples`` and ``sections`` at the end of its help."""
    return click.command(name, cls=Command, sections={"Examples": examples} | dict(sections or {}))


argument = partial(click.argument, cls=_Argument)
option, data_option, training_option, output_option = map(options_under, HEADINGS)
