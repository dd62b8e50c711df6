"""A small business on disk and the real command line run on it, for tests from end to end."""

import atexit
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from agent.adapters.ledger.check import examine
from support.builders.quick_key import empty_repository
from support.places import ROOT
from support.servers.forked_cli import can_fork, the_forked_cli

HOST = "shop"
SMALL_PACKS = {
    "RESTIC_PACK_SIZE": "4",  # MiB: a few megabytes make several packs
    "GOGC": "400",  # what the tests keep is small: collecting its garbage would cost a quarter of each restic
}


class Result(NamedTuple):
    """How one command ended; `rows` are the drills, snapshots or copies of its JSON."""

    status: int
    answer: dict[str, Any]
    stderr: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        result = self.answer.get("result", {})
        return result.get("drills") or result.get("snapshots") or result.get("copies") or []

    @property
    def row(self) -> dict[str, Any]:
        assert len(self.rows) == 1, (self.answer, self.stderr)
        return self.rows[0]

    @property
    def codes(self) -> list[str]:
        """The codes of all findings, each once."""
        return list(dict.fromkeys(found["code"] for row in self.rows for found in row["findings"]))

    @property
    def paths(self) -> set[str]:
        """The paths that findings name."""
        return {found["path"] for row in self.rows for found in row["findings"] if found["path"]}

    @property
    def says(self) -> tuple[str, int, list[str]]:
        """Outcome, exit status and codes: what a row of the fault table expects."""
        return self.row["outcome"], self.status, self.codes


class Blob(NamedTuple):
    """Where a blob lies in the repository."""

    pack: str
    id: str
    type: str
    offset: int
    length: int


Contents = dict[tuple[Any, ...], str]  # by all else that is known of a file
BLOB = ("id", "type", "offset", "length")
PASSED: tuple[str, int, list[str]] = ("passed", 0, [])


def failed(*codes: str) -> tuple[str, int, list[str]]:
    return "failed", 1, list(codes)


def not_tested(*codes: str) -> tuple[str, int, list[str]]:
    return "not_tested", 3, list(codes)


class Shop:
    """A business with one process, "orders", below `base`; everything of it can be changed and run again."""

    def __init__(self, base: Path, restic: Path) -> None:
        self.base = base
        self.restic = restic
        self.source = base / "srv" / "orders"
        self.paths: list[Path] = [self.source]
        self.state = base / "state"
        self.scratch = in_memory() or base / "scratch"
        self.repository = base / "repository"
        self.url = ""  # of the repository, where it is no directory
        self.password = base / "password"
        self.config = base / "readiness.toml"
        self.extra = ""  # more lines of [process.orders]
        self.more = ""  # more tables
        self.rpo = "2h"
        self.stall_timeout = "2m"
        self.user: int | None = None  # run as this user
        self.humble = False  # run as somebody whom modes keep out, also as root
        self._blobs: list[Blob] = []
        self._trees: dict[str, str] = {}
        self._contents: Contents = {}  # of the sources, as the last run left them

    # ---- what it consists of

    def set_up(self) -> "Shop":
        """Directories, password, config and an empty repository; no files yet."""
        for directory in (self.source, self.state):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.password.write_text("correct horse\n")
        self.password.chmod(0o600)
        self.write_config()
        self.init()
        return self

    def init(self, which: str = "primary") -> None:
        """An empty repository; by another name it is another one."""
        empty_repository(self.repository, self.restic, self.password.read_text().strip(), which)

    def write_config(self) -> None:
        self.config.write_text(
            f"""
[business]
name = "A small business"
time_zone = "UTC"
[agent]
state = {_toml(self.state)}
scratch = {_toml(self.scratch)}
restic = {_toml(self.restic)}
host = "{HOST}"
stall_timeout = "{self.stall_timeout}"
[repository.primary]
url = {_toml(self.url or self.repository)}
password_file = {_toml(self.password)}
[process.orders]
rpo = "{self.rpo}"
paths = [{", ".join(map(_toml, self.paths))}]
{self.extra}
{self.more}
"""
        )

    def copied(self, base: Path) -> "Shop":
        """The same business with repository, state and config of its own; the sources are shared."""
        other = Shop(base, self.restic)
        other.source, other.paths = self.source, list(self.paths)
        other.extra, other.more, other.rpo = self.extra, self.more, self.rpo
        for mine, theirs in ((self.repository, other.repository), (self.state, other.state)):
            subprocess.run(["cp", "-a", mine, theirs], check=True)
        shutil.copy2(self.password, other.password)
        other._blobs, other._trees = self._blobs, self._trees
        other._contents = dict(self._contents)
        other.write_config()
        return other

    # ---- what can be run on it

    def run(self, *arguments: str, locked: bool = False, live: bool = False) -> Result:
        """`readiness --json ARGUMENTS`, with what must hold after every run.

        `locked`: somebody else's lock is in the repository, and stays there. `live`: the sources are written.
        """
        before = {} if live else fingerprint(self.paths, self._contents)
        result = self.result(self._ran(["--config", str(self.config), "--json", *arguments]))
        if not live:
            self._contents.clear()
            assert fingerprint(self.paths, self._contents) == before, "the sources were touched"
        self.tidy(kept="--keep" in arguments, locked=locked)
        return result

    def _ran(self, words: list[str]) -> "subprocess.CompletedProcess[bytes]":
        """One run, waited for: the first of each command started as a person does, later ones forked."""
        environment = {**os.environ, **SMALL_PACKS}
        command = [sys.executable, "-m", "agent", *words]
        if self.user is not None:
            environment["TMPDIR"] = str(self.base)  # ours need not be open to that user
            ids = [f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
            command = ["setpriv", *ids, "--", *command]
        elif self.humble and os.geteuid() == 0:
            none = "-dac_override,-dac_read_search,-fowner"
            command = ["setpriv", "--bounding-set", none, "--inh-caps", none, "--", *command]
        elif words[3] in _started and can_fork(environment):
            return the_forked_cli().run(words, environment)
        else:
            _started.add(words[3])
        return subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True)

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """The same, not waited for; give what it printed to `result`."""
        command = [sys.executable, "-m", "agent", "--config", str(self.config), "--json", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **SMALL_PACKS}, stdout=pipe, stderr=pipe
        )

    def result(self, done: "subprocess.CompletedProcess[bytes]") -> Result:
        stderr = done.stderr.decode(errors="replace")
        assert "Traceback" not in stderr and "readiness itself failed" not in stderr, stderr
        answer = json.loads(done.stdout) if done.stdout else {}
        assert not answer or answer["exit"] == done.returncode
        return Result(done.returncode, answer, stderr)

    def snapshot(self, *arguments: str) -> Result:
        return self.run("snapshot", *arguments)

    def drill(self, *arguments: str) -> Result:
        return self.run("drill", *arguments)

    def plain_restic(self, *arguments: str | bytes | Path, check: bool = True) -> bytes:
        """restic by hand; returns what it printed."""
        done = subprocess.run(
            [self.restic, "--no-cache", *arguments],
            check=False,
            env={
                **os.environ,
                **SMALL_PACKS,
                "RESTIC_REPOSITORY": self.url or str(self.repository),
                "RESTIC_PASSWORD_FILE": str(self.password),
            },
            capture_output=True,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    # ---- what must hold after every run

    def tidy(self, kept: bool = False, locked: bool = False) -> None:
        """Nothing of a run is left behind: no scratch, no process, no lock; and the ledger is whole."""
        rooms = list(self.scratch.glob("*")) if self.scratch.exists() else []
        assert kept or not rooms, f"left in the scratch: {rooms}"
        assert not list(self.processes()), "a restic is still running"
        assert locked or not self.locks(), "a lock was left in the repository"
        if (self.state / "ledger.db").exists():
            assert examine(self.state / "ledger.db").faults == ()

    def snapshot_ids(self) -> list[str]:
        """Of all snapshots in the repository, oldest first."""
        rows = json.loads(self.plain_restic("snapshots", "--no-lock", "--json")) or []
        return [row["id"] for row in sorted(rows, key=lambda row: row["time"])]

    def locks(self) -> list[Path]:
        """The locks in the repository; one that restic was killed while writing is none."""
        return [lock for lock in (self.repository / "locks").glob("*") if "-tmp-" not in lock.name]

    def processes(self) -> Iterator[int]:
        """The processes that were started for this repository."""
        mine = os.fsencode(f"RESTIC_REPOSITORY={self.url or self.repository}")
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mine in (process / "environ").read_bytes().split(b"\0"):
                    yield int(process.name)
            except OSError:
                continue

    # ---- what the repository holds

    def blobs(self) -> list[Blob]:
        """Every blob of the repository."""
        if not self._blobs:
            names = (file.name for file in (self.repository / "index").iterdir())
            indexes = [json.loads(self.plain_restic("cat", "index", name, "--no-lock")) for name in names]
            packs = [pack for index in indexes for pack in index["packs"]]
            self._blobs = [Blob(pack["id"], *map(blob.get, BLOB)) for pack in packs for blob in pack["blobs"]]
        return self._blobs

    def blob_of(self, file: Path) -> Blob:
        """The blob of a small file: its name is the file's SHA-256."""
        wanted = hashlib.sha256(file.read_bytes()).hexdigest()
        return next(blob for blob in self.blobs() if blob.id == wanted)

    def tree_of(self, directory: Path) -> Blob:
        """The blob that lists a directory."""
        if not self._trees:
            ids = [blob.id for blob in self.blobs() if blob.type == "tree"]
            found = self.plain_restic("find", "--no-lock", "--tree", *ids).decode()
            pairs = re.findall(r"Found tree (\w+)\n \.\.\. path (.*)\n", found)
            self._trees = {path: name for name, path in pairs}
            root = json.loads(self.plain_restic("snapshots", "--json", "--no-lock"))[0]["tree"]
            self._trees["/"] = root
        return next(blob for blob in self.blobs() if blob.id == self._trees[str(directory)])

    def pack(self, blob: Blob) -> Path:
        """The file that holds a blob."""
        return self.repository / "data" / blob.pack[:2] / blob.pack

    def flip(self, blob: Blob) -> None:
        """Change one byte in the middle of a blob."""
        pack = self.pack(blob)
        pack.chmod(0o600)
        with pack.open("r+b") as file:
            file.seek(blob.offset + blob.length // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))


def fill(directory: Path, files: int = 200, big: int = 9 << 20, seed: int = 7) -> None:
    """Some hundred small files in a few directories, one of several megabytes, and a SQLite database."""
    chance = random.Random(seed)
    for number in range(files):
        file = directory / f"d{number % 7}" / f"order-{number:04}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(chance.randbytes(chance.randrange(1, 4000)))
    if big:
        (directory / "catalogue.bin").write_bytes(chance.randbytes(big))
    with_database(directory / "orders.db")


def with_database(file: Path, rows: int = 400) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, what TEXT)")
    connection.executemany(
        "INSERT INTO orders (what) VALUES (?)", [(f"order {n} " + "x" * 80,) for n in range(rows)]
    )
    connection.commit()
    connection.close()


def fingerprint(roots: Sequence[Path], contents: Contents | None = None) -> dict[bytes, tuple[Any, ...]]:
    """Everything about the files below `roots` that a reader must leave alone (so not the access time).

    `contents` are taken for read already where nothing else about a file has changed, and added to.
    """
    known = {} if contents is None else contents
    seen: dict[bytes, tuple[Any, ...]] = {}
    todo = [os.fsencode(root) for root in roots]
    while todo:
        path = todo.pop()
        try:
            status = os.lstat(path)
        except OSError:
            continue
        about = (status.st_mode, status.st_uid, status.st_gid, status.st_ino, status.st_nlink)
        about += (status.st_size, status.st_mtime_ns)
        log = path.endswith((b"-wal", b"-shm"))
        content = ""
        if stat.S_ISREG(status.st_mode) and status.st_size < 1 << 28:
            which = (path, status.st_dev, status.st_ctime_ns, about)
            content = (not log and known.get(which)) or _content(path)
            known[which] = content
        elif stat.S_ISDIR(status.st_mode) and os.access(path, os.R_OK | os.X_OK):
            todo += [path + b"/" + name for name in os.listdir(path)]
        # root's SQLite gives a log that it opens the owner that it has: only its ctime changes
        changed = 0 if log else status.st_ctime_ns
        seen[path] = (*about, changed, content)
    return seen


def _content(path: bytes) -> str:
    try:
        with Path(os.fsdecode(path)).open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return str(error.errno)


def _toml(text: str | Path) -> str:
    return json.dumps(str(text))


_numbers = count()


def in_memory() -> Path | None:
    """A name in memory, where there is room, for files that are restored and removed in the same second.

    ext4 gives no inode away again for some seconds, and looks at each that it passes over: that is half of
    what a restore of some hundred files costs.
    """
    shared = _shared_memory()
    return shared / str(next(_numbers)) if shared else None


@cache
def _shared_memory() -> Path | None:
    place = Path("/dev/shm")
    if not os.access(place, os.W_OK) or shutil.disk_usage(place).free < 4 << 30:
        return None
    made = Path(tempfile.mkdtemp(prefix="readiness-test-", dir=place))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


_started: set[str] = set()  # the commands that this test process has run as a person does
_snapshotted: dict[Path, Shop] = {}


def snapshotted(restic: Path, factory: Any) -> Shop:
    """A business with one good snapshot, made once for each restic: copy it before changing anything."""
    if restic not in _snapshotted:
        shop = Shop(factory.mktemp("shop"), restic).set_up()
        fill(shop.source)
        assert shop.snapshot().says == PASSED
        shop.tree_of(shop.source)
        _snapshotted[restic] = shop
    return _snapshotted[restic]
