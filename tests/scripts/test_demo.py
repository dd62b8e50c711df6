"""The demo business is whole, the same for everybody, and fits its config."""

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from agent.config import load
from support.places import ROOT

SCRIPT = ROOT / "scripts/demo_business.py"


def _demo(action: str, place: Path) -> str:
    command = [sys.executable, SCRIPT, action, place]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo")
    _demo("build", place)
    return place


def _ask(place: Path, query: str, database: str = "orders/orders.db") -> object:
    with closing(sqlite3.connect(place / "business/srv" / database)) as connection:
        return connection.execute(query).fetchone()[0]


def test_the_orders_are_sound_and_add_up(place: Path) -> None:
    assert _ask(place, "PRAGMA integrity_check") == "ok"
    assert _ask(place, "SELECT count(*) FROM pragma_foreign_key_check") == 0
    assert _ask(place, "SELECT count(*) FROM orders") == 48_920
    totals = _ask(place, "SELECT sum(total_cents) FROM orders")
    assert totals == _ask(place, "SELECT sum(quantity * price_cents) FROM order_line")


def test_the_ledger_of_the_accounts_balances_to_zero(place: Path) -> None:
    assert _ask(place, "SELECT sum(cents) FROM entry", "accounts/ledger.db") == 0


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("shop/uploads/*.png", 400),
        ("shop/www/product-*.html", 400),
        ("vmail/*/*/*", 2_000),
        ("accounts/invoices/*.pdf", 300),
        ("notes/*.md", 41),
    ],
)
def test_everything_is_there(place: Path, pattern: str, count: int) -> None:
    assert len(list((place / "business/srv").glob(pattern))) == count


def test_the_archive_of_closed_years_can_be_read(place: Path) -> None:
    archive = (place / "business/srv/accounts/closed-years.zip").read_bytes()
    assert zipfile.ZipFile(io.BytesIO(archive)).testzip() is None


def test_it_stays_small(place: Path) -> None:
    sizes = [path.lstat().st_size for path in place.rglob("*")]
    assert sum(sizes) < 60e6


def test_two_machines_get_the_same_business(place: Path, tmp_path: Path) -> None:
    _demo("build", tmp_path)

    pictures = "business/srv/shop/uploads"
    assert sorted(os.listdir(place / pictures)) == sorted(os.listdir(tmp_path / pictures))
    for picture in (place / pictures).iterdir():
        assert picture.read_bytes() == (tmp_path / pictures / picture.name).read_bytes()
    for query in ("SELECT sum(total_cents) FROM orders", "SELECT sum(customer) FROM orders"):
        assert _ask(place, query) == _ask(tmp_path, query)


def test_a_second_run_trades_on_where_the_business_stands(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place, tmp_path, symlinks=True, dirs_exist_ok=True)
    newest = _ask(tmp_path, "SELECT max(placed_at) FROM orders")

    _demo("build", tmp_path)

    assert _ask(tmp_path, "SELECT count(*) FROM orders") == 48_932
    assert str(_ask(tmp_path, "SELECT max(placed_at) FROM orders")) >= str(newest)
    assert _ask(tmp_path, "SELECT count(*) FROM pragma_foreign_key_check") == 0


def test_a_directory_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "business").mkdir()

    with pytest.raises(subprocess.CalledProcessError) as refusal:
        _demo("build", tmp_path)

    assert "not the demo business" in refusal.value.stderr
    assert list((tmp_path / "business").iterdir()) == []


@pytest.mark.parametrize("name", ["plain", "with space", 'a "quoted" back\\slash'])
def test_its_config_names_nothing_outside_its_place(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    file = tmp_path / "readiness.toml"
    file.write_text(_demo("config", place))

    config = load(str(file))

    named = [config.settings.state, config.settings.scratch, config.repositories[0].url]
    named += [config.repositories[0].password_file]
    named += [path for process in config.processes for path in process.paths + process.vital]
    assert [path for path in named if not path.startswith(f"{place}/")] == []


def test_its_config_names_only_what_is_there(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "readiness.toml"
    file.write_text(_demo("config", place))

    paths = [path for process in load(str(file)).processes for path in process.paths + process.vital]

    assert [path for path in paths if not Path(path).exists()] == []
