"""What is read of a repository that has another name today."""

from datetime import UTC, datetime
from pathlib import Path

from agent.adapters.ledger.ledger import open_ledger, open_reader
from agent.core.configuration.config import Repository
from agent.core.model.records import CheckRecord, RepositoryRecord

AT = datetime(2026, 11, 30, tzinfo=UTC)
MAIN = [Repository(name="main", url="/mnt/backup", password_file="/etc/p")]


def check(name: str, part: int) -> CheckRecord:
    return CheckRecord(repository=name, started=AT, outcome="passed", seconds=1.0, part=part, parts=9)


def test_records_under_a_former_name_are_read_under_todays(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with open_ledger(file, MAIN) as ledger:
        for body in (RepositoryRecord(repository="primary", repository_id="1"), check("primary", 1)):
            ledger.append(body, AT)
        assert ledger.newest(CheckRecord, repository="main") == []
        ledger.append(RepositoryRecord(repository="main", repository_id="1"), AT)
        ledger.append(check("main", 2), AT)
        both = [check("main", 2), check("main", 1)]
        assert ledger.newest(CheckRecord, repository="main", limit=9) == both, "it learnt while it was open"

    with open_reader(file, MAIN) as reader:
        assert reader.newest(CheckRecord, repository="main", limit=9) == both
        assert reader.newest(CheckRecord, limit=9) == both
        assert [entry.body for entry in reader.search(CheckRecord, repository="main")] == both[::-1]
    with open_reader(file) as reader:
        assert reader.newest(CheckRecord, repository="main", limit=9) == both[:1]
