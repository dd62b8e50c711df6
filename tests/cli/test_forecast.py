"""`readiness forecast`: when each process would be back, and the exit status of that."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from agent.cli import run
from agent.core.model.drills import DrillSeconds
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import HOUR, drill, snapshot

Shop = Callable[..., Path]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Writes a config and a ledger with the given records."""
    return partial(recorded_shop, tmp_path)


def result(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


def test_forecast_says_when_each_process_is_back(shop: Shop, capsys) -> None:
    assert run(["forecast", "--json", "--config", str(shop(snapshot(), drill()))]) == 0
    answer = result(capsys)["result"]
    assert answer["fits"] is True
    assert answer["processes"][0]["machine_s"] == 600


def test_forecast_of_what_was_never_drilled_could_not_be_tested(shop: Shop, capsys) -> None:
    assert run(["forecast", "--config", str(shop())]) == 3
    assert "is not known" in capsys.readouterr().out


def test_forecast_of_an_expired_proof_names_no_time(shop: Shop, capsys) -> None:
    old = str(shop(snapshot(), drill(400)))
    assert run(["forecast", "--config", old]) == run(["status", "--config", old]) == 3
    assert "would be back by" not in capsys.readouterr().out
    run(["forecast", "--json", "--config", old])
    (row,), answer = (found := result(capsys)["result"])["processes"], found
    assert (row["back_at"], row["machine_s"], row["in_time"]) == (None, None, None)
    assert (answer["all_back_at"], answer["fits"]) == (None, None)


def test_forecast_exits_by_the_verdict_also_where_every_time_is_known(shop: Shop, capsys) -> None:
    assert run(["forecast", "--config", str(shop(snapshot(same_device=True), drill()))]) == 4
    assert run(["forecast", "--config", str(shop(snapshot(9), drill(8)))]) == 1
    assert "but that is not all that was promised." in " ".join(capsys.readouterr().out.split())


def test_forecast_of_what_is_not_back_in_time_is_bad(shop: Shop, capsys) -> None:
    slow = DrillSeconds(restore=90 * HOUR, total=90 * HOUR)
    assert run(["forecast", "--config", str(shop(snapshot(), drill(seconds=slow)))]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    # on a Monday the next one is far enough away to carry its date
    assert re.fullmatch(r"Not everything is back before Monday( \d+ \w+)? 08:00\.", first)
