"""The ``convscope`` command: verbs, exit status and error messages.

Exit status: 0 done, 1 error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import sys
from collections.abc import Sequence
from types import ModuleType

import click

from .._version import __version__
from ..errors import ConfigError, ConvscopeError, for_command_line, is_short_of_memory, nearest_name, reason_of
from .help_sections import Hinting
from .streams import failure_of_output, prepare_streams

DESCRIPTION = "Train a small image classifier in seconds and inspect it in one offline HTML page."
EPILOG = """\b
DATA is a name (mnist, digits, fashion, …) or a path: .npz, .csv, IDX files, a folder of image files.
Start with:  convscope train mnist --open
"""
VERBS = {
    "data": "Show a dataset and its problems.",
    "fetch": "Download a known dataset; the only command that downloads anything.",
    "train": "Train a network and write a run folder with its report.",
    "evaluate": "Measure a run on its test split or on other data.",
    "predict": "Classify image files.",
    "explain": "Write a page about one image.",
    "runs": "List the runs in a folder.",
    "open": "Open the page of a run in a browser.",
    "report": "Rebuild the page of a run without training.",
    "mistakes": "List the errors with their likely causes.",
    "audit": "List possible label errors.",
    "compare": "Compare runs on the same test images.",
    "export": "Write the network in another format and verify it.",
    "serve": "Serve the page and predictions over HTTP.",
    "study": "Train many networks and compare them statistically.",
}
"""The verbs in the order of the work; each is defined in the module of its name."""
OTHER_VERBS = {
    "ls": "runs", "fit": "train", "test": "evaluate", "eval": "evaluate", "score": "evaluate", "classify": "predict",
    "infer": "predict", "info": "data", "inspect": "data", "download": "fetch", "convert": "export", "show": "open",
    "view": "open", "errors": "mistakes", "search": "study", "tune": "study", "api": "serve",
}  # fmt: skip
"""Verbs by their names in other programs."""
MAX_NAME = 120
"""Characters of a path in a message; systems accept none of more than 4,096."""


class Group(Hinting, click.Group):
    """Command group that imports the module of a verb only when the verb is used, so that ``--help`` is fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f".{cmd_name}", __package__)
        command: click.Command = module.command
        command.help = command.help or _docstring_in_source(module)
        # Click remembers a command's help option from its first use, which may be without this group.
        command.context_settings.setdefault("help_option_names", ["-h", "--help"])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        match args:
            case ["help", *rest]:
                args = [*rest, "--help"]
            case ["version" | "-v", *rest]:
                args = ["--version", *rest]
            case ["list", *rest]:
                args = ["runs", *rest]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if ctx.resilient_parsing:  # the shell asks for completions
            return super().resolve_command(ctx, args)
        if any(not each or (each[:2] == "--" and each[-1] == "=") for each in args):
            ctx.fail("an argument is empty, perhaps because of a variable that is not set. Give it a value, or drop it.")
        near = OTHER_VERBS.get(args[0]) or nearest_name(args[0], VERBS)
        if args[0] not in VERBS and near:
            ctx.fail(f"no such command {args[0]!r}. Did you mean {near!r}?")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Group,
    help=DESCRIPTION,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", "-V", prog_name="convscope")
def group() -> None:
    """See ``DESCRIPTION``, which ``python -OO`` keeps."""


def _docstring_in_source(module: ModuleType) -> str:
    """Return what ``python -OO`` has removed."""
    functions = (node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef))
    return next(ast.get_docstring(node) or "" for node in functions if node.name == "command")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; show a traceback only with ``--debug``."""
    with for_command_line():
        return _main(list(sys.argv[1:] if argv is None else argv))


def _main(arguments: list[str]) -> int:
    prepare_streams()
    if "--debug" in arguments:
        arguments.remove("--debug")
        try:
            return group.main(arguments, prog_name="convscope", standalone_mode=False) or 0
        except (KeyboardInterrupt, click.Abort) as error:
            return _interrupted(error, arguments)
    status = _run(arguments)
    if failure := failure_of_output():
        click.echo(f"convscope: error: standard output cannot be written to: {reason_of(failure)}.", err=True)
        return status or 1
    return status


def _run(arguments: list[str]) -> int:
    try:
        return group.main(arguments, prog_name="convscope", standalone_mode=False) or 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except getattr(click.exceptions, "NoArgsIsHelpError", ()) as help_text:  # since Click 8.2
        help_text.show()
        return int(help_text.exit_code)
    except click.ClickException as error:
        click.echo(f"convscope: error: {error.format_message()}{_where_help_is(error)}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        return _interrupted(error, arguments)
    except ConvscopeError as error:
        click.echo(f"convscope: error: {error}{_notes(error)}", err=True)
        return 2 if isinstance(error, ConfigError) else 1
    except OSError as error:
        name = error.filename if error.filename2 is None else error.filename2
        what = "the system refuses" if name is None else f"{_shortened(name)} cannot be used"
        click.echo(f"convscope: error: {what}: {reason_of(error)}.{_notes(error)}", err=True)
        return 1
    except Exception as error:  # noqa: BLE001  (last resort: one sentence instead of a traceback)
        if interrupt := _interrupt_behind(error):
            return _interrupted(interrupt, arguments)
        if is_short_of_memory(error):
            text = f"convscope: error: the system grants too little memory or too few threads ({reason_of(error)}). "
            click.echo(f"{text}Free some, or raise the limits that `ulimit -a` shows.{_notes(error)}", err=True)
            return 1
        click.echo(
            f"convscope: internal error: {type(error).__name__}: {error}. This is a bug in convscope; run the command again "
            f"with --debug and report the traceback.{_notes(error)}",
            err=True,
        )
        return 1


def _interrupt_behind(error: BaseException | None) -> BaseException | None:
    """Return the interrupt that led to ``error``: extension modules that it ends while they load raise an ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def _interrupted(error: BaseException, arguments: list[str]) -> int:
    interrupt = error.__cause__ or error  # Click raises its own from the interrupt
    resume = "Continue an unfinished training with --resume." * (arguments[:1] == ["train"])
    what = str(interrupt) or _notes(interrupt).strip(" ()") or resume
    click.echo(f"convscope: interrupted. {what}".rstrip(), err=True)
    return 130


def _where_help_is(error: click.ClickException) -> str:
    """Return where to read what is accepted, unless the message says that itself."""
    says_it = ". " in error.format_message() or error.format_message().startswith("Invalid value")
    context = getattr(error, "ctx", None)
    return "" if says_it or context is None else f" See: {context.command_path} --help"


def _notes(error: BaseException) -> str:
    return "".join(f" ({note})" for note in getattr(error, "__notes__", ()))


def _shortened(name: str | bytes) -> str:
    text = repr(os.fsdecode(name))
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}…'"
