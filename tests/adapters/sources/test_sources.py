"""The live files of one process, and the directory that its snapshots carry beside them."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.adapters.sources.sources import ProcessSources, check_roots
from agent.adapters.sources.view import RECORDED
from agent.core.configuration.config import CriticalProcess, SqliteProof
from agent.core.snapshot.changes import Changes
from support.builders.databases import make_orders
from support.builders.shop import process


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RECORDED, raising=False)


@pytest.fixture
def orders(tmp_path: Path) -> CriticalProcess:
    database = make_orders(tmp_path / "srv" / "orders.db", rows=3)
    (tmp_path / "srv" / "letter").write_text("dear customer")
    proof = SqliteProof(name="sound", sqlite=str(database))
    return process("orders", paths=(str(tmp_path / "srv"),), proofs=(proof,))


@pytest.fixture
def sources(tmp_path: Path, orders: CriticalProcess) -> Iterator[ProcessSources]:
    with closing(ProcessSources(orders, str(tmp_path / "state"), "shop")) as found:
        yield found


def take(sources: ProcessSources) -> Path:
    """Everything that a snapshot would carry."""
    tables, findings = sources.copy_databases([])
    assert findings == []
    sources.keep(sources.scan(lambda *_: None, lambda _: False), tables)
    return Path(sources.carried)


def test_a_bare_machine_can_verify_a_recovery(sources: ProcessSources) -> None:
    carried = take(sources)
    done = subprocess.run(["sha256sum", "--quiet", "-c", carried / "SHA256SUMS"], cwd="/", check=False)
    assert done.returncode == 0
    text = (carried / "RECOVER.txt").read_text()
    assert "--tag readiness,process=orders" in text
    assert f"-c .{carried}/SHA256SUMS" in text


def test_the_description_tells_what_lies_beside_it(sources: ProcessSources) -> None:
    carried = take(sources)
    about = json.loads((carried / "about.json").read_text())
    assert (about["schema"], about["host"], about["files"]) == ("readiness.witness/1", "shop", 2)
    for key, name in (("witness_sha256", "witness"), ("checksums_sha256", "SHA256SUMS")):
        assert about[key] == hashlib.sha256((carried / name).read_bytes()).hexdigest()
    [table] = about["tables"]
    assert table["rows"] == {"customers": 1, "orders": 3}
    assert (carried / "databases" / table["copy"]).is_file()


def test_what_is_carried_is_counted(sources: ProcessSources) -> None:
    scan = sources.scan(lambda *_: None, lambda _: False)
    files, size = sources.keep(scan, ())
    found = [file for file in Path(sources.carried).rglob("*") if file.is_file()]
    assert (files, size) == (len(found), sum(file.stat().st_size for file in found))


def test_a_damaged_database_is_a_finding_and_leaves_no_old_copy(
    sources: ProcessSources, tmp_path: Path
) -> None:
    carried = take(sources)
    (tmp_path / "srv" / "orders.db").write_bytes(b"no database")
    tables, [found] = sources.copy_databases([f"{tmp_path}/srv/orders.db"])
    assert (tables, found.code, found.path) == ((), "database-damaged", f"{tmp_path}/srv/orders.db")
    assert os.listdir(carried / "databases") == []


def test_what_never_was_a_database_may_be_encrypted_and_was_not_tested(
    sources: ProcessSources, tmp_path: Path
) -> None:
    (tmp_path / "srv" / "orders.db").write_bytes(os.urandom(4096))
    [found] = sources.copy_databases([])[1]
    assert (found.code, found.path) == ("not-tested", f"{tmp_path}/srv/orders.db")
    assert "no SQLite database, or is encrypted" in found.message


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 99_999])
def test_after_a_description_that_cannot_be_read_everything_is_read_again(
    sources: ProcessSources, orders: CriticalProcess, tmp_path: Path, content: bytes
) -> None:
    (take(sources) / "about.json").write_bytes(content)
    with closing(ProcessSources(orders, str(tmp_path / "state"), "shop")) as again:
        assert again.scan(lambda *_: None, lambda _: False).files == 2


def test_nothing_differs_from_the_witness_of_the_good_snapshot_until_something_does(
    sources: ProcessSources, tmp_path: Path
) -> None:
    take(sources)
    assert sources.differences(Changes()) is None
    sources.remember()
    (tmp_path / "srv" / "letter").unlink()
    take(sources)
    found = sources.differences(Changes())
    assert found is not None
    assert (found.changes.gone, found.changes.files) == (1, 2)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("real", None),
        ("none", "source-missing"),
        ("link", "source-is-symlink"),
        ("link/below", "source-is-symlink"),
    ],
)
def test_a_path_that_is_missing_or_leads_elsewhere_is_named(
    tmp_path: Path, path: str, code: str | None
) -> None:
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    found = check_roots(process("orders", paths=(f"{tmp_path}/{path}",)))
    assert [one.code for one in found] == ([code] if code else [])


def test_where_a_repository_lies_is_seen_from_the_files_of_the_process(
    sources: ProcessSources, tmp_path: Path
) -> None:
    assert sources.place_of(f"{tmp_path}/repository", ()).place == "same-disk"
    assert sources.place_of("/dev/shm", ()).place == "memory"
    assert sources.place_of("sftp:nas:/r", ("sftp.command=ssh backup@127.0.0.1 -s sftp",)).names_us


def test_a_database_that_leads_out_of_what_is_saved_is_not_copied(
    sources: ProcessSources, orders: CriticalProcess, tmp_path: Path
) -> None:
    declared = tmp_path / "srv" / "orders.db"
    declared.rename(tmp_path / "srv" / "real.db")
    declared.symlink_to("real.db")
    assert sources.copy_databases([])[1] == []
    another = make_orders(tmp_path / "another" / "secret.db", rows=3)
    declared.unlink()
    declared.symlink_to(another)
    tables, [told] = sources.copy_databases([])
    assert (tables, told.code) == ((), "not-tested")
    assert told.message == f"{declared} leads to {another}, which no path of [process.orders] holds."
