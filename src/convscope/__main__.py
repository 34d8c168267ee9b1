"""``python -m convscope`` and the ``convscope`` command."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line and leave with its exit status."""
    from .cli.main import main

    sys.exit(main())


if __name__ == "__main__":
    run()
