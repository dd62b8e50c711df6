"""Drills that systemd runs in units of their own, and which wishes are drilled by ourselves."""

from pathlib import Path

import pytest

from agent.adapters.rendering.progress import Silent
from agent.app import drills as module
from agent.app.drills import Wish, drills
from agent.config import load
from agent.core.configuration.config import Config
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill

TEMPLATE = "readiness-drill@"
PLAN_B = '[repository.planb]\nurl = "/srv/planb"\npassword_file = "/etc/p"\n'
MAIL = '[process.mail]\npaths = ["/srv/mail"]\n'


@pytest.fixture
def shop(tmp_path: Path) -> Config:
    return load(str(recorded_shop(tmp_path, drill(), more=MAIL + PLAN_B)))


@pytest.mark.parametrize(("apart", "way"), [(True, "apart"), (False, "here")])
def test_drills_of_the_service_are_made_apart_whatever_is_wished(
    shop: Config, monkeypatch: pytest.MonkeyPatch, apart: bool, way: str
) -> None:
    monkeypatch.setattr(module, "drills_apart", lambda: apart)
    for name in ("apart", "here"):
        monkeypatch.setattr(module, f"drill_{name}", lambda *_, name=name: (drill(), name))
    for wish in (Wish(), Wish(select="random"), Wish(share=0.5), Wish(keep=True)):
        [(_, done)] = drills(shop, [shop.processes[0]], wish, Silent())
        assert done == way


def drilled(shop: Config, monkeypatch: pytest.MonkeyPatch, wish: Wish, **fates: object) -> list[str]:
    """The repositories that are drilled when they end as said."""
    done: list[str] = []

    def once(_: Config, __: object, repository: object, *___: object) -> tuple[object, str]:
        done.append(repository.name)
        return fates[repository.name], ""

    monkeypatch.setattr(module, "drill_here", once)
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
