"""`readiness`, also as `python -m agent`."""

import os
import signal
import sys


def main() -> None:
    """The console script. Until the command line stands, Ctrl-C ends us without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.getfilesystemencoding() != "utf-8":
        _begin_again_in_utf8()
    from agent.cli import main as command_line  # noqa: PLC0415 - importing it is what takes its time

    command_line()


def _begin_again_in_utf8() -> None:
    """The config is UTF-8 and names files; in an old locale Python would look for other names.

    What is printed stays in the encoding that the terminal reads.
    """
    if sys.stdout:
        os.environ.setdefault("PYTHONIOENCODING", f"{sys.stdout.encoding}:backslashreplace")
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - it is us


if __name__ == "__main__":
    main()
