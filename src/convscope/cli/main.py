"""The ``convscope`` command: verbs, exit status and error messages.

Exit status: 0 done, 1 error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

import click

from .._version import __version__
from ..errors import ConfigError, ConvscopeError
from .streams import accept_any_text

EPILOG = """\b
DATA is a name (mnist, digits, fashion, …) or a path: .npz, .csv, IDX files, a folder of image files.
Start with:  convscope train mnist --open
"""
VERBS = {
    "data": "Show a dataset and its problems.",
    "fetch": "Download a known dataset; the only command that uses the network.",
    "train": "Train a network and write a run folder with its report.",
    "evaluate": "Measure a run on its test split or on other data.",
    "predict": "Classify image files.",
    "explain": "Write a page about one image.",
    "report": "Rebuild the page of a run without training.",
    "mistakes": "List the errors with their likely causes.",
    "audit": "List possible label errors.",
    "compare": "Compare runs on the same test images.",
    "export": "Write the network in another format and verify it.",
    "serve": "Serve the page and predictions over HTTP.",
    "study": "Train many networks and compare them statistically.",
}
"""The verbs in the order of the work; each is defined in the module of its name."""


class Group(click.Group):
    """Command group that imports the module of a verb only when the verb is used, so that ``--help`` is fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f".{cmd_name}", __package__).command
        # Click remembers a command's help option from its first use, which may be without this group.
        command.context_settings.setdefault("help_option_names", ["-h", "--help"])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        near = get_close_matches(args[0], VERBS, n=1)
        if args[0] not in VERBS and near:
            ctx.fail(f"no such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)


@click.group(cls=Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="convscope")
def group() -> None:
    """Train a small image classifier in seconds and inspect it in one offline HTML page."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; show a traceback only with ``--debug``."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    accept_any_text()
    if "--debug" in arguments:
        arguments.remove("--debug")
        return group.main(arguments, prog_name="convscope", standalone_mode=False) or 0
    try:
        return group.main(arguments, prog_name="convscope", standalone_mode=False) or 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:  # Click raises its own from the interrupt
        what = str(error.__cause__ or error) or "Continue an unfinished training with --resume."
        click.echo(f"convscope: interrupted. {what}", err=True)
        return 130
    except ConvscopeError as error:
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        click.echo(f"convscope: error: {error}{notes}", err=True)
        return 2 if isinstance(error, ConfigError) else 1
    except BrokenPipeError:
        # The reader of our output has exited (`| head`). That is no error, but Python must not flush again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  (last resort: one sentence instead of a traceback)
        click.echo(
            f"convscope: internal error: {type(error).__name__}: {error}. This is a bug in convscope; run the command again "
            "with --debug and report the traceback.",
            err=True,
        )
        return 1
