"""What an alarm rests on: what to run, whether it was seen before, and sentences of today."""

from agent.adapters.mail.letter import letter_text
from agent.core.letters.alarm import alarm_letter
from agent.core.telling.incidents import Earlier
from support.builders.letters import broken, incident, news, ready
from support.builders.shop import ago


def test_an_alarm_says_what_to_run_and_never_to_accept_unseen() -> None:
    hints = {
        "Run: readiness snapshot orders, then: readiness drill orders --from planb": [
            "readiness snapshot orders",
            "readiness drill orders --from planb",
        ],
        "Set the clock (timedatectl status), then run: readiness drill orders": ["readiness drill orders"],
        "If this is meant: readiness snapshot --accept orders": ["readiness exposure orders"],
        "Run: systemctl restart readiness (journalctl -u readiness tells why)": [
            "systemctl restart readiness"
        ],
        "Look at the disk.": ["readiness drill orders"],
        "Mend it: readiness drill --snapshot last-good finds one.": ["readiness drill --snapshot last-good"],
    }
    for hint, commands in hints.items():
        told = news("opened", "admin", incident(code="mass-change", hint=hint))
        lines = letter_text(alarm_letter(ready(), told)).splitlines()
        shown = [line.strip() for line in lines if line.startswith("    ")]
        assert shown == [*commands, "readiness ack F-1207"]


def test_what_came_before_is_counted_and_the_last_time_told() -> None:
    def said(*days: float) -> str:
        before = tuple(Earlier(ago(24 * each), ago(24 * each - 2)) for each in days)
        return " ".join(
            letter_text(alarm_letter(broken(), news("opened", "admin", incident(before=before)))).split()
        )

    assert "No, this is the first time." in said()
    assert "Yes, once: from " in said(9)
    assert "Yes, twice: the last time from " in said(9, 20)
    assert "Yes, 3 times: the last time from " in said(9, 20, 30)


def test_an_alarm_speaks_of_today_and_not_of_the_day_that_was_recorded() -> None:
    text = letter_text(alarm_letter(broken(), news("reminder", days=3)))
    assert "invoices/2026/0.pdf" in text
    assert "a file is damaged" not in text


def test_a_long_command_can_still_be_pasted_into_a_shell() -> None:
    names = tuple(f"a-process-with-a-long-name-{n}" for n in range(5))
    text = letter_text(alarm_letter(ready(), news("opened", "admin", incident(processes=names, hint=""))))
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("    readiness drill"))
    pasted = "\n".join(lines[start : start + 3]).replace("\\\n", " ").splitlines()[0]
    assert pasted.split() == ["readiness", "drill", *names]


def test_ages_in_what_was_recorded_are_left_out_later() -> None:
    told = news("fixed", "admin", incident(opened=ago(51), closed=ago(1)))
    text = " ".join(letter_text(alarm_letter(ready(), told)).split())
    assert "IT WAS: The drill from primary on Wednesday 04:00 failed: a file is damaged." in text
