"""Entry point of ``python -m convscope`` and of the ``convscope`` command."""

import sys

from .figures.theme import ignore_settings_file
from .system.isolation import isolate_process


def run() -> None:
    """Run the command line and exit with its status."""
    isolate_process()
    ignore_settings_file()
    try:
        from .cli.main import main  # and with it other packages, which read the environment

        status = main()
    except KeyboardInterrupt:  # before the command line can say more
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    run()
