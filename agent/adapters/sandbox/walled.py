"""Runs proof commands on a restored tree, walled in; nothing of them outlives their run.

What walls there can be depends on our rights and the kernel, so each run reports those it really saw
from inside. Memory of all processes together, output and disk are watched from outside.
"""

import os
import signal
import tempfile
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from agent.adapters.host.command import CommandMissing, Running, run
from agent.adapters.sandbox.inside import WALLS
from agent.adapters.sandbox.owner import hand_over, has_name, unused_user
from agent.adapters.sandbox.seen import standing
from agent.adapters.sandbox.sockets import listening
from agent.adapters.sandbox.walls import FULL, PATH, TMP, Limits, Room, walls_script
from agent.adapters.sandbox.watch import TOKEN, Stopped, Watch, threads_of, usual_limits
from agent.core.configuration.location import is_inside
from agent.core.drill.proofs import CommandRun
from agent.core.text.plain import duration, printable

KEPT = 1 << 16  # bytes of output


class Sandbox:
    """The `ProofRunner`. `tree` is ours to spoil: commands may write there, and owners are changed.

    `live` are the source paths of the process: commands see the restored copy there. `hidden` are files and
    directories that no command may see (state, repository, config, password files, other processes' data);
    system directories such as /etc are left alone, name the files in them instead. Everything private is
    made beside `tree`.
    """

    def __init__(
        self, tree: Path, live: Iterable[str], hidden: Iterable[str], limits: Limits | None = None
    ) -> None:
        self.tree = tree.absolute()
        self.live = tuple(live)
        # what lies below a live path is replaced with it
        self.hidden = tuple(path for path in hidden if not any(is_inside(path, live) for live in self.live))
        self.limits = limits
        self._user = 0
        self._namespaces: tuple[str, ...] = ()
        self._ready = False
        self._seen: list[set[str]] = []

    @property
    def isolation(self) -> tuple[str, ...]:
        """As in `standing`."""
        return standing(WALLS, self._seen)

    def run(self, command: tuple[str, ...], timeout: int) -> CommandRun:
        """Run one proof command in the restored tree. Never raises for what the command does."""
        self._prepare()
        limits = self.limits or usual_limits(self.tree)
        private = Path(tempfile.mkdtemp(dir=self.tree.parent, prefix="proof-"))
        try:
            room = self._room(private, limits)
            return self._run(room, command, timeout)
        finally:
            if os.geteuid() != 0:  # a command may have closed directories of its own even to us
                hand_over(private, self._user)
            run(["rm", "-rf", "--one-file-system", "--", str(private)])

    def _prepare(self) -> None:
        if self._ready:
            return
        self._namespaces = _possible_namespaces()
        self._user = unused_user() if os.geteuid() == 0 else os.getuid()
        hand_over(self.tree, self._user)
        self._ready = True

    def _room(self, private: Path, limits: Limits) -> Room:
        user = self._user
        (private / "tmp").mkdir(mode=0o700)
        (private / "tmp" / "facts").touch(mode=0o600)
        os.chown(private / "tmp", user, user if os.geteuid() == 0 else -1)
        for name, line in (
            ("passwd", f"proof:x:{user}:{user}::{TMP}:/bin/sh"),
            ("group", f"proof:x:{user}:"),
        ):
            own = private / name
            known = Path("/etc", name).read_bytes().rstrip(b"\n") + b"\n"
            own.write_bytes(known if has_name(user) else known + f"{line}\n".encode())
            own.chmod(0o644)
        if os.geteuid() != 0 and "--user" not in self._namespaces:
            limits = replace(limits, processes=limits.processes + threads_of(user))
        return Room(
            tree=self.tree,
            private=private,
            live=self.live,
            hidden=self.hidden,
            user=user,
            namespaces=self._namespaces,
            sockets=tuple(listening()),
            limits=limits,
        )

    def _run(self, room: Room, command: tuple[str, ...], timeout: int) -> CommandRun:
        script = room.private / "walls"
        script.write_bytes(os.fsencode(walls_script(room, command)))
        argv: list[str] = ["sh", str(script)]
        if room.namespaces:
            argv = ["unshare", *room.namespaces, "--", *argv]
        with (room.private / "tmp" / "facts").open(encoding="utf-8") as facts:
            running = Running(
                argv, env=_environment(room), cwd=str(self.tree), keep=KEPT, stop_signal=signal.SIGKILL
            )
            status, trouble = _follow(running, room, timeout)
            return self._told(running, set(facts.read().split()), status, trouble)

    def _told(self, running: Running, facts: set[str], status: int, trouble: str) -> CommandRun:
        stdout, stderr = (
            pipe.kept().decode("utf-8", "surrogateescape") for pipe in (running.stdout, running.stderr)
        )
        if "started" not in facts:
            return CommandRun(unusable=_why_not(facts, trouble or stderr))
        self._seen.append(facts)
        return CommandRun(status=status, stdout=stdout, stderr=stderr, trouble=trouble)


def _follow(running: Running, room: Room, timeout: int) -> tuple[int, str]:
    """Wait for the end; the exit status, and why it had to be stopped."""
    watch = Watch(running, room)
    try:
        ended = running.wait(timeout, watch.look)
    except Stopped as reason:
        return -signal.SIGKILL, str(reason)
    finally:
        watch.end_stragglers()
    if ended.timed_out:
        return ended.status, f"it did not finish within {duration(timeout)}"
    return ended.status, watch.too_much() if watch.printed() > room.limits.output else ""


def _why_not(facts: set[str], complaint: str) -> str:
    if "missing" in facts:
        return "the command is not installed, or the user of the proofs may not execute it"
    if "unreachable" in facts:
        return "the user of the proofs cannot reach the restored tree, and the system allows no mounts"
    reason = printable(complaint.strip())[-300:] or "no reason was given"
    return f"the walls around it could not be built: {reason}"


def _environment(room: Room) -> dict[str, str]:
    home = TMP if room.mounts else str(room.private / "tmp")
    return {"PATH": PATH, "LANG": "C.UTF-8", "HOME": home, "TMPDIR": home, TOKEN: room.private.name}


def _possible_namespaces() -> tuple[str, ...]:
    """The strongest set of namespaces that the kernel gives us, tried by using it."""
    mapped = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    without_mounts = tuple(option for option in FULL if option != "--mount")
    trials = {
        (*mapped, *FULL): f"mount -t proc proc /proc && mount -t tmpfs none {TMP}",
        (*mapped, *without_mounts): ":",
    }
    for namespaces, trial in trials.items():
        try:
            if run(["unshare", *namespaces, "--", "sh", "-c", trial], deadline=10).status == 0:
                return namespaces
        except CommandMissing:
            break
    return ()
