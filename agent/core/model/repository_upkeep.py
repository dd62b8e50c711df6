"""What restic says of work on a repository that is not a backup or a restore."""

from msgspec import Struct


class Attempt(Struct, frozen=True, kw_only=True):
    """How something that restic was told to do ended; `code` is empty when it complained of nothing.

    "retention-refused" stands for a server that lets nobody remove anything.
    """

    code: str = ""
    complaint: str = ""
    hint: str = ""


class CheckReport(Struct, frozen=True, kw_only=True):
    """What restic's check found damaged, in its own words; nothing for a repository that is sound."""

    damage: tuple[str, ...] = ()
