"""Alarms for the deputy and the owner: in plain words, and no more than they need."""

from msgspec.structs import replace

from agent.adapters.mail.letter import letter_text
from agent.core.letters.alarm import alarm_letter
from agent.core.letters.letter import Letter
from agent.core.model.records import Verdict
from support.builders.letters import REFUSED, broken, incident, news, ready


def whole(letter: Letter) -> str:
    return f"{letter.subject} {' '.join(letter_text(letter).split())}"


def test_an_owner_hears_of_four_more_and_how_many_there_are() -> None:
    def said(number: int) -> str:
        others = (replace(incident(), number=1300 + each) for each in range(number))
        return letter_text(alarm_letter(broken(), news("escalated", "owner", incident(), *others)))

    assert "more." not in said(4)
    assert "... and 2 more." in said(6)
    assert "F-1303" in said(6)
    assert "F-1304:" not in said(6)


def test_a_note_never_says_that_everything_would_come_back_while_something_would_not() -> None:
    text = whole(alarm_letter(broken(), news("escalated", "owner", REFUSED)))
    assert "would come back. But" not in text.replace("what would come back. But", "")
    assert "ANSWER NOW: NOT READY: orders cannot be restored." in text
    text = whole(alarm_letter(broken(), news("escalated", "owner", incident(verdict=Verdict.AT_RISK))))
    assert "everything would come back" not in text
    assert "ANSWER NOW: NOT READY: orders cannot be restored." in text


def test_no_backup_is_called_good_to_the_owner_while_nothing_can_be_restored() -> None:
    bad = whole(alarm_letter(broken(), news("escalated", "owner")))
    assert "its newest backup is 1 h old, but nobody knows whether it is good" in bad
    good = whole(alarm_letter(ready(), news("escalated", "owner")))
    assert "its newest good backup is 1 h old" in good
