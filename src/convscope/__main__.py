"""Entry point of ``python -m convscope`` and of the ``convscope`` command."""

import sys

from .cli.main import main


def run() -> None:
    """Run the command line and exit with its status."""
    sys.exit(main())


if __name__ == "__main__":
    run()
