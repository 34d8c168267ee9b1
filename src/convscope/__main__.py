"""Entry point of ``python -m convscope`` and of the ``convscope`` command."""

import signal
import sys

BEFORE = signal.getsignal(signal.SIGINT)
if __name__ == "__main__" and BEFORE is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the imports below without a traceback

from .figures.theme import ignore_settings_file  # noqa: E402
from .system.isolation import isolate_process  # noqa: E402


def run() -> None:
    """Run the command line and exit with its status."""
    isolate_process()
    ignore_settings_file()
    try:
        signal.signal(signal.SIGINT, BEFORE)
        from .cli.main import main  # and with it other packages, which read the environment

        status = main()
    except KeyboardInterrupt:  # before the command line can say more
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    run()
