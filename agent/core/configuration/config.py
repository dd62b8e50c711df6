"""What a config says, as frozen values; `agent.config` reads them from TOML.

Durations are whole seconds, times of day are local to the business. Paths are absolute text.
"""

from datetime import date
from typing import Literal

from msgspec import Struct


class WeeklyMoment(Struct, frozen=True):
    """A moment of the week in local time, such as "Fri 17:00". Monday is 0."""

    weekday: int
    hour: int
    minute: int


class Business(Struct, frozen=True, kw_only=True):
    name: str
    time_zone: str
    closes: WeeklyMoment
    opens: WeeklyMoment
    holidays: tuple[date, ...] = ()


class Rhythm(Struct, frozen=True, kw_only=True):
    """When the agent does something: `every` so many seconds, or by a cron expression in local time."""

    every: int | None = None
    cron: str = ""


class Keep(Struct, frozen=True, kw_only=True):
    """Which snapshots of a process are kept: as in `restic forget --keep-...`, 0 for an unused rule."""

    rhythm: Rhythm
    at_most: int  # percent of the snapshots that may be removed at once
    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: int = 0  # seconds before the newest snapshot


class Settings(Struct, frozen=True, kw_only=True):
    """The `[agent]` table: where our own things live and how restic is run."""

    state: str
    scratch: str
    restic: str  # a name to look up on PATH, or an absolute path
    host: str  # the host name that snapshots are filed and looked up under
    stall_timeout: int  # a restic run without any progress for this long is ended
    scan: int = 900  # seconds between two looks at every file of a process
    metrics: str = ""  # the file that Prometheus's node exporter reads
    report: Rhythm = Rhythm(cron="0 15 * * 4")


class Mail(Struct, frozen=True, kw_only=True):
    """Who gets mail from whom, and the way it leaves this machine. Without `server` by `sendmail`."""

    sender: str
    owner: tuple[str, ...]
    admin: tuple[str, ...]
    deputy: tuple[str, ...] = ()
    server: str = ""
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_file: str = ""
    ca_file: str = ""  # certificates to trust instead of the system's
    sendmail: str = "/usr/sbin/sendmail"


class QuietHours(Struct, frozen=True):
    """Minutes after midnight, local time; `start` may lie behind `end`: over midnight."""

    start: int
    end: int


class Alarm(Struct, frozen=True, kw_only=True):
    """How people are called when something is wrong, and how silence is noticed."""

    quiet: QuietHours | None = QuietHours(22 * 60, 7 * 60)
    contact: str = ""  # whom to call, as mails say it
    ping: str = ""  # an address of healthchecks kind; it may hold a secret
    webhook: str = ""  # the second channel; it may hold a secret
    test: Rhythm | None = None  # of alarm tests; None: there are none


class Repository(Struct, frozen=True, kw_only=True):
    name: str
    url: str
    password_file: str
    check: Rhythm = Rhythm(every=24 * 3600)
    check_parts: int = 28  # so many checks read all data once
    prune: Rhythm = Rhythm(every=7 * 24 * 3600)
    options: tuple[str, ...] = ()  # of restic's -o
    environment_file: str = ""  # KEY=value lines for restic alone, such as a cloud's access key
    leads: str = ""  # fingerprint of what that file says of the place; empty where nobody read it
    fed_by: Literal["copy", "snapshot"] = "copy"  # how snapshots get into a repository that is not the first


class CommandProof(Struct, frozen=True, kw_only=True):
    """A command run inside the restored tree."""

    name: str
    command: tuple[str, ...]
    expect: str | None = None  # the whole standard output, ends trimmed; None: any
    expect_status: int = 0
    timeout: int = 300


class SqliteProof(Struct, frozen=True, kw_only=True):
    """Integrity, foreign keys, and every table's row count as noted at snapshot time."""

    name: str
    sqlite: str


class NewestRowProof(Struct, frozen=True, kw_only=True):
    """The newest row, by a query that returns one time, is at most `max_age` older than the snapshot."""

    name: str
    sqlite: str
    query: str
    max_age: int


class NewestFileProof(Struct, frozen=True, kw_only=True):
    """The newest file below `path` is at most `max_age` older than the snapshot."""

    name: str
    path: str
    max_age: int


class ArchiveProof(Struct, frozen=True, kw_only=True):
    """Every archive (zip, tar, gzip, bzip2, xz) matching the glob `archive` reads to its end."""

    name: str
    archive: str


class FileCountProof(Struct, frozen=True, kw_only=True):
    """At least this many regular files lie below `path`."""

    name: str
    path: str
    at_least: int


Proof = CommandProof | SqliteProof | NewestRowProof | NewestFileProof | ArchiveProof | FileCountProof


class Step(Struct, frozen=True):
    """Something a person does during a recovery, with the declared minutes it takes."""

    name: str
    minutes: int


class CriticalProcess(Struct, frozen=True, kw_only=True):
    name: str
    paths: tuple[str, ...]
    rto: int
    rpo: int
    mtd: int
    max_proof_age: int
    snapshot: Rhythm = Rhythm(every=12 * 3600)
    drill: Rhythm = Rhythm(every=7 * 24 * 3600)
    copy: Rhythm = Rhythm(every=24 * 3600)
    keep: Keep | None = None  # None: nothing is ever removed
    promise: str = ""
    owner: str = ""
    tier: int = 2
    value_per_hour: float = 0.0
    exclude: tuple[str, ...] = ()
    vital: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()
    steps: tuple[Step, ...] = ()


class Config(Struct, frozen=True, kw_only=True):
    file: str  # where it was read from
    sha256: str = ""  # of the file, in hexadecimal
    business: Business
    settings: Settings
    repositories: tuple[Repository, ...]  # the first is the primary
    processes: tuple[CriticalProcess, ...]
    mail: Mail | None = None  # None: nothing is mailed
    alarm: Alarm = Alarm()
