"""Every key a config may have, with its kind, its meaning and its default.

The reader, the JSON Schema and the documentation are all held against this one table.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

NAME_PATTERN = "[a-z0-9][a-z0-9_-]*"


class Key(Struct, frozen=True):
    """One key: `many` means a list of the kind; `shown` is a default that only the machine knows."""

    name: str
    kind: str
    meaning: str
    default: Any = None
    many: bool = False
    required: bool = False
    shown: str = ""
    table: str = ""  # filled in by TABLES

    @property
    def path(self) -> str:
        """Such as "process.NAME.rto"."""
        return f"{self.table}.{self.name}" if self.table else self.name

    @property
    def shown_default(self) -> str:
        """The default as documentation writes it; empty for a key that must be given or may be left out."""
        if self.shown or self.required or (self.default is None and not self.many):
            return self.shown
        return (
            "[]" if self.many else f'"{self.default}"' if isinstance(self.default, str) else str(self.default)
        )


BUSINESS = (
    Key("name", "text", "The name of the business, as reports call it.", ""),
    Key(
        "time_zone",
        "zone",
        "The time zone of every time in this file, such as Europe/Berlin.",
        shown="the machine's, otherwise UTC",
    ),
    Key("closes", "moment", "When the business closes for the weekend, local time.", "Fri 17:00"),
    Key("opens", "moment", "When it has promised to be open again, local time.", "Mon 08:00"),
    Key("holidays", "date", "Days on which it stays closed, such as 2026-12-25.", (), many=True),
)

AGENT = (
    Key(
        "state",
        "path",
        "The directory of everything that is ours: ledger, locks, caches.",
        "/var/lib/readiness",
    ),
    Key(
        "scratch",
        "path",
        "The directory that drills restore into and clear afterwards.",
        shown='state + "/scratch", for the service /var/lib/readiness-drill/work/scratch',
    ),
    Key("restic", "program", "The restic to run: a name on PATH or an absolute path.", "restic"),
    Key(
        "host",
        "host",
        "The host name that snapshots are filed and looked up under.",
        shown="the machine's host name",
    ),
    Key("stall_timeout", "duration", "A restic that shows no progress for this long is ended.", "15m"),
    Key("scan", "duration", "The service looks at every file of a process this often.", "15m"),
    Key(
        "metrics",
        "path",
        "The file with the service's figures for Prometheus's node exporter, in a directory that readiness "
        "may write to and the exporter may read; nobody else may read the state.",
        shown='state + "/metrics/readiness.prom"',
    ),
    Key("report", "rhythm", "When the service writes the owner's report.", shown="Thursday at 15:00"),
)

REPOSITORY = (
    Key(
        "url",
        "url",
        "Where the restic repository is: an absolute path, or any address that restic takes.",
        required=True,
    ),
    Key(
        "password_file",
        "secret",
        "The file with the repository's password, which its owner alone may read; or credential:NAME.",
        required=True,
    ),
    Key("check", "check", "When, and how much at a time, the service reads its data to check them."),
    Key("prune", "rhythm", "When the service frees the space of removed snapshots.", shown="every 7 days"),
    Key("options", "option", "Options for restic's -o, such as sftp.args=-p 2222.", (), many=True),
    Key(
        "environment_file",
        "secret",
        "A file of NAME=value lines for restic alone, such as a cloud's access key, which its "
        "owner alone may read.",
    ),
    Key(
        "fed_by",
        "feeding",
        "How a repository that is not the first is fed: by restic's copy, or by snapshots of its own.",
        "copy",
    ),
)

PROCESS = (
    Key("promise", "text", "What customers were promised, in one sentence.", ""),
    Key("owner", "text", "Who answers for the process: a role or a mail address.", ""),
    Key("tier", "tier", "Order of recovery: 1 comes back first.", 2),
    Key("value_per_hour", "money", "What an hour without it costs, in your currency.", 0),
    Key("rto", "duration", "Recovery time objective: back within this time.", "24h"),
    Key("rpo", "duration", "Recovery point objective: at most this much work may be lost.", "24h"),
    Key(
        "mtd",
        "duration",
        "Maximum tolerable downtime: beyond it the business is in danger.",
        shown='"72h", or the rto where that is longer',
    ),
    Key("max_proof_age", "duration", "A passed drill counts as evidence for this long.", "14d"),
    Key("paths", "path", "The directories and files that the process lives in.", many=True, required=True),
    Key("exclude", "pattern", "What to leave out, as patterns of restic's --exclude.", (), many=True),
    Key(
        "vital",
        "path",
        "Files and directories that every snapshot and every sampled drill must hold.",
        (),
        many=True,
    ),
    Key("snapshot", "rhythm", "When the service takes snapshots.", shown="every half rpo"),
    Key("drill", "rhythm", "When the service drills.", shown="every half max_proof_age"),
    Key("copy", "rhythm", "When the service copies snapshots to plan B.", shown="every 24 hours"),
    Key("keep", "keep", "Which snapshots are kept; without it none is ever removed."),
    Key("depends_on", "name", "Processes that must be back before this one.", (), many=True),
    Key("proof", "proof", "Checks that are run on restored data.", (), many=True),
    Key("step", "step", "What a person does during a recovery.", (), many=True),
)

STEP = (
    Key("name", "title", "What the person does.", required=True),
    Key("minutes", "minutes", "How many minutes it takes.", required=True),
)

PROOF = (
    Key("name", "title", "The proof as one sentence, for reports.", shown="a sentence made from the kind"),
    Key(
        "command",
        "argument",
        "A program and its arguments, run inside the restored tree (srv/orders, not /srv/orders).",
        many=True,
        shown="none",
    ),
    Key("expect", "output", "What the command must print, ends trimmed; without it anything will do."),
    Key("expect_status", "status", "The command's exit status when all is well.", 0),
    Key("timeout", "duration", "The command is ended after this time.", "5m"),
    Key("sqlite", "path", "A SQLite database that must be sound and hold the rows it held at snapshot time."),
    Key("newest_row", "newest_row", "The newest row of a SQLite database is recent."),
    Key("newest_file", "newest_file", "The newest file below a directory is recent."),
    Key(
        "archive",
        "glob",
        "Archives (zip, tar, gzip, bzip2, xz) that must read to their end; only * and ? are wild.",
    ),
    Key("file_count", "file_count", "A directory holds at least this many files."),
)

NEWEST_ROW = (
    Key("sqlite", "path", "The SQLite database.", required=True),
    Key("query", "query", "A query that returns one time.", required=True),
    Key("max_age", "duration", "How much older than the snapshot that time may be.", required=True),
)

NEWEST_FILE = (
    Key("path", "path", "The directory or file; of a pattern (only * and ?) each is judged.", required=True),
    Key("max_age", "duration", "How much older than the snapshot the newest file may be.", required=True),
)

FILE_COUNT = (
    Key("path", "path", "The directory.", required=True),
    Key("at_least", "count", "The smallest number of files with content that is right.", required=True),
)

RHYTHM = (
    Key("every", "duration", "Once in this time, such as 1h."),
    Key("cron", "cron", "A cron expression in the business's time zone, such as 30 2 * * *."),
)

CHECK = (*RHYTHM, Key("parts", "parts", "All data are read once in so many checks.", 28))

KEEP = (
    Key("last", "number", "The newest so many.", 0),
    Key("hourly", "number", "The newest of each of the last so many hours that have one.", 0),
    Key("daily", "number", "The newest of each of the last so many days that have one.", 0),
    Key("weekly", "number", "The newest of each of the last so many weeks that have one.", 0),
    Key("monthly", "number", "The newest of each of the last so many months that have one.", 0),
    Key("yearly", "number", "The newest of each of the last so many years that have one.", 0),
    Key("within", "duration", "All that are at most so much older than the newest."),
    Key("at_most", "percent", "More than this percentage of the snapshots is never removed at once.", 80),
    *RHYTHM,
)

ALARM = (
    Key("quiet", "quiet", 'When only the worst may wake people, local time; "" for never.', "22:00-07:00"),
    Key("contact", "text", "Whom to call, as mails say it: a role and a number.", ""),
    Key(
        "ping",
        "address",
        "An address at an outside watcher (healthchecks or the like) that hears whether restores are proven.",
        "",
    ),
    Key("webhook", "address", "An address that takes alarms as JSON, such as a chat's incoming webhook.", ""),
    Key("test", "rhythm", "When an alarm test is sent that a person has to acknowledge; without it never."),
)

MAIL = (
    Key("from", "mailbox", "The address that mail comes from.", required=True),
    Key(
        "owner",
        "mailbox",
        "Who gets the weekly mail, and in the end hears of what nobody mended or acknowledged.",
        (),
        many=True,
    ),
    Key("admin", "mailbox", "Who hears at once when something is wrong.", (), many=True),
    Key("deputy", "mailbox", "Who hears of it when the admin does not acknowledge.", (), many=True),
    Key("server", "server", "The mail server that takes the mail; without it sendmail does."),
    Key("port", "port", "The server's port.", shown="by security: 587, 465, or 25"),
    Key(
        "security",
        "security",
        "starttls, tls from the first byte on, or none; never less than what is asked for.",
        shown='"starttls"',
    ),
    Key("user", "text", "The name to log in with, if the server wants one.", ""),
    Key(
        "password_file",
        "secret",
        "The file with its password, which its owner alone may read; or credential:NAME.",
    ),
    Key("ca_file", "path", "Certificates to trust instead of the system's, for a server with its own."),
    Key(
        "sendmail",
        "path",
        "The program that takes mail where there is no server; for the service one that is not set-uid.",
        shown='"/usr/sbin/sendmail"',
    ),
)

# exactly one of these makes a proof; the others belong to `command`
PROOF_KINDS = ("command", "sqlite", "newest_row", "newest_file", "archive", "file_count")
COMMAND_ONLY = ("expect", "expect_status", "timeout")

TABLES: dict[str, tuple[Key, ...]] = {
    table: tuple(replace(key, table=table) for key in keys)
    for table, keys in (
        ("business", BUSINESS),
        ("agent", AGENT),
        ("agent.report", RHYTHM),
        ("mail", MAIL),
        ("alarm", ALARM),
        ("alarm.test", RHYTHM),
        ("repository.NAME", REPOSITORY),
        ("repository.NAME.check", CHECK),
        ("repository.NAME.prune", RHYTHM),
        ("process.NAME", PROCESS),
        ("process.NAME.proof", PROOF),
        ("process.NAME.proof.newest_row", NEWEST_ROW),
        ("process.NAME.proof.newest_file", NEWEST_FILE),
        ("process.NAME.proof.file_count", FILE_COUNT),
        ("process.NAME.step", STEP),
        ("process.NAME.snapshot", RHYTHM),
        ("process.NAME.drill", RHYTHM),
        ("process.NAME.copy", RHYTHM),
        ("process.NAME.keep", KEEP),
    )
}

KEYS: tuple[Key, ...] = tuple(key for keys in TABLES.values() for key in keys)

# kinds that are whole numbers: the smallest and the largest that make sense
RANGES: dict[str, tuple[int, int]] = {
    "tier": (1, 9),
    "minutes": (1, 20_160),
    "status": (0, 255),
    "count": (1, 1_000_000_000_000),
    "number": (0, 10_000),
    "percent": (1, 100),
    "port": (1, 65_535),
    "parts": (1, 256),  # restic sorts by the first byte of a name
}
