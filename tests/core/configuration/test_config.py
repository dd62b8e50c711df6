"""What a config is where nothing is written: defaults that suit most, and that are safe."""

import pytest

from agent.core.configuration.config import (
    Alarm,
    CommandProof,
    CriticalProcess,
    Keep,
    Mail,
    Repository,
    Rhythm,
)
from support.builders.shop import DAY, HOUR, config

ORDERS = CriticalProcess(
    name="orders", paths=("/srv/orders",), rto=DAY, rpo=DAY, mtd=3 * DAY, max_proof_age=DAY
)


def test_nothing_is_ever_removed_unless_somebody_says_what_to_keep() -> None:
    assert ORDERS.keep is None


def test_a_rule_that_is_not_given_keeps_nothing() -> None:
    keep = Keep(rhythm=Rhythm(every=DAY), at_most=30)

    rules = (keep.last, keep.hourly, keep.daily, keep.weekly, keep.monthly, keep.yearly, keep.within)
    assert rules == (0,) * 7


def test_a_process_is_copied_daily_and_drilled_weekly() -> None:
    assert (ORDERS.copy, ORDERS.drill) == (Rhythm(every=DAY), Rhythm(every=7 * DAY))
    assert ORDERS.snapshot == Rhythm(every=12 * HOUR)


def test_a_process_is_not_of_the_first_tier_unless_somebody_says_so() -> None:
    assert (ORDERS.tier, ORDERS.value_per_hour) == (2, 0)


def test_a_second_repository_is_fed_by_copies() -> None:
    assert Repository(name="planb", url="/b", password_file="/p").fed_by == "copy"


def test_mail_is_encrypted_unless_somebody_says_otherwise() -> None:
    mail = Mail(sender="r@shop.example", owner=(), admin=())

    assert (mail.security, mail.port, mail.server) == ("starttls", 587, "")


def test_people_sleep_from_ten_to_seven() -> None:
    quiet = Alarm().quiet

    assert quiet is not None
    assert (quiet.start, quiet.end) == (22 * 60, 7 * 60)


def test_nobody_outside_is_told_anything_unless_somebody_says_whom() -> None:
    assert (Alarm().ping, Alarm().webhook, Alarm().test) == ("", "", None)
    assert config().mail is None


def test_a_command_proves_by_its_exit_status_alone_within_five_minutes() -> None:
    proof = CommandProof(name="sound", command=("true",))

    assert (proof.expect, proof.expect_status, proof.timeout) == (None, 0, 300)


def test_a_config_that_was_read_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        ORDERS.rto = 1  # type: ignore[misc]
