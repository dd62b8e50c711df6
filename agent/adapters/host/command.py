"""The only place that starts other programs: bounded output, bounded time, nothing left running.

Start commands from the main thread: the kernel ties "die with your parent" to the thread that forked.
"""

import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from msgspec import Struct

from agent.adapters.host.interrupts import at_work, held_off
from agent.errors import ReadinessError

LONGEST_LINE = 1 << 20  # a longer line of output is dropped whole
TICK = 0.1  # seconds between two looks at a running command


class Completed(Struct, frozen=True, kw_only=True):
    """How a command ended. `status` is negative when a signal ended it."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False
    output_bytes: int = 0  # of standard output, also what was not kept


class CommandMissing(ReadinessError):
    """The program is not installed or may not be executed."""

    code = "command-missing"


class Pipe(threading.Thread):
    """Drains one pipe to its end, keeping its head and tail, or handing it on line by line."""

    def __init__(self, stream: IO[bytes], keep: int, on_line: Callable[[bytes], None] | None) -> None:
        super().__init__(daemon=True)
        self.stream = stream
        self.keep = keep
        self.on_line = on_line
        self.total = 0
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._line = bytearray()
        self._overlong = False
        self.start()

    def run(self) -> None:
        whole = self.on_line is None
        with self.stream:
            while chunk := os.read(self.stream.fileno(), 1 << 16):
                self.total += len(chunk)
                if whole:
                    self._store(chunk)
                else:
                    self._split(chunk)
        if self._line and not self._overlong:
            self._hear(bytes(self._line))

    def kept(self) -> bytes:
        """What was kept: everything when it was short, else the first and the last half of `keep`."""
        tail = b"".join(self._tail)
        return bytes(self._head) + tail[max(0, len(tail) - self.keep // 2) :]

    def leave(self, seconds: float) -> None:
        """Wait for the end; whoever else still holds the pipe open is no longer listened to."""
        self.join(timeout=seconds)
        self.on_line = None

    def _store(self, chunk: bytes) -> None:
        room = self.keep // 2 - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail.append(chunk)
        self._tail_bytes += len(chunk)
        while self._tail_bytes - len(self._tail[0]) > self.keep // 2:
            self._tail_bytes -= len(self._tail.popleft())

    def _split(self, chunk: bytes) -> None:
        first, newline, others = chunk.partition(b"\n")
        if newline and b"{" not in others:  # prose: only its last line may go on as something else
            chunk = first + newline + others[others.rfind(b"\n") + 1 :]
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            if not self._overlong:
                self._hear(bytes(self._line) + line)
            self._line.clear()
            self._overlong = False
        if not self._overlong:
            self._line += rest
            if len(self._line) > LONGEST_LINE:
                self._line.clear()
                self._overlong = True

    def _hear(self, line: bytes) -> None:
        if listener := self.on_line:
            listener(line)


class Running:
    """A command at work in its own process group, which dies when we die.

    `argv[0]` is looked up on PATH. `stop_signal` is what asks it politely to end. `on_line` receives
    each line of standard output that may hold JSON, in another thread; without it up to `keep` bytes are
    kept. `stdin` is an open file that it reads; without it there is nothing to read. With `keep_children`
    what it leaves running when it ends by itself may go on.
    """

    def __init__(
        self,
        argv: Sequence[str | bytes],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        on_line: Callable[[bytes], None] | None = None,
        keep: int = 1 << 16,
        stop_signal: signal.Signals = signal.SIGTERM,
        pass_fds: Sequence[int] = (),
        stdin: int = subprocess.DEVNULL,
        keep_children: bool = False,
    ) -> None:
        self.stop_signal = stop_signal
        self.keep_children = keep_children
        self._started = time.monotonic()
        name = os.fsdecode(argv[0])
        if shutil.which(argv[0], path=env.get("PATH") if env else None) is None:
            raise CommandMissing(f"{name} is not installed, or may not be executed.")
        dying = ["setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--"]
        with held_off():
            try:
                self.process = subprocess.Popen(
                    [*dying, *argv],
                    env=dict(env) if env is not None else None,
                    cwd=cwd,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    pass_fds=pass_fds,
                )
            except OSError as error:
                raise _cannot_start(name, error) from error
            assert self.process.stdout
            assert self.process.stderr
            self.stdout = Pipe(self.process.stdout, keep, on_line)
            self.stderr = Pipe(self.process.stderr, 1 << 16, None)
            at_work.add(self)

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait(self, deadline: float | None = None, tick: Callable[[], None] | None = None) -> Completed:
        """Wait for the end, at most `deadline` seconds from the start; then the command is stopped.

        `tick` is called about ten times a second; whatever it raises stops the command and goes on up,
        as does Ctrl-C.
        """
        timed_out = False
        try:
            while not self._ended_within(TICK):
                if tick:
                    tick()
                if deadline is not None and time.monotonic() - self._started > deadline:
                    timed_out = True
                    self.stop()
        except BaseException:
            self.stop()
            raise
        return self._completed(timed_out)

    def look(self) -> Completed | None:
        """How it ended; None while it is at work."""
        return self._completed(timed_out=False) if self._ended_within(0) else None

    def stop(self, grace: float = 10.0) -> None:
        """Ask the process group to end, insist after `grace` seconds, and wait until it is gone."""
        if not self.ask_to_end(grace):
            self._signal_group(signal.SIGKILL)
            self._ended_within(None)
        for pipe in (self.stdout, self.stderr):
            pipe.leave(2)

    def ask_to_end(self, seconds: float) -> bool:
        """Ask the process group to end; whether it did within so many seconds."""
        if self.process.returncode is None:
            self._signal_group(self.stop_signal)
            self._signal_group(signal.SIGCONT)  # a stopped one would not hear
        return self._ended_within(seconds)

    def kill(self) -> None:
        """End the process group without a word, and do not wait: a dead file system may hold it for ever."""
        if self.process.returncode is None:
            self._signal_group(signal.SIGKILL)

    def _ended_within(self, seconds: float | None) -> bool:
        """Whether it ended; then nothing of its group is left, and its number is free again."""
        if self.process.returncode is not None:
            return True
        handle = os.pidfd_open(self.process.pid)  # not yet waited for, so that it is still there
        try:
            watch = select.poll()  # not select(): a deep walk may hold more than 1,024 descriptors
            watch.register(handle, select.POLLIN)
            if not watch.poll(None if seconds is None else seconds * 1000):
                return False
        finally:
            os.close(handle)
        if not self.keep_children:
            self._signal_group(signal.SIGKILL)  # what the leader left behind in its group
        self.process.wait()
        at_work.discard(self)
        return True

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            # gone, or only processes of another user are left, which their own walls end
            return

    def _completed(self, timed_out: bool) -> Completed:
        for pipe in (self.stdout, self.stderr):
            pipe.leave(5)  # a grandchild may hold the pipe open for ever
        return Completed(
            status=self.process.returncode,
            stdout=self.stdout.kept(),
            stderr=self.stderr.kept(),
            seconds=time.monotonic() - self._started,
            timed_out=timed_out,
            output_bytes=self.stdout.total,
        )


def _cannot_start(name: str, error: OSError) -> CommandMissing:
    if shutil.which("setpriv") is None:
        return CommandMissing("setpriv is not installed.", "Install it: apt install util-linux.")
    return CommandMissing(f"{name} cannot be started: {error.strerror}.")


def run(
    argv: Sequence[str | bytes],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    deadline: float | None = None,
    keep: int = 1 << 16,
) -> Completed:
    """Run a short command to its end."""
    return Running(argv, env=env, cwd=cwd, keep=keep).wait(deadline)
