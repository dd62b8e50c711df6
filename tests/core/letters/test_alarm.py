"""Mail at once: how much of it there is, however many incidents it tells of."""

from agent.adapters.mail.letter import letter_html, letter_text
from agent.core.letters.alarm import alarm_letter
from agent.core.model.records import Verdict
from support.builders.letters import broken, incident, news, ready


def test_many_incidents_are_named_and_the_first_told_in_full() -> None:
    several = [incident(number=n) for n in range(1, 13)]
    text = letter_text(alarm_letter(broken(), news("opened", "admin", *several)))
    assert text.count("SEEN BEFORE:") == 5
    assert all(f"F-{n}" in text for n in range(1, 13))
    assert "and 11 more)" in alarm_letter(broken(), news("opened", "admin", *several)).subject


def test_an_alarm_of_very_many_incidents_is_not_cut_off_by_gmail() -> None:
    several = [incident(number=n) for n in range(1, 201)]
    letter = alarm_letter(broken(), news("opened", "admin", *several))
    text = letter_text(letter)
    assert len(letter_html(letter).encode()) < 95_000
    assert "... and 170 more: readiness report --for admin" in " ".join(text.split())
    assert "    readiness ack F-30\n" in text
    assert "F-31" not in text


def test_a_note_is_no_verdict() -> None:
    told = news("opened", "admin", incident(code="retention-frozen", verdict=Verdict.READY))
    assert alarm_letter(ready(), told).subject.startswith("NOTE - old backups of orders are kept")
