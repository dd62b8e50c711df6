"""The mail that only tries whether mail arrives: it asks for nothing."""

from msgspec.structs import replace

from agent.core.letters.trial import trial_letter
from support.builders.letters import shop

LETTER = trial_letter(shop())


def test_it_is_a_test_and_no_state_of_the_business() -> None:
    assert (LETTER.state, LETTER.tone) == ("TEST", "plain")
    assert LETTER.subject.startswith("TEST - ")


def test_it_names_the_machine_that_it_comes_from() -> None:
    named = replace(shop(), settings=replace(shop().settings, host="box-7\x1b[2J"))

    assert "Somebody on box-7\\x1b[2J asked for this test." in trial_letter(named).opening


def test_it_says_that_nothing_is_wrong_and_that_there_is_nothing_to_do() -> None:
    assert LETTER.opening.endswith("Nothing is wrong, and there is nothing to do.")
    assert LETTER.groups == ()
