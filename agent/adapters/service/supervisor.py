"""Tells systemd how the service is (sd_notify(3)), and writes its log for journald (sd-daemon(3))."""

import math
import os
import socket
import sys

from agent.core.schedule.jobs import Level
from agent.core.text.plain import printable

# syslog's numbers, which journald takes from the start of a line
PRIORITIES: dict[Level, int] = {"error": 3, "warning": 4, "notice": 5, "info": 6, "debug": 7}


class Systemd:
    """Implements the port `Supervisor`; does nothing where nobody listens."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")  # what we start must not speak for us
        os.environ.pop("WATCHDOG_PID", None)
        # seconds between two signs of life: a third of what the watchdog waits for
        self.longest_silence = int(os.environ.pop("WATCHDOG_USEC", 0)) / 3e6 or math.inf

    def ready(self, status: str) -> None:
        """The service is up."""
        self._tell(f"READY=1\nSTATUS={printable(status)}")

    def alive(self, status: str) -> None:
        """A sign of life."""
        self._tell(f"WATCHDOG=1\nSTATUS={printable(status)}")

    def stopping(self) -> None:
        """The service is about to end."""
        self._tell("STOPPING=1\nSTATUS=stopping")

    def _tell(self, words: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
                to.sendto(words.encode(), address)
        except OSError:
            return  # the watchdog notices


class Journal:
    """Implements the port `Log`: one line for each event on standard error.

    With a priority in front where journald reads it, without on a terminal. `verbose` shows debugging, too.
    """

    def __init__(self, verbose: bool) -> None:
        self._numbered = "JOURNAL_STREAM" in os.environ
        self._verbose = verbose

    def __call__(self, level: Level, text: str) -> None:
        """Write one line."""
        if level == "debug" and not self._verbose:
            return
        front = f"<{PRIORITIES[level]}>" if self._numbered else f"{level}: "
        sys.stderr.write(f"{front}{printable(text)}\n")
