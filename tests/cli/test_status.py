"""`readiness status`, `forecast` and `report`, from the command line down to a real ledger."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.adapters.ledger.ledger import open_ledger
from agent.cli import run
from agent.core.model.records import DrillRecord, SnapshotRecord
from support.builders.shop import NOW, drill, snapshot
from support.places import ROOT

Shop = Callable[..., Path]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Writes a config and a ledger with the given records (newest first, as old as they say, but now)."""

    def make(*records: SnapshotRecord | DrillRecord) -> Path:
        (tmp_path / "password").write_text("secret")
        (tmp_path / "password").chmod(0o600)
        config = tmp_path / "readiness.toml"
        config.write_text(
            f"""
            [business]
            name = "Harbour Lane Mail Order"
            time_zone = "Europe/Berlin"
            closes = "Fri 17:00"
            opens = "Mon 08:00"
            [agent]
            state = "{tmp_path}/state"
            scratch = "{tmp_path}/scratch"
            [repository.primary]
            url = "{tmp_path}/repository"
            password_file = "{tmp_path}/password"
            [process.orders]
            rto = "24h"
            rpo = "2h"
            paths = ["/srv/orders"]
            """
        )
        (tmp_path / "state").mkdir(exist_ok=True)
        late = datetime.now(UTC) - NOW
        if records:
            with open_ledger(tmp_path / "state" / "ledger.db") as ledger:
                for record in reversed(records):
                    taken = record.snapshot_at + late if record.snapshot_at else None
                    moved = replace(record, started=record.started + late, snapshot_at=taken)
                    ledger.append(moved, moved.started)
        return config

    return make


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


def test_forecast_says_when_each_process_is_back(shop: Shop, capsys) -> None:
    assert run(["forecast", "--json", "--config", str(shop(snapshot(), drill()))]) == 0
    answer = result(capsys)["result"]
    assert answer["fits"] is True
    assert answer["processes"][0]["machine_s"] == 600


def test_forecast_of_what_was_never_drilled_could_not_be_tested(shop: Shop, capsys) -> None:
    assert run(["forecast", "--config", str(shop())]) == 3
    assert "is not known" in capsys.readouterr().out


# ---- report ---------------------------------------------------------------------------------


def test_report_exits_0_once_written_whatever_it_says(shop: Shop, capsys) -> None:
    assert run(["report", "--config", str(shop(snapshot(), drill(outcome="failed")))]) == 0
    assert capsys.readouterr().out.startswith("NOT READY")


@pytest.mark.parametrize(
    ("name", "start"),
    [("r.html", "<!DOCTYPE html>"), ("r.json", '{"schema": "readiness.report/1"'), ("r.txt", "READY")],
)
def test_the_format_is_guessed_from_the_extension(shop: Shop, tmp_path: Path, name: str, start: str) -> None:
    config = shop(snapshot(), drill())
    assert run(["report", "--output", str(tmp_path / name), "--config", str(config)]) == 0
    assert (tmp_path / name).read_text().startswith(start)


def test_a_format_that_is_asked_for_wins_over_the_extension(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    run(["report", "--format", "text", "--output", str(target), "--config", str(shop())])
    assert target.read_text().startswith("UNKNOWN")


def test_a_report_in_json_holds_the_words_and_the_numbers(shop: Shop, capsys) -> None:
    run(["report", "--for", "owner", "--json", "--config", str(shop(snapshot(), drill()))])
    answer = result(capsys)
    assert answer["schema"] == "readiness.report/1"
    assert answer["result"]["report"]["state"] == answer["result"]["status"]["verdict"] == "READY"


def test_a_report_in_json_goes_to_the_file_as_well(shop: Shop, tmp_path: Path, capsys) -> None:
    target = tmp_path / "r.json"
    run(["report", "--output", str(target), "--json", "--config", str(shop())])
    assert json.loads(target.read_text())["result"]["status"]["verdict"] == "UNKNOWN"
    assert result(capsys)["result"] == {"file": str(target), "format": "json", "verdict": "UNKNOWN"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_report_can_be_read_by_its_owner_alone(shop: Shop, tmp_path: Path) -> None:
    run(["report", "--output", str(tmp_path / "r.html"), "--config", str(shop())])
    assert mode(tmp_path / "r.html") == 0o600


def test_a_report_that_was_there_keeps_its_permissions(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    target.write_text("old")
    target.chmod(0o644)
    run(["report", "--output", str(target), "--config", str(shop())])
    assert mode(target) == 0o644
    assert "old" not in target.read_text()


def test_a_link_to_a_report_stays_a_link(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    run(["report", "--output", str(tmp_path / "link.txt"), "--config", str(shop())])
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text().startswith("UNKNOWN")


def test_an_html_report_has_four_pictures_of_every_process(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    run(["report", "--for", "owner", "--output", str(target), "--config", str(shop(drill(), snapshot()))])
    page = target.read_text()
    assert page.count('role="img"') == 4
    assert "<h2>This month</h2>" in page or "<h2>The last 2 months</h2>" in page


def test_the_status_pays_nothing_for_the_pictures(shop: Shop) -> None:
    script = (
        "import sys; from agent.cli import run; run(sys.argv[1:]); "
        "print([name for name in sys.modules if 'trend' in name or name == 'jinja2'], file=sys.stderr)"
    )
    command = [sys.executable, "-c", script, "status", "--config", str(shop(drill(), snapshot()))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("where", ["", "missing/r.html", "r\0.html", "x" * 300])
def test_a_place_that_cannot_be_written_to_is_one_sentence(
    shop: Shop, tmp_path: Path, capsys, where: str
) -> None:
    assert run(["report", "--output", f"{tmp_path}/{where}", "--config", str(shop())]) == 3
    error = capsys.readouterr().err
    assert "cannot be written: " in error
    assert "Traceback" not in error


def test_a_report_that_cannot_be_finished_leaves_nothing_behind(shop: Shop, tmp_path: Path) -> None:
    config = shop()
    target = tmp_path / "out" / "r.html"
    target.parent.mkdir()
    target.mkdir()
    run(["report", "--output", str(target), "--config", str(config)])
    assert os.listdir(target.parent) == ["r.html"]


def test_a_pipe_is_written_to_directly(shop: Shop, tmp_path: Path) -> None:
    script = "import sys; from agent.cli import run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, "report", "--output", "/dev/stdout", "--config", str(shop())],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.startswith("UNKNOWN")


def test_an_unknown_audience_is_wrong_usage(shop: Shop) -> None:
    assert run(["report", "--for", "press", "--config", str(shop())]) == 2
