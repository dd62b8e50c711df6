"""What others can tell from that the service lives and that its records get to where they belong."""

from collections import deque
from datetime import datetime

from agent.core.model.records import Body
from agent.daemon.ports import Clocks, LifeSign, Log
from agent.errors import ReadinessError
from agent.operations.ports.ledger import Ledger

SIGN_SECONDS = 300.0  # between two signs of life
OWED = 1000  # records that are kept until they can be written, the newest


class Vitals:
    """Writes records, and gives a sign of life.

    What cannot be recorded must not end the service: backups go on. It is kept, and recorded as soon as
    that is possible again; until then no sign says that all is well.
    """

    def __init__(self, ledger: Ledger, sign: LifeSign, clocks: Clocks, log: Log) -> None:
        self._ledger = ledger
        self._sign = sign
        self._clocks = clocks
        self._log = log
        self._owed: deque[tuple[Body, datetime]] = deque(maxlen=OWED)
        self._behind = False
        self._given: datetime | None = None
        self._trouble = ""

    def record(self, body: Body) -> None:
        """Write one record, after those that are owed."""
        self._owed.append((body, self._clocks.now()))
        trouble = self._settle()
        if trouble:
            self._log("error", f"This could not be recorded: {trouble}")

    def give_sign(self) -> None:
        """When it is time, or the clock was set since."""
        now = self._clocks.now()
        if self._given is not None and abs((now - self._given).total_seconds()) < SIGN_SECONDS:
            return
        self._given = now
        self._settle()
        before, self._trouble = self._trouble, self._sign.give(now, recorded=not self._owed)
        if self._trouble and self._trouble != before:
            self._log("error", f"The sign of life could not be written to the state: {self._trouble}")

    def _settle(self) -> str:
        """Write what is owed; returns why that was not possible."""
        while self._owed:
            try:
                self._ledger.append(*self._owed[0])
            except ReadinessError as error:
                self._behind = True
                return f"{error.message} {error.hint}".strip()
            self._owed.popleft()
        if self._behind:
            self._log("notice", "What could not be recorded before is recorded now")
        self._behind = False
        return ""
