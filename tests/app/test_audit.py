"""The auditor's bundle: a period in the business's zone, and what is said of the file that was written."""

import stat
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from agent.adapters.ledger.ledger import open_reader
from agent.app.audit import SCRIPT, period, write_audit
from agent.config import load
from agent.core.configuration.config import Config
from agent.errors import UsageError
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill, snapshot


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    return load(str(recorded_shop(tmp_path, snapshot(), drill())))


def test_a_period_ends_with_its_last_day_where_the_business_is(shop: Config) -> None:
    asked = period(shop, "2026-01-01", "2026-01-31")
    assert (asked.first.isoformat(), asked.last.isoformat()) == ("2026-01-01", "2026-01-31")
    with pytest.raises(UsageError, match="Europe/Berlin"):
        period(shop, "2026-01-01", "2999-01-01")


def test_what_is_said_of_a_bundle_is_what_lies_in_the_file(shop: Config, tmp_path: Path) -> None:
    target = tmp_path / "bundle.zip"
    written = write_audit(shop, period(shop, "2026-01-01", "2026-01-31"), str(target))
    content = target.read_bytes()
    assert (written.sha256, written.bytes) == (sha256(content).hexdigest(), len(content))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with open_reader(tmp_path / "state" / "ledger.db") as ledger:
        assert (written.records, written.head) == ledger.head()


def test_the_script_that_verifies_it_travels_with_it(shop: Config, tmp_path: Path) -> None:
    write_audit(shop, period(shop, "2026-01-01", "2026-01-31"), str(tmp_path / "bundle.zip"))
    with zipfile.ZipFile(tmp_path / "bundle.zip") as opened:
        [name] = [name for name in opened.namelist() if name.endswith("verify.py")]
        assert opened.read(name) == SCRIPT.read_bytes()
