"""The shell program that builds the walls around a proof command.

`walls_script` runs with the rights we have, in new namespaces where the kernel gives them: it shows the
restored tree at /tmp/restored and over the live paths, hides our own files and the machine's sockets, and
makes the rest read-only.
`INSIDE` then runs as the proof's own user and becomes the command.
Paths are written into the program quoted, so that any byte in them is harmless.
"""

import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from agent.adapters.sandbox.inside import CLOSING, INSIDE, LAST
from agent.core.configuration.location import is_inside

TMP = "/tmp"  # noqa: S108 - the sandbox's own, not the machine's
RESTORED = f"{TMP}/restored"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FULL = ("--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child=SIGKILL")
SHARED_MEMORY = "64m"  # of /dev/shm
MOST_SOCKETS = 1000  # that are plugged; each takes a mount
LONGEST_WORD = 1 << 16  # bytes of one argument, half of what the kernel takes
_NEVER_HIDDEN = {"/", "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr", "/var"}
_KERNEL = {"proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue", "securityfs", "debugfs"}
_KEPT_FLAGS = {"nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime"}


class Limits(Struct, frozen=True, kw_only=True):
    """What one proof command may use; bytes unless the name says otherwise."""

    memory: int  # of all its processes together
    processes: int = 256
    output: int = 64 << 20
    file_size: int
    free_space: int  # the least that has to stay free on the disk of the restored tree
    free_files: int = 0  # how many more that disk must be able to hold

    @property
    def address_space(self) -> int:
        """Of one process. Many runtimes reserve far more than they use."""
        return max(2 * self.memory, 4 << 30)


class Room(Struct, frozen=True, kw_only=True):
    """Where one command runs and what it may see. `private` has `tmp/facts`, `passwd`, `group`."""

    tree: Path
    private: Path
    live: tuple[str, ...]  # source paths of the process, shown as restored
    hidden: tuple[str, ...]
    user: int
    namespaces: tuple[str, ...]  # options of unshare
    sockets: tuple[str, ...] = ()  # those that somebody on the machine listens on
    limits: Limits

    @property
    def mounts(self) -> bool:
        return "--mount" in self.namespaces

    @property
    def mapped(self) -> bool:
        """Whether we are root only in a namespace of our own."""
        return "--user" in self.namespaces

    @property
    def place(self) -> str:
        """Where the command finds the restored tree."""
        return RESTORED if self.mounts else str(self.tree)


def q(path: str | Path) -> str:
    """A path as one word of the shell."""
    return shlex.quote(str(path))


def walls_script(room: Room, command: tuple[str, ...]) -> str:
    """The whole program for one command."""
    lines = ["set -eu", "umask 077"]
    lines += _mounting(room) if room.mounts else []
    facts = f"{TMP}/facts" if room.mounts else q(room.private / "tmp/facts")
    lines += [
        # through the mount that stays writable; whoever started us holds the file open and reads it later
        f"exec 9>{facts} && rm {facts}",
        "if command -v ip >/dev/null; then ip link set lo up || :; fi" if "--net" in room.namespaces else ":",
        f"cd {q(room.place)}",
        "echo 1000 >/proc/self/oom_score_adj || :",
        f"{_entering(room, command)} &",
        "exec 9>&-",
        "set +e",
        # as the first process of its namespace this shell reaps orphans; when it ends, all end
        "wait $!",
        "exit $?",
    ]
    return "\n".join(lines) + "\n"


def _entering(room: Room, command: tuple[str, ...]) -> str:
    """Limits, then the other user without any capability or way to new ones, then the look around."""
    limits, user = room.limits, os.getuid() if room.mapped else room.user
    words = ["prlimit", f"--as={limits.address_space}", f"--nproc={limits.processes}"]
    words += [f"--fsize={limits.file_size}", "--core=0", "--nofile=1024"]
    if room.mapped:  # we are root in a namespace of our own already
        words += ["sh", "-c", LAST, "sh", str(user)]
    else:
        if os.geteuid() == 0:
            words += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
            words += ["--bounding-set=-all", "--ambient-caps=-all", "--inh-caps=-all"]
        words += ["sh", "-c", CLOSING, "sh", str(user), LAST]
    words += ["sh", "-c", INSIDE, "sh", room.place, str(os.geteuid())]
    words += [str(Path("/proc/self/ns/pid").readlink()), str(Path("/proc/self/ns/net").readlink())]
    words += [str(limits.address_space), str(limits.processes), str(limits.file_size)]
    words += [_seen_hidden(room), _seen_replaced(room), _seen_sockets(room), shared_memory(), *command]
    return shlex.join(words)


def _mounting(room: Room) -> list[str]:
    private_tmp = q(room.private / "tmp")
    tmpfs = "mount -t tmpfs -o nosuid,nodev"
    lines = [
        "mount -t proc -o nosuid,nodev,noexec proc /proc",
        f"mkdir -p {private_tmp}/restored",
        f"mount --bind {q(room.tree)} {private_tmp}/restored",
        f"mount -o remount,bind,nosuid,nodev {private_tmp}/restored",
        f'pin() {{ if [ -d "$1" ]; then {tmpfs},mode=0755,size=1m readiness "$1"; '
        'elif [ -e "$1" ]; then mount --bind /dev/null "$1"; fi; }',
        'plug() { [ ! -S "$1" ] || mount --bind /dev/null "$1" || :; }',
    ]
    # some programs refuse to run as a user without a name
    lines += [f"mount --bind {q(room.private / name)} /etc/{name}" for name in ("passwd", "group")]
    lines += [f"mount --rbind {private_tmp} {TMP}"]
    lines += [f"mount -o {flags} {q(place)} 2>/dev/null || :" for place, flags in _storage_mounts()]
    lines += [f"[ -d /var/tmp ] && mount --bind {TMP} /var/tmp || :"]
    lines += [f"pin {q(path)}" for path in ("/run", "/dev/mqueue", *_hideable(room.hidden))]
    lines += [f"{tmpfs},mode=1777,size={SHARED_MEMORY} readiness /dev/shm || :"]
    # before the restored copies come: what they bring to the place of a socket is theirs
    lines += [f"plug {q(path)}" for path in room.sockets[:MOST_SOCKETS] if not is_inside(path, "/run")]
    for path in _closed_parents(room.live):
        lines.append(f"pin {q(path)}")
    for path in room.live:
        lines += _show_restored(room, path)
    return lines


def _show_restored(room: Room, path: str) -> list[str]:
    """Lay the restored copy over a live path; hide the live one when it was not restored."""
    if is_inside(TMP, path):
        return []
    copy = f"{RESTORED}/{path.lstrip('/')}"
    if not is_plain(room.tree, path):
        return [f"pin {q(path)}"]
    there = room.tree / path.lstrip("/")
    make = f"mkdir -p {q(path)}" if there.is_dir() else f"mkdir -p {q(Path(path).parent)} && : >{q(path)}"
    return [
        f"[ -e {q(path)} ] || {{ umask 022; {make}; umask 077; }} 2>/dev/null || :",
        f"if [ -e {q(path)} ]; then mount --bind {q(copy)} {q(path)} || pin {q(path)}; fi",
    ]


def is_plain(tree: Path, path: str) -> bool:
    """Whether the restored copy of `path` is there and no component of it is a link out of the tree."""
    here = tree
    for name in path.strip("/").split("/"):
        here = here / name
        if here.is_symlink() or not here.exists():
            return False
    return here.is_dir() or here.is_file()


def _hideable(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path not in _NEVER_HIDDEN and not is_inside(TMP, path)]


def _closed_parents(paths: Iterable[str]) -> list[str]:
    """The topmost directory above each path that others may not enter: nothing below it is reachable
    for the proof's user anyway, so an empty one may take its place and hold the restored copy.
    """
    closed: list[str] = []
    for path in paths:
        for parent in list(Path(path).parents)[::-1][1:]:
            if is_inside(str(parent), TMP) or is_inside(TMP, str(parent)):
                continue
            try:
                open_to_others = parent.stat().st_mode & 0o001
            except OSError:
                break
            if not open_to_others:
                closed += [str(parent)] if str(parent) not in closed else []
                break
    return closed


def _storage_mounts() -> list[tuple[str, str]]:
    """Every mount that holds files, with the options that make it read-only and keep its own."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
        left, _, right = line.partition(" - ")
        place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), left.split(" ")[4])
        if right.split(" ")[0] in _KERNEL or is_inside(place, TMP) or is_inside(place, "/dev"):
            continue
        flags = [flag for flag in left.split(" ")[5].split(",") if flag in _KEPT_FLAGS]
        found.append((place, ",".join(["remount", "bind", "ro", *flags])))
    return found


def _seen_hidden(room: Room) -> str:
    """A shell test that is true when nothing of what is to be hidden can be read.

    The way to a restored copy may lead through a hidden directory; it then holds that way and nothing else.
    """
    tests = []
    for path in _hideable(room.hidden):
        ways = {live[len(path) :].strip("/").split("/")[0] for live in room.live if is_inside(live, path)}
        listed, way = f'"$(ls -A {q(path)})"', q("\n".join(sorted(ways)))
        empty = f"{{ [ -d {q(path)} ] && {{ [ -z {listed} ] || [ {listed} = {way} ]; }}; }}"
        tests.append(f"{{ [ ! -r {q(path)} ] || [ ! -s {q(path)} ] || {empty}; }}")
    return " && ".join(tests) or ":"


def _seen_replaced(room: Room) -> str:
    """A shell test that is true when every live path leads to the restored copy, or to nothing."""
    tests = []
    for path in room.live:
        copy = f"{room.place}/{path.lstrip('/')}"
        empty = f'[ ! -r {q(path)} ] || [ -z "$(ls -A {q(path)} 2>/dev/null)" ]'
        tests.append(f"{{ [ {q(path)} -ef {q(copy)} ] || {empty}; }}")
    return " && ".join(tests) or ":"


def _seen_sockets(room: Room) -> str:
    """A shell test that is true when no socket of the machine is in sight.

    What lies at a live path is the restored copy, or that wall does not stand; in /tmp it is the command's.
    """
    own = (TMP, *room.live) if room.mounts else ()
    names = [q(path) for path in room.sockets if not any(is_inside(path, place) for place in own)]
    words = " ".join(names)
    if len(room.sockets) > MOST_SOCKETS or len(words) > LONGEST_WORD:
        return "false"  # nobody plugged them all
    return f'for s in {words}; do [ ! -S "$s" ] || break; done; [ ! -S "$s" ]' if words else ":"


def shared_memory() -> str:
    """The device of the machine's /dev/shm, as `stat -c %d` says it."""
    try:
        return str(Path("/dev/shm").stat().st_dev)  # noqa: S108 - it is only looked at
    except OSError:
        return "none"
