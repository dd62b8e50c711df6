"""Commands of ours at work for the service, and where it rests until one ends or a signal comes."""

import json
import math
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from agent.adapters.host.command import Completed, Running
from agent.adapters.host.identity import drills_apart
from agent.adapters.restic.stall import StallWatch
from agent.core.schedule.jobs import Asked, JobEnd
from agent.core.text.plain import printable
from agent.errors import ResticError

KEEP = 1 << 20  # bytes of a command's JSON that are kept
SURELY_ALIVE = 300.0  # seconds in which a job is not looked at for signs of life
STALL_GRACE = 60.0


class CommandJob:
    """One command at work. A command whose processes show no sign of life for `patience` seconds is ended.

    One that cannot even be killed, because a dead file system holds it, stays at work; others go on.
    """

    def __init__(self, argv: Sequence[str], patience: float) -> None:
        self.running = Running(argv, keep=KEEP)
        self._started = time.monotonic()
        self._watch = StallWatch(self.running, lambda: self.running.stdout.total, patience)
        self._stalled_at: float | None = None

    def look(self) -> JobEnd | None:
        """How it ended; None while it is at work."""
        ended = self.running.look()
        if ended is not None:
            return _end(ended, stalled=self._stalled_at is not None)
        now = time.monotonic()
        if self._stalled_at is not None:
            if now - self._stalled_at > STALL_GRACE:
                self.running.kill()
        elif now - self._started > SURELY_ALIVE:
            try:
                self._watch()
            except ResticError:
                self._stalled_at = now
                self.ask_to_end()
        return None

    def ask_to_end(self) -> None:
        """Ask it to end, and do not wait."""
        self.running.ask_to_end(0)

    def stop(self, grace: float) -> None:
        """Ask it to end, insist after `grace` seconds."""
        self.running.stop(grace)


class CommandJobs:
    """Implements the ports `Jobs` and `Waiter`. Make it in the main thread: signals come there."""

    def __init__(self, config_file: str, stall_timeout: int) -> None:
        self._argv = [sys.executable, "-P", "-m", "agent", "--config", config_file, "--json"]
        self._patience = 2.0 * stall_timeout  # the command itself should notice a stall before us
        self._jobs: list[CommandJob] = []
        self._asked: set[signal.Signals] = set()
        self._woken, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _: self._asked.add(signal.Signals(number)))

    def start(self, arguments: Sequence[str]) -> CommandJob:
        """Start `readiness` with these arguments."""
        # a drill in a unit of its own only waits here; what works there is watched there
        elsewhere = arguments[0] == "drill" and drills_apart()
        job = CommandJob([*self._argv, *arguments], math.inf if elsewhere else self._patience)
        self._jobs.append(job)
        return job

    def wait(self, seconds: float) -> Asked:
        """Rest until a signal comes, a job ends or time is up."""
        self._jobs = [job for job in self._jobs if job.running.process.returncode is None]
        watch = select.poll()
        watch.register(self._woken, select.POLLIN)
        handles = [os.pidfd_open(job.running.pid) for job in self._jobs]
        try:
            for handle in handles:
                watch.register(handle, select.POLLIN)
            watch.poll(seconds * 1000)
        finally:
            for handle in handles:
                os.close(handle)
        with suppress(BlockingIOError):
            os.read(self._woken, 4096)
        asked, self._asked = self._asked, set()
        return Asked(stop=bool(asked & {signal.SIGTERM, signal.SIGINT}), reload=signal.SIGHUP in asked)


def _end(ended: Completed, stalled: bool) -> JobEnd:
    try:
        answer = json.loads(ended.stdout)
    except (ValueError, RecursionError):
        answer = {}
    result = answer.get("result") if isinstance(answer, dict) else None
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    complaint = "it showed no sign of life and was ended" if stalled else " ".join(lines[-2:])
    return JobEnd(
        status=ended.status,
        seconds=ended.seconds,
        result=result if isinstance(result, dict) else {},
        complaint=printable(complaint)[:500],
    )
