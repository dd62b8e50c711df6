"""Watches a proof command from outside: memory of all its processes, its output, the disk it fills."""

import os
import signal
import time
from pathlib import Path

import psutil

from agent.adapters.host.command import Running
from agent.adapters.sandbox.walls import Limits, Room
from agent.core.text.plain import size

TOKEN = "READINESS_PROOF"  # noqa: S105 - marks the processes of one run where no namespace holds them
GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)


class Stopped(Exception):
    """The command used more than it may."""


def usual_limits(tree: Path) -> Limits:
    """Half of the memory and of the disk that are free now, and never its last tenth, in bytes or files."""
    available = psutil.virtual_memory().available
    free = free_space(tree)
    memory = max(256 << 20, min(4 << 30, available // 2))
    return Limits(
        memory=memory,
        file_size=max(1 << 20, free // 2),
        free_space=free // 10,
        free_files=free_files(tree) // 10,
    )


def free_space(place: Path) -> int:
    """Bytes that we may still write on the disk of `place`."""
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def free_files(place: Path) -> int:
    """How many more files we may make on the disk of `place`; 0 where it does not count them."""
    return os.statvfs(place).f_favail


def look_at_disk(place: Path, limits: Limits) -> None:
    """Raise `Stopped` once the disk of `place` is fuller than it may be."""
    if free_space(place) < limits.free_space:
        raise Stopped(f"it filled the disk: {size(limits.free_space)} must stay free")
    if free_files(place) < limits.free_files:
        raise Stopped(f"it made too many files: the disk must be able to hold {limits.free_files} more")


def threads_of(user: int) -> int:
    """How many threads a user runs now, which is what the limit on processes counts."""
    found = psutil.process_iter(["uids", "num_threads"])
    return sum(p.info["num_threads"] or 1 for p in found if p.info["uids"] and p.info["uids"].real == user)


class Watch:
    """One running command. `look` raises `Stopped` once it uses too much."""

    def __init__(self, running: Running, room: Room) -> None:
        self.running = running
        self.room = room
        self.contained = "--pid" in room.namespaces  # its processes end with the namespace

    def look(self) -> None:
        limits = self.room.limits
        if self.printed() > limits.output:
            raise Stopped(self.too_much())
        look_at_disk(self.room.tree, limits)
        if self._memory_exceeds(limits.memory):
            raise Stopped(f"it used more than {size(limits.memory)} of memory")

    def printed(self) -> int:
        return self.running.stdout.total + self.running.stderr.total

    def too_much(self) -> str:
        return f"it printed more than {size(self.room.limits.output)}"

    def _memory_exceeds(self, limit: int) -> bool:
        members = self._members()
        if sum(_resident(member) for member in members) <= limit:
            return False
        # pages that several processes share were counted several times: now share them out
        return sum(_proportional(member) for member in members) > limit

    def _members(self) -> list[psutil.Process]:
        try:
            leader = psutil.Process(self.running.pid)
            family = [leader, *leader.children(recursive=True)]
        except GONE:
            family = []
        if self.contained or os.geteuid() != 0:
            return family
        known = {member.pid for member in family}
        return family + [member for member in self._of_our_user() if member.pid not in known]

    def _of_our_user(self) -> list[psutil.Process]:
        user = self.room.user
        return [p for p in psutil.process_iter(["uids"]) if p.info["uids"] and p.info["uids"].real == user]

    def end_stragglers(self) -> None:
        """Kill what left the process group, until nothing of it is left."""
        if self.contained:
            return
        quiet = 0
        while quiet < 2:  # one more look: a process may fork while it is being killed
            left = self._of_our_user() if os.geteuid() == 0 else self._marked()
            for member in left:
                _kill(member)
            quiet = 0 if left else quiet + 1
            time.sleep(0.01)

    def _marked(self) -> list[psutil.Process]:
        """Processes of our own user that carry the mark of this run in their environment."""
        mark = f"{TOKEN}={self.room.private.name}".encode()
        return [
            member
            for member in self._of_our_user()
            if member.status() != psutil.STATUS_ZOMBIE and mark in _environment_of(member).split(b"\0")
        ]


def _environment_of(member: psutil.Process) -> bytes:
    try:
        return Path(f"/proc/{member.pid}/environ").read_bytes()
    except OSError:
        return b""


def _kill(member: psutil.Process) -> None:
    try:
        if member.status() != psutil.STATUS_ZOMBIE:
            member.send_signal(signal.SIGKILL)
    except GONE:
        return


def _resident(member: psutil.Process) -> int:
    try:
        return int(member.memory_info().rss)
    except GONE:
        return 0


def _proportional(member: psutil.Process) -> int:
    try:
        return int(member.memory_full_info().pss)
    except GONE:
        return 0
    except psutil.AccessDenied:
        return _resident(member)
