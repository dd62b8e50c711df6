"""What `status` says of the last looks at the live files."""

from datetime import UTC, datetime, timedelta

from msgspec import structs

from agent.core.snapshot.exposed import Exposure, exposure_sentences

NOW = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def looked(process: str, ago: timedelta = timedelta(), files: int = 0, snapshot: bool = True) -> Exposure:
    at = NOW - ago
    return Exposure(
        process=process,
        at=at,
        since=at - HOUR if snapshot else None,
        rpo=3600,
        files=files,
        bytes=files * 1024,
        oldest=at - HOUR / 2 if files else None,
    )


def said(*looks: Exposure, snapshot: datetime | None = None) -> list[str]:
    return exposure_sentences(looks, {look.process: snapshot for look in looks}, NOW)


def test_what_is_the_same_of_several_is_said_once() -> None:
    assert said(looked("orders"), looked("shop", files=2), looked("mail")) == [
        "orders and mail: nothing since the last good snapshot (last looked just now).",
        "shop: 2 files with 2.0 KiB, the oldest change 30 min ago (last looked just now).",
    ]


def test_files_that_are_gone_are_no_changed_ones_without_bytes() -> None:
    look = structs.replace(looked("orders", files=3), gone=1)
    assert said(look) == [
        "orders: 2 files with 3.0 KiB and 1 file gone, the oldest change 30 min ago (last looked just now)."
    ]


def test_a_path_that_is_missing_is_not_nothing() -> None:
    look = structs.replace(looked("orders", files=60), gone=60, oldest=None)
    assert said(look) == ["orders: 60 files gone (last looked just now)."]


def test_an_old_look_says_how_old_it_is() -> None:
    assert said(looked("orders", ago=2 * HOUR)) == [
        "orders: nothing since the last good snapshot (last looked 2 h ago)."
    ]


def test_a_look_from_before_the_last_snapshot_says_nothing_any_more() -> None:
    assert said(looked("orders", ago=HOUR, files=9), snapshot=NOW) == [
        "orders: nobody has looked since the last good snapshot."
    ]


def test_without_a_good_snapshot_everything_would_be_lost() -> None:
    assert said(looked("orders", files=1, snapshot=False)) == [
        "orders: all of 1 file; there is no good snapshot (last looked just now)."
    ]


def test_a_clock_that_went_back_makes_no_look_of_the_future() -> None:
    assert "just now" in said(looked("orders", ago=-HOUR))[0]
