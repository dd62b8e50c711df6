"""`readiness status`, from the command line down to a real ledger."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from agent.cli import run
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill, snapshot
from support.places import ROOT

Shop = Callable[..., Path]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Writes a config and a ledger with the given records."""
    return partial(recorded_shop, tmp_path)


def result(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("records", "word", "status"),
    [
        ((snapshot(), drill()), "READY", 0),
        ((snapshot(same_device=True), drill()), "AT_RISK", 4),
        ((snapshot(), drill(outcome="failed")), "NOT_READY", 1),
        ((snapshot(),), "UNKNOWN", 3),
    ],
)
def test_status_exits_as_the_verdict_says(shop: Shop, capsys, records, word: str, status: int) -> None:
    config = shop(*records)
    assert run(["status", "--json", "--config", str(config)]) == status
    answer = result(capsys)
    assert (answer["schema"], answer["exit"], answer["result"]["verdict"]) == (
        "readiness.status/1",
        status,
        word,
    )


def test_a_ledger_that_is_not_there_is_unknown_and_not_an_error(shop: Shop, capsys) -> None:
    assert run(["status", "--config", str(shop())]) == 3
    assert capsys.readouterr().out.startswith("UNKNOWN - Nobody can say.")


def test_a_status_makes_nothing(shop: Shop, tmp_path: Path) -> None:
    config = shop()
    before = sorted(tmp_path.rglob("*"))
    run(["status", "--config", str(config)])
    assert sorted(tmp_path.rglob("*")) == before


def test_the_status_in_json_has_every_promised_key(shop: Shop, capsys) -> None:
    run(["status", "--json", "--config", str(shop(snapshot(), drill()))])
    answer = result(capsys)["result"]
    assert {"verdict", "deadline", "probability", "processes"} <= set(answer)
    assert answer["probability"] is None
    (process,) = answer["processes"]
    assert process["rto"]["actual_s"] == 600
    assert process["rto"]["basis"] == "measured"
    assert 3600 <= process["rpo"]["actual_s"] < 3700
    assert process["rpo"]["met"] is True
    assert process["findings"] == process["reasons"] == []


def test_times_in_json_are_rfc_3339_with_offset(shop: Shop, capsys) -> None:
    run(["status", "--json", "--config", str(shop(snapshot(), drill()))])
    answer = result(capsys)["result"]
    for text in (answer["deadline"], answer["processes"][0]["last_snapshot_at"], answer["all_back_at"]):
        assert datetime.fromisoformat(text).utcoffset() in (timedelta(hours=1), timedelta(hours=2))


def test_what_is_not_known_is_null_in_json(shop: Shop, capsys) -> None:
    run(["status", "--json", "--config", str(shop())])
    process = result(capsys)["result"]["processes"][0]
    assert process["rto"]["actual_s"] is process["rpo"]["met"] is process["last_proven_at"] is None


def test_status_is_plain_text_where_there_is_no_terminal(shop: Shop, capsys) -> None:
    run(["status", "--config", str(shop(snapshot(), drill()))])
    assert "\x1b" not in capsys.readouterr().out


def test_status_loads_nothing_it_does_not_need(shop: Shop) -> None:
    """Monitoring asks every minute: what takes long to import stays away."""
    heavy = {
        "jinja2",
        "rich",
        "statistics",
        "asyncio",
        "difflib",
        "subprocess",
        "tempfile",
        "agent.operations.ports",
    }
    script = (
        "import sys; from agent.cli import run; run(['status', '--json', '--config', sys.argv[1]]);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(shop(snapshot(), drill()))],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert heavy & set(done.stderr.split()) == set()


def test_the_status_pays_nothing_for_the_pictures(shop: Shop) -> None:
    script = (
        "import sys; from agent.cli import run; run(sys.argv[1:]); "
        "print([name for name in sys.modules if 'trend' in name or name == 'jinja2'], file=sys.stderr)"
    )
    command = [sys.executable, "-c", script, "status", "--config", str(shop(drill(), snapshot()))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr.splitlines()[-1] == "[]"
