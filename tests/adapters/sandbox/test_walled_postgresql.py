"""A PostgreSQL dump is proven by loading it into a throw-away server inside the walls, as the docs say."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.adapters.sandbox.walled import Sandbox
from agent.core.drill.proofs import CommandRun, judge_command
from support.places import ROOT

ROWS = 4321

RECIPE = (ROOT / "docs" / "databases.md").read_text().partition("```toml")[2].partition("```")[0]


def programs() -> Path:
    """The newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    return found[-1].parent


def as_postgres(*command: object, directory: Path) -> None:
    words = [*map(str, command)]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *words]
    done = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def opened(base: Path) -> Iterator[None]:
    """Lets other users pass through pytest's directories for a while."""
    modes = {path: path.stat().st_mode & 0o7777 for path in (base, *list(base.parents)[:2])}
    for path, mode in modes.items():
        path.chmod(mode | 0o011)
    yield
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real dump of a small database, made by a server that listens on a socket of its own only."""
    binaries = programs()
    base = tmp_path_factory.mktemp("postgresql")
    # initdb runs as another user, who cannot enter pytest's own directories; this one lies at the top
    home = base / "home"
    home.mkdir()
    with opened(base):
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        server = ["-D", home / "server"]
        as_postgres(binaries / "initdb", *server, "-A", "trust", "-U", "owner", "--no-sync", directory=home)
        options = f"-c listen_addresses='' -c fsync=off -c unix_socket_directories={home}"
        control = [binaries / "pg_ctl", *server, "-w"]
        as_postgres(*control, "-l", home / "log", "-o", options, "start", directory=home)
        try:
            filled = (
                "create table orders(id int primary key, total numeric not null);"
                f"insert into orders select n, n * 1.5 from generate_series(1, {ROWS}) n"
            )
            to = ["-h", home, "-U", "owner", "-d", "postgres"]
            as_postgres(binaries / "psql", *to, "-qc", filled, directory=home)
            as_postgres(binaries / "pg_dump", *to, "-Fc", "-f", home / "shop.dump", directory=home)
        finally:
            as_postgres(*control, "-m", "immediate", "stop", directory=home)
    yield home / "shop.dump"


def load(tmp_path: Path, content: bytes) -> CommandRun:
    tree = tmp_path / "drill" / "tree"
    (tree / "srv" / "orders").mkdir(parents=True)
    (tree / "srv" / "orders" / "shop.dump").write_bytes(content)
    sandbox = Sandbox(tree, ["/srv/orders"], [])
    [proof] = tomllib.loads(RECIPE)["process"]["orders"]["proof"]
    words = [
        word.replace("srv/dumps/", "srv/orders/").replace("count(*) > 0", "count(*)")
        for word in proof["command"]
    ]
    programs()
    return sandbox.run(tuple(words), 120)


def test_a_good_dump_loads_into_a_throw_away_server(tmp_path: Path, dump: Path) -> None:
    run = load(tmp_path, dump.read_bytes())
    assert judge_command(run, str(ROWS), 0).outcome == "passed", run.stderr


def test_a_truncated_dump_fails_the_proof(tmp_path: Path, dump: Path) -> None:
    whole = dump.read_bytes()
    run = load(tmp_path, whole[: len(whole) * 3 // 4])
    judged = judge_command(run, str(ROWS), 0)
    assert judged.outcome == "failed"
    assert "pg_restore" in run.stderr


def test_the_throw_away_server_does_not_outlive_the_proof(tmp_path: Path, dump: Path) -> None:
    load(tmp_path, dump.read_bytes())
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "proof-server" not in shown
    assert os.listdir(tmp_path / "drill") == ["tree"]
