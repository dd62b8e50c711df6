"""Words that a shop owner knows: there are some for everything that can be wrong, and no jargon."""

import pytest

from agent.adapters.mail.letter import letter_text
from agent.core.letters.plain_words import WORDS
from agent.core.model.findings import CODES
from support.builders.letters import GOLDEN
from support.our_code import literals

PLAIN = [name for name in GOLDEN if name.startswith(("owner-", "deputy-"))]
JARGON = ("repository", "snapshot", "drill", "rpo", "rto", "restic", "ledger", "witness", "scratch", "tier")


@pytest.mark.parametrize("name", PLAIN)
def test_owners_and_deputies_read_no_jargon(name: str) -> None:
    letter = GOLDEN[name]()
    words = set((letter.subject + " " + letter_text(letter)).lower().replace(".", " ").split())
    assert words & {*JARGON, *(f"{word}s" for word in JARGON)} == set()


def test_the_words_cover_every_reason_and_every_finding() -> None:
    assert (literals("reason") | literals("_reason") | set(CODES)) - set(WORDS) == set()
