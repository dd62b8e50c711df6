"""The pictures of the last twelve months, in the order of the report."""

import re
from pathlib import Path

import pytest

from agent.app.answer import assess
from agent.app.reports import report_for
from agent.app.trends import histories, html_report, mail_trend
from agent.config import load
from agent.core.configuration.config import Config
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill, snapshot

FIRST = '[process.vital]\npaths = ["/srv/vital"]\ntier = 1\n'


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    return load(str(recorded_shop(tmp_path, snapshot(), drill(), more=FIRST)))


def test_every_process_has_a_history_with_or_without_records(shop: Config) -> None:
    judged = assess(shop)
    found = {one.process: len(one.drills) for one in histories(shop, judged.at)}
    assert found == {"orders": 1, "vital": 0}


def test_the_page_shows_the_pictures_in_the_order_of_the_report(tmp_path: Path) -> None:
    records = snapshot(), drill(), snapshot(process="vital"), drill(process="vital")
    judged = assess(load(str(recorded_shop(tmp_path, *records, more=FIRST))))
    page = html_report(judged, report_for(judged, "owner"))
    assert page.count('role="img"') == 8
    assert (
        re.findall("<h3>(.*)</h3>", page) == [one.process for one in judged.judgements] == ["vital", "orders"]
    )


def test_the_mail_has_its_pictures_as_cells_and_a_sentence(shop: Config) -> None:
    trend = mail_trend(assess(shop))
    assert "<b>orders</b>" in trend.cells
    assert "<table" in trend.cells
    assert trend.sentence.startswith("1 rehearsed restore went well")
