"""What databases write beside their data: it shrinks, vanishes and is zeroed in good order.

Known by name alone: the list is that of the databases' own manuals, not a guess.
"""

import re

# Logs that are merged into the data and begun anew, or kept for some days; the data lie elsewhere.
_LOG_ENDINGS = (b"-wal", b"-journal", b".incr.aof")
_LOG_NAMES = re.compile(
    rb"appendonly\.aof"  # Redis before 7
    rb"|ib_logfile\d+|aria_log\.\d+|(?:.*-bin|binlog)\.\d{6,}"  # MySQL, MariaDB
    rb"|WiredTigerLog\.\d+"  # MongoDB
)
_LOG_DIRECTORIES = frozenset({b"pg_wal", b"pg_xlog", b"#innodb_redo"})

# What each start makes anew: nobody wants its content back.
_TRANSIENT_ENDINGS = (b"-shm",)
_TRANSIENT_NAMES = re.compile(
    rb"ibtmp\d+|#sql.*|temp-.*\.(?:aof|rdb)|lock\.mdb|WiredTigerPreplog\.\d+|pg_internal\.init|pgsql_tmp.*"
)
_TRANSIENT_DIRECTORIES = frozenset(
    {
        *(b"pg_subtrans", b"pg_notify", b"pg_serial", b"pg_snapshots", b"pg_dynshmem", b"pg_stat_tmp"),
        *(b"pgsql_tmp", b"#innodb_temp"),
    }
)

# How nearly every other path differs from all of these, told by a look: the last byte, and two letters.
_LAST = frozenset(b"%c" % last for last in b"0123456789lmfb")  # unless "pg" or "#" stands in it


def is_transient(path: bytes) -> bool:
    """Whether a database makes the file anew whenever it starts: its content, even zeros, says nothing."""
    directory, name = _place(path)
    return (
        name.endswith(_TRANSIENT_ENDINGS)
        or directory in _TRANSIENT_DIRECTORIES
        or _TRANSIENT_NAMES.fullmatch(name) is not None
    )


def is_working(path: bytes) -> bool:
    """Whether the size of the file says nothing of how much data there is: it is transient, or a log."""
    if path[-1:] not in _LAST and b"pg" not in path and b"#" not in path:
        return False
    directory, name = _place(path)
    return (
        name.endswith(_LOG_ENDINGS)
        or directory in _LOG_DIRECTORIES
        or _LOG_NAMES.fullmatch(name) is not None
        or is_transient(path)
    )


def _place(path: bytes) -> tuple[bytes, bytes]:
    """The name of the directory that it lies in, and its own."""
    above, _, name = path.rpartition(b"/")
    return above.rpartition(b"/")[2], name
