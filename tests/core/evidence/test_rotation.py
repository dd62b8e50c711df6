"""Which part of a repository's data is checked next, and whether damage is still open."""

from msgspec.structs import replace

from agent.core.evidence.rotation import is_damaged, next_part
from agent.core.model.records import CheckRecord
from support.builders.shop import damage, wrong

SOUND = CheckRecord(
    repository="primary", started=damage().started, outcome="passed", seconds=1, part=27, parts=28
)


def test_it_begins_with_the_first_part() -> None:
    assert next_part(None, 28) == (1, 28)


def test_the_next_part_follows_and_the_last_is_followed_by_the_first() -> None:
    assert next_part(SOUND, 28) == (28, 28)
    assert next_part(replace(SOUND, part=28), 28) == (1, 28)


def test_with_another_number_of_parts_the_round_begins_anew() -> None:
    assert next_part(SOUND, 7) == (1, 7)


def test_a_damaged_part_is_read_again_also_when_there_are_other_parts_by_now() -> None:
    assert next_part(replace(damage(), part=5), 28) == (5, 28)
    assert next_part(replace(damage(), part=5), 7) == (5, 28)


def test_a_check_that_failed_for_another_reason_found_no_damage() -> None:
    assert is_damaged(damage())
    assert not is_damaged(replace(SOUND, outcome="failed", findings=(wrong("timed-out"),)))
