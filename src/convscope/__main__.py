"""Entry point of ``python -m convscope`` and of the ``convscope`` command."""

import sys

from .figures.settings_file import ignore_settings_file
from .system.isolation import isolate_process


def run() -> None:
    """Run the command line and exit with its status."""
    isolate_process()
    ignore_settings_file()
    from .cli.main import main  # and with it other packages, which read the environment

    sys.exit(main())


if __name__ == "__main__":
    run()
