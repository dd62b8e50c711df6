"""What restic says of work on a repository: nothing said is no complaint and no damage."""

from agent.core.model.repository_upkeep import Attempt, CheckReport


def test_an_attempt_of_which_nothing_was_said_ended_well() -> None:
    assert (Attempt().code, Attempt().complaint) == ("", "")


def test_a_repository_in_which_nothing_was_found_is_sound() -> None:
    assert CheckReport().damage == ()
