"""What the process that looks does to itself before it is handed the first foreign byte."""

import ctypes
import fcntl
import os
import resource
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = 1 << 30
PROCESSOR_SECONDS = 2 * 3600
FILES = 1024  # a dump may be in hundreds of pieces
_SET_DUMPABLE, _NO_NEW_PRIVILEGES, _CAP_AMBIENT, _CLEAR_ALL = 4, 38, 47, 4
_NEW_MEMORY, _NEW_USER, _NEW_NETWORK = 0x08000000, 0x10000000, 0x40000000
_VERSION_3 = 0x20080522
_SET_SIGNAL = 10  # F_SETSIG, which Python does not know


def shut_in(room: int, user: int, *, rooted: bool, alone: bool) -> None:
    """Make the directory all that there is, become `user` unless 0, and keep no right.

    `alone`: leave the network, too, and what others share memory by; where we have no right to any of it, as
    another user of ourselves who has. Where the kernel refuses that it is done without, unless we have to be
    `rooted`.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    os.fchdir(room)
    if alone:
        _leave(libc)
    try:
        os.chroot(".")
    except PermissionError:
        if rooted:
            raise
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    libc.prctl(_CAP_AMBIENT, *map(ctypes.c_ulong, (_CLEAR_ALL, 0, 0, 0)))
    header, none = (ctypes.c_uint32 * 2)(_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    libc.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    libc.prctl(_SET_DUMPABLE, *map(ctypes.c_ulong, (0, 0, 0, 0)))


def _leave(libc: ctypes.CDLL) -> None:
    if os.geteuid() == 0:
        libc.unshare(_NEW_NETWORK | _NEW_MEMORY)
        return
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_NEW_USER | _NEW_NETWORK | _NEW_MEMORY) and libc.unshare(_NEW_USER):
        return
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with suppress(OSError):  # some kernels give such a user no name and no right, and that is well, too
            Path(f"/proc/self/{name}").write_text(line, encoding="ascii")


def limit(file_bytes: int) -> None:
    """Bound what we may take: nothing takes these limits back. Where there is less, that stays."""
    for name, most in {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: PROCESSOR_SECONDS,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: FILES,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }.items():
        hard = resource.getrlimit(name)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(name, (least, least))


@contextmanager
def lifeline(held: int) -> Iterator[None]:
    """Meanwhile the kernel kills us when whoever holds the other end lets go, at whatever we are.

    That takes no right of theirs over us, and no library that is at work here is asked. Nothing may ever be
    written to it: that would kill, too. The line of the questions is none, as the kernel may still be telling
    us of the question when we are at it.
    """
    flags = fcntl.fcntl(held, fcntl.F_GETFL)
    fcntl.fcntl(held, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(held, _SET_SIGNAL, signal.SIGKILL)
    fcntl.fcntl(held, fcntl.F_SETFL, flags | os.O_ASYNC)
    gone = select.poll()
    gone.register(held, 0)
    if gone.poll(0):
        raise SystemExit(0)
    try:
        yield
    finally:
        fcntl.fcntl(held, fcntl.F_SETFL, flags)
