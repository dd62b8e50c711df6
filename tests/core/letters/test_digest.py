"""What could not be sent in time, in one mail: whole while it fits, the gravest first."""

from msgspec.structs import replace

from agent.adapters.mail.letter import letter_html, letter_text
from agent.core.letters.digest import digest_letter
from support.builders.letters import GOLDEN, Page, broken, letters_of, message, opened, ready


def test_a_digest_leaves_nothing_out_and_begins_with_the_gravest() -> None:
    letter = GOLDEN["digest"]()
    text = letter_text(letter)
    whole = letter_text(GOLDEN["admin-opened"]())
    assert whole in text
    assert text.index("F-1207") < text.index("F-1210")
    assert digest_letter(ready(), []).subject.startswith("READY - 0 mails")


def test_a_digest_that_gmail_would_cut_names_what_it_leaves_out_and_where_that_is() -> None:
    many = [message(opened(), 100 - n, severity=3) for n in range(80)]
    gravest = message(GOLDEN["admin-two"](), 3)
    letter = digest_letter(broken(), [*many, gravest])
    page, text = letter_html(letter), letter_text(letter)
    words = " ".join(text.split())

    assert len(page.encode()) < 95_000
    assert text.index(gravest.text) < text.index(many[0].text)
    quoted = text.count("\nWHAT: ") - 2  # the gravest one has two of them
    assert 20 < quoted < 80
    assert (
        f"81 mails to you could not be sent since Saturday at 09:00, 4 d 4 h ago. Here are {quoted + 1}"
        in words
    )
    assert f"{80 - quoted} more are kept on the server" in words
    assert "\n    readiness ledger export\n" in text
    assert letters_of(Page(page).words) == letters_of(text)


def test_one_mail_that_is_too_long_for_a_digest_is_named() -> None:
    page = replace(message(opened(), 9), text="x <b>\n" * 30_000, subject="UNKNOWN - a long report")
    letter = digest_letter(broken(), [page, message(opened(), 5)])
    assert len(letter_html(letter).encode()) < 50_000
    assert "UNKNOWN - a long report" in letter_text(letter)
    assert letter_text(opened()) in letter_text(letter)
