"""Runs proof commands in units of systemd, where a drill of the service may not build walls of its own.

readiness-proof@.service says what a command may do: its whole world is the restored tree, with the programs
of the machine and nothing else of it. What walls really stood is seen from inside, as in `sandbox`.
"""

import os
import pwd
import re
import shlex
from collections.abc import Iterable
from contextlib import ExitStack
from fcntl import LOCK_EX, flock
from pathlib import Path

from agent.adapters.host.command import CommandMissing, Running, run
from agent.adapters.host.units import end_of, systemctl
from agent.adapters.sandbox.owner import hand_over
from agent.adapters.sandbox.seen import START, standing
from agent.adapters.sandbox.walls import PATH, TMP, Limits, shared_memory
from agent.adapters.sandbox.watch import Stopped, look_at_disk, usual_limits
from agent.core.configuration.location import is_inside
from agent.core.drill.proofs import CommandRun
from agent.core.text.plain import duration, printable, size

UNIT = USER = "readiness-proof"
PLACE = ".readiness-proof"  # in the tree: what one command is started with
KEPT = 1 << 16  # bytes of output
# what the unit shows of the machine instead of the restored tree
OF_THE_MACHINE = (
    *("/bin", "/dev", "/lib", "/lib64", "/proc", "/run"),
    *("/sbin", "/sys", "/tmp", "/usr", "/var/tmp"),  # noqa: S108 - where a unit's own lies
)
KILLED_FOR = {"oom-kill": "it used more memory than it may", "timeout": "it ran for a whole day"}
WALLS = (
    "user",
    "no-network",
    "own-control-group",
    "hidden-files",
    "restored-at-live-paths",
    "private-tmp",
    "private-shared-memory",
    "read-only-system",
    "no-new-privileges",
    "no-capabilities",
    "no-user-namespaces",
    "system-call-filter",
    "memory-limit",
    "file-size-limit",
)

# as the first process of the unit; it ends the unit when the drill, which holds the lock, is no longer there
PROGRAM = r"""
exec 1>/{place}/out 2>/{place}/err 8</{place}/alive 9>/{place}/facts </dev/null
rm -rf /{place}
( flock 8 && kill -KILL $$ ) 9>&- >/dev/null 2>&1 &
exec 8<&-
cd /
export PATH={path} LANG=C.UTF-8 HOME={tmp} TMPDIR={tmp}
exec prlimit --as={memory} --fsize={size} --core=0 --nofile=1024 \
  sh -c {inside} sh {root} {nets} {memory} {size} {shared} {command}
"""

INSIDE = (
    r"""
say() { printf '%s\n' "$1" >&9; }
root=$1 nets=$2 memory=$3 size=$4 memory_of_all=$5
shift 5
[ "$(id -un)" = readiness-proof ] && [ "$(id -G)" = "$(id -g)" ] && say user
[ "$(readlink /proc/self/ns/net)" != "$nets" ] && say no-network
case $(cat /proc/self/cgroup) in */readiness-proof@*) say own-control-group ;; esac
if [ "$(stat -c %d:%i /)" = "$root" ]; then say hidden-files; say restored-at-live-paths; fi
[ -w /tmp ] && [ -z "$(ls -A /tmp)" ] && say private-tmp
[ "$(stat -c %d /dev/shm 2>/dev/null)" != "$memory_of_all" ] && say private-shared-memory
command -v unshare >/dev/null && ! unshare --user --map-root-user true 2>/dev/null && say no-user-namespaces
while read -r device on type flags rest; do
  case $on,$flags, in /usr,ro,*) say read-only-system ;; esac
done </proc/self/mounts
while read -r key value; do
  case $key:$value in
  NoNewPrivs::1) say no-new-privileges ;;
  CapEff::0000000000000000) say no-capabilities ;;
  Seccomp::2) say system-call-filter ;;
  esac
done </proc/self/status
while read -r line; do
  case $line in
  "Max address space "*" $memory "*) say memory-limit ;;
  "Max file size "*" $size "*) say file-size-limit ;;
  esac
done </proc/self/limits
"""
    + START
)


class UnitSandbox:
    """The `ProofRunner` of a drill that the service started. `tree` is ours to spoil.

    `live` are the source paths of the process.
    """

    def __init__(self, tree: Path, live: Iterable[str], limits: Limits | None = None) -> None:
        self.tree = tree.absolute()
        self.live = tuple(live)
        self.unit = f"{UNIT}@{_escaped(self.tree)}.service"
        self.limits = limits
        self._handed_over = False
        self._seen: list[set[str]] = []

    @property
    def isolation(self) -> tuple[str, ...]:
        """As in `standing`."""
        return standing(WALLS, self._seen)

    def run(self, command: tuple[str, ...], timeout: int) -> CommandRun:
        """Run one proof command in the restored tree. Never raises for what the command does."""
        covered = [path for path in self.live if any(is_inside(path, other) for other in OF_THE_MACHINE)]
        if covered:
            reason = f"{covered[0]} lies where proofs of the service see the machine's own files"
            return CommandRun(unusable=f"{reason}: run this drill by hand with a state of root's")
        user = pwd.getpwnam(USER)
        if not self._handed_over:
            hand_over(self.tree, user.pw_uid, user.pw_gid)
            self._handed_over = True
        place = self.tree / PLACE
        run(["rm", "-rf", "--one-file-system", "--", str(place)])
        limits = self.limits or usual_limits(self.tree)
        with ExitStack() as held:
            place.mkdir(mode=0o700)
            files = {name: _new_file(place / name, held) for name in ("out", "err", "facts", "alive")}
            flock(files["alive"], LOCK_EX)
            (place / "program").write_bytes(os.fsencode(self._program(limits, command)))
            hand_over(place, user.pw_uid, user.pw_gid)
            return self._run(files, limits, timeout)

    def _program(self, limits: Limits, command: tuple[str, ...]) -> str:
        status = self.tree.stat()
        return PROGRAM.format(
            place=PLACE,
            path=PATH,
            tmp=TMP,
            memory=limits.address_space,
            size=limits.file_size,
            inside=shlex.quote(INSIDE),
            root=f"{status.st_dev}:{status.st_ino}",
            shared=shared_memory(),
            nets=shlex.quote(str(Path("/proc/self/ns/net").readlink())),
            command=shlex.join(command),
        )

    def _run(self, files: dict[str, int], limits: Limits, timeout: int) -> CommandRun:
        def look() -> None:
            printed = sum(os.fstat(files[name]).st_size for name in ("out", "err"))
            if printed > limits.output:
                raise Stopped(f"it printed more than {size(limits.output)}")
            look_at_disk(self.tree, limits)

        trouble = complaint = ""
        try:
            running = Running(systemctl("start", "--wait", self.unit))
            ended = running.wait(timeout, look)
            complaint = ended.stderr.decode(errors="replace")
            if ended.timed_out:
                trouble = f"it did not finish within {duration(timeout)}"
        except CommandMissing as missing:
            complaint = missing.message
        except Stopped as reason:
            trouble = str(reason)
        finally:
            run(systemctl("stop", self.unit))
        end = end_of(self.unit)
        return self._told(files, end.status, trouble or KILLED_FOR.get(end.result, ""), complaint)

    def _told(self, files: dict[str, int], status: int, trouble: str, complaint: str) -> CommandRun:
        facts = set(_read(files["facts"]).split())
        if "missing" in facts:
            return CommandRun(unusable="the command is not installed")
        if "started" not in facts:
            reason = printable((trouble or _read(files["err"]) or complaint).strip())[-300:]
            return CommandRun(unusable=f"{self.unit} did not start: {reason or 'see its journal'}")
        self._seen.append(facts)
        return CommandRun(
            status=status, stdout=_read(files["out"]), stderr=_read(files["err"]), trouble=trouble
        )


def _escaped(path: Path) -> str:
    """The path as systemd writes it in the name of a unit."""

    def escape(found: re.Match[bytes]) -> bytes:
        return b"-" if found[0] == b"/" else b"\\x%02x" % found[0][0]

    name = re.sub(rb"[^A-Za-z0-9:_.]", escape, os.fsencode(path).strip(b"/"))
    return os.fsdecode(name)


def _new_file(path: Path, held: ExitStack) -> int:
    """A new empty file, open to read; the command cannot put another in its place any more."""
    file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    held.callback(os.close, file)
    return file


def _read(file: int) -> str:
    """The first and the last part of what was written."""
    length = os.fstat(file).st_size
    first = os.pread(file, KEPT // 2, 0)
    rest = os.pread(file, KEPT // 2, max(KEPT // 2, length - KEPT // 2))
    return (first + rest).decode("utf-8", "surrogateescape")
