"""The mail for when nothing else can be said: the ledger or the config cannot be used."""

import pytest
from msgspec.structs import replace

from agent.core.letters.emergency import Subject, emergency_letter
from agent.core.letters.letter import Letter, Sentence
from support.builders.letters import shop
from support.builders.shop import NOW

TROUBLE = ("The ledger is not whole.", "Run: readiness ledger verify.")


def sentences(letter: Letter) -> dict[str, str]:
    blocks = [block for group in letter.groups for block in group.blocks]
    return {block.label: block.text for block in blocks if isinstance(block, Sentence)}


@pytest.mark.parametrize("subject", ["ledger", "config"])
def test_nothing_is_known_and_the_first_word_says_so(subject: Subject) -> None:
    letter = emergency_letter(shop(), subject, TROUBLE, NOW)

    assert (letter.state, letter.tone) == ("UNKNOWN", "unknown")
    assert letter.subject.startswith("UNKNOWN - the ")
    assert "(Wednesday 13:00)" in letter.opening


def test_the_two_are_told_apart_in_subject_opening_and_meaning() -> None:
    ledger, config = (emergency_letter(shop(), subject, TROUBLE, NOW) for subject in ("ledger", "config"))

    assert ledger.subject != config.subject
    assert ledger.opening != config.opening
    assert sentences(ledger)["UNTIL THEN"] != sentences(config)["UNTIL THEN"]


def test_what_is_wrong_what_to_do_and_whom_to_call_are_said() -> None:
    said = sentences(emergency_letter(shop(), "ledger", TROUBLE, NOW))

    assert said["WHAT"] == "The ledger is not whole."
    assert said["DO ONE THING"] == (
        "Run: readiness ledger verify. If that is not for you, call the administrator on duty, 0xx-xxx."
    )


def test_without_hint_and_contact_there_is_still_one_thing_to_do() -> None:
    silent = replace(shop(), alarm=replace(shop().alarm, contact=""))
    said = sentences(emergency_letter(silent, "config", ("It is broken.", ""), NOW))

    assert said["DO ONE THING"] == (
        "Look at the server. If that is not for you, call whoever looks after the server."
    )
