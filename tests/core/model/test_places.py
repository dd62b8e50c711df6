"""Where a copy lies: what is certain comes before what could not be seen."""

import pytest

from agent.core.model.places import (
    NOT_LOOKED_AT,
    PLACES,
    WORDS,
    Ground,
    Placed,
    place_of,
    place_words,
    warning_of,
    where_copies_lie,
)


def on(*parts: str, **more: object) -> Ground:
    return Ground(frozenset(parts), **more)  # type: ignore[arg-type]


SDA, SDB = on("disk sda", "file system 8:1"), on("disk sdb", "file system 8:17")
NAS = Ground(servers=frozenset({"nas"}))
OPAQUE = on("file system 0:44", unknown="a strange thing")


@pytest.mark.parametrize(
    ("copy", "data", "place"),
    [
        (SDA, SDA, "same-disk"),
        (on("disk sda", "file system 8:2"), SDA, "same-disk"),
        (SDA | SDB, SDB, "same-disk"),
        (OPAQUE, OPAQUE, "same-disk"),
        (SDB, SDA, "same-machine"),
        (on("file system 0:30", memory=True), SDA, "memory"),
        (on("file system 0:30", memory=True), on("file system 0:30", memory=True), "same-disk"),
        (NAS, SDA, "elsewhere"),
        (NAS, OPAQUE, "elsewhere"),
        (NAS, NAS, "not-known"),
        (NAS | SDB, SDA, "same-machine"),
        (OPAQUE, SDA, "not-known"),
        (SDB, OPAQUE, "not-known"),
        (OPAQUE | SDA, SDA, "same-disk"),
    ],
)
def test_the_place_of_a_copy_follows_from_what_both_lie_on(copy: Ground, data: Ground, place: str) -> None:
    assert place_of(copy, data).place == place


def test_an_address_of_this_machine_is_no_other_machine() -> None:
    found = place_of(Ground(servers=frozenset({"localhost"})), SDA, us="localhost")
    assert (found.place, found.reason, found.is_near) == ("same-machine", "localhost is this machine", True)


@pytest.mark.parametrize("place", PLACES)
def test_only_what_is_certain_to_be_lost_is_near(place: str) -> None:
    assert Placed(place).is_near is (place in ("same-disk", "memory"))  # type: ignore[arg-type]


def test_every_place_has_words_and_what_was_never_looked_at_is_not_known() -> None:
    assert {*WORDS} == {*PLACES}
    assert place_words("not-known", "a strange thing") == "not known (a strange thing)"
    assert place_words("") == NOT_LOOKED_AT
    assert "not known" in NOT_LOOKED_AT


def test_what_all_processes_have_in_common_is_said_once() -> None:
    rows = [
        ("primary", "orders", "same-disk", ""),
        ("primary", "shop", "same-disk", ""),
        ("planb", "orders", "elsewhere", ""),
        ("planb", "shop", "not-known", "why"),
    ]
    assert (
        where_copies_lie(rows) == "primary: same disk; planb: elsewhere for orders, not known (why) for shop"
    )


def test_what_is_warned_of_says_what_takes_it() -> None:
    assert "one dead disk takes both" in warning_of(Placed("same-disk"), "orders")
    assert "power cut" in warning_of(Placed("memory"), "orders")
    assert "localhost is this machine" in warning_of(
        Placed("same-machine", "localhost is this machine", names_us=True), "orders"
    )
