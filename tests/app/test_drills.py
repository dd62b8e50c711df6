"""Drills that systemd runs in units of their own, and which wishes are drilled by ourselves."""

from pathlib import Path

import pytest

from agent.adapters.host import units
from agent.adapters.host.units import UnitEnd
from agent.adapters.ledger.ledger import open_ledger
from agent.adapters.rendering.progress import Silent
from agent.app import drills as module
from agent.app.drills import Wish, drills, drills_in_units
from agent.config import load
from agent.core.configuration.config import Config
from agent.errors import Busy, ConfigError, ReadinessError
from support.builders.ledger_records import NOW
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill

TEMPLATE = "readiness-drill@"
PLAN_B = '[repository.planb]\nurl = "/srv/planb"\npassword_file = "/etc/p"\n'
MAIL = '[process.mail]\npaths = ["/srv/mail"]\n'


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    return load(str(recorded_shop(tmp_path, drill(), more=MAIL + PLAN_B)))


class Systemd:
    """Runs units by writing the records that they would leave."""

    def __init__(self, shop: Config, *leaves: object, status: int = 0, complaint: str = "") -> None:
        self.ledger = Path(shop.settings.state) / "ledger.db"
        self.leaves = leaves
        self.end = UnitEnd(status, ""), complaint
        self.units: list[str] = []

    def run_unit(self, unit: str) -> tuple[UnitEnd, str]:
        self.units.append(unit)
        with open_ledger(self.ledger) as ledger:
            for record in self.leaves:
                ledger.append(record, NOW)
        return self.end


def in_units(shop: Config, systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    monkeypatch.setattr(units, "run_unit", systemd.run_unit)
    chosen = [shop.processes[0]]
    return [
        (record.repository, record.outcome)
        for record, _ in drills_in_units(shop, chosen, shop.repositories[0], TEMPLATE)
    ]


def test_a_unit_is_named_after_process_and_repository(shop: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = Systemd(shop, drill())
    in_units(shop, systemd, monkeypatch)
    assert systemd.units == ["readiness-drill@orders:primary.service"]


def test_the_records_of_the_unit_alone_are_handed_on_oldest_first(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was there before; this time plan B was drilled as well."""
    systemd = Systemd(shop, drill(outcome="failed"), drill(repository="planb"), drill(process="mail"))
    assert in_units(shop, systemd, monkeypatch) == [("primary", "failed"), ("planb", "passed")]


@pytest.mark.parametrize(
    ("status", "complaint", "kind", "says"),
    [
        (75, "", Busy, "Another readiness is at work on the same process or repository."),
        (78, "", ConfigError, "The config is wrong."),
        (9, "", ReadinessError, "left no record: it ended with status 9."),
        (1, "no such unit", ReadinessError, "left no record: no such unit."),
    ],
)
def test_a_unit_without_a_record_says_why(
    shop: Config, monkeypatch: pytest.MonkeyPatch, status: int, complaint: str, kind: type, says: str
) -> None:
    with pytest.raises(kind, match=says) as refused:
        in_units(shop, Systemd(shop, status=status, complaint=complaint), monkeypatch)
    assert type(refused.value) is kind


@pytest.mark.parametrize(
    ("wish", "by_systemd"),
    [
        (Wish(), True),
        (Wish(source="primary"), True),
        (Wish(select="random"), False),
        (Wish(share=0.5), False),
        (Wish(keep=True), False),
    ],
)
def test_systemd_runs_the_usual_drill_and_every_other_wish_is_drilled_here(
    shop: Config, monkeypatch: pytest.MonkeyPatch, wish: Wish, by_systemd: bool
) -> None:
    monkeypatch.setenv("READINESS_DRILL_UNIT", TEMPLATE)
    monkeypatch.setattr(module, "drills_in_units", lambda *_: iter(["by systemd"]))
    monkeypatch.setattr(module, "drill_once", lambda *_: (drill(), "by us"))
    [done] = drills(shop, [shop.processes[0]], wish, Silent())
    assert (done == "by systemd") is by_systemd


def drilled(shop: Config, monkeypatch: pytest.MonkeyPatch, wish: Wish, **fates: object) -> list[str]:
    """The repositories that are drilled when they end as said."""
    done: list[str] = []

    def once(_: Config, __: object, repository: object, *___: object) -> tuple[object, str]:
        done.append(repository.name)
        return fates[repository.name], ""

    monkeypatch.setattr(module, "drill_once", once)
    list(drills(shop, [shop.processes[0]], wish, Silent()))
    return done


def test_plan_b_is_drilled_only_when_the_first_repository_fails(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = drill(), drill(outcome="failed")
    assert drilled(shop, monkeypatch, Wish(), primary=good) == ["primary"]
    assert drilled(shop, monkeypatch, Wish(), primary=bad, planb=good) == ["primary", "planb"]


def test_a_repository_that_was_asked_for_is_drilled_alone(
    shop: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drilled(shop, monkeypatch, Wish(source="planb"), planb=drill(outcome="failed")) == ["planb"]


def test_no_proof_sees_what_is_ours(shop: Config) -> None:
    hidden = set(module._private_places(shop))
    base = shop.settings.state.removesuffix("/state")
    assert {shop.settings.state, shop.file, f"{base}/repository", f"{base}/password", "/srv/planb"} <= hidden
