"""The ``convscope`` command: verbs, exit status and error messages.

Exit status: 0 done, 1 error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from .._version import __version__
from ..errors import ConfigError, ConvscopeError
from . import audit, compare, data, evaluate, explain, export, fetch, mistakes, predict, report, serve, study, train

EPILOG = """\b
DATA is a name (mnist, digits, fashion, …) or a path: .npz, .csv, IDX files, a folder of image files.
Start with:  convscope train mnist --open
"""


class Group(click.Group):
    """Command group that lists verbs in the order of the work and suggests the nearest one for a typo."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        near = get_close_matches(args[0], self.commands, n=1)
        if args[0] not in self.commands and near:
            ctx.fail(f"no such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)


@click.group(cls=Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="convscope")
def group() -> None:
    """Train a small image classifier in seconds and inspect it in one offline HTML page."""


VERBS = (data, fetch, train, evaluate, predict, explain, report, mistakes, audit, compare, export, serve, study)

for verb in VERBS:
    group.add_command(verb.command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; show a traceback only with ``--debug``."""
    arguments = list(sys.argv[1:] if argv is None else argv)
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
    except (KeyboardInterrupt, click.Abort):
        click.echo("convscope: interrupted. Continue an unfinished training with --resume.", err=True)
        return 130
    except ConvscopeError as error:
        click.echo(f"convscope: error: {error}", err=True)
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
