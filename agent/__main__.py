"""`readiness`, also as `python -m agent`."""

import signal


def main() -> None:
    """The console script. Until the command line stands, Ctrl-C ends us without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from agent.cli import main as command_line  # noqa: PLC0415 - importing it is what takes its time

    command_line()


if __name__ == "__main__":
    main()
