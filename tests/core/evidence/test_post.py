"""How long it takes until a person sees an alarm, from the alarm tests."""

from datetime import timedelta

from agent.core.evidence.post import MEASURED, Post, Reactions, reaction_words, reactions
from agent.core.model.notices import AcknowledgementRecord, AlarmTestRecord
from support.builders.shop import NOW


def a_test(name: str, hours: float) -> AlarmTestRecord:
    return AlarmTestRecord(name=name, started=NOW - timedelta(hours=hours))


def seen(name: str, hours: float) -> AcknowledgementRecord:
    return AcknowledgementRecord(name=name, by="root", started=NOW - timedelta(hours=hours))


def test_the_first_acknowledgement_counts() -> None:
    post = Post(tests=(a_test("T-1", 50),), acknowledged=(seen("T-1", 10), seen("T-1", 49)))
    assert reactions(post, NOW) == Reactions(seen=(3600.0,))


def test_one_that_nobody_saw_for_a_day_was_not_seen_and_a_younger_one_tells_nothing() -> None:
    post = Post(tests=(a_test("T-3", 24), a_test("T-2", 25), a_test("T-1", 50)))
    assert reactions(post, NOW) == Reactions(unseen=2)


def test_only_the_newest_tests_tell() -> None:
    post = Post(tests=tuple(a_test(f"T-{number}", 24 * number) for number in range(2, 20)))
    assert reactions(post, NOW).unseen == MEASURED


def test_a_clock_that_went_back_makes_no_time_negative() -> None:
    assert reactions(Post(tests=(a_test("T-1", 5),), acknowledged=(seen("T-1", 6),)), NOW).seen == (0.0,)


def test_the_middle_is_the_longer_of_two() -> None:
    assert Reactions().median is None
    assert Reactions(seen=(1.0, 2.0)).median == 2.0
    assert Reactions(seen=(1.0, 2.0, 3.0, 4.0, 5.0)).median == 3.0


def test_the_words_for_it() -> None:
    assert reaction_words(Reactions()) == ""
    assert reaction_words(Reactions(unseen=2)) == "Alarm tests: 2 of 2 nobody acknowledged within a day."
    assert reaction_words(Reactions(seen=(60.0, 720.0, 7200.0))) == (
        "Alarm tests: acknowledged after 12 min (the middle of 3)."
    )
