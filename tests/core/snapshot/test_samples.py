"""What a look into some changed files says: readable, hidden, or the same as before."""

import os
import random

import pytest

from agent.core.snapshot.samples import Became, is_incompressible, what_became


@pytest.mark.parametrize(
    ("start", "became"),
    [
        (b"", "unreadable"),
        (b"\xff\xd8\xff\xe1", "readable"),
        (b"PK\x03\x04", "readable"),
        (b"\x00\x00\x00\x20ftypheic", "readable"),
        (b"II*\x00", "readable"),
    ],
)
def test_dense_content_is_readable_when_it_begins_as_some_file_does(start: bytes, became: Became) -> None:
    hidden = random.Random(1).randbytes(4096)
    assert what_became(start + hidden, is_same=False) == became
    assert what_became(start + hidden, is_same=True) == "same"


@pytest.mark.parametrize("size", [256, 4096, 65536])
def test_random_content_is_incompressible_and_text_is_not(size: int) -> None:
    text = b"".join(b"%d: the quick brown fox jumps over the lazy dog\n" % n for n in range(size))[:size]
    assert is_incompressible(os.urandom(size))
    assert not is_incompressible(text)
    assert not is_incompressible(bytes(size))


def test_a_file_of_which_only_the_start_was_encrypted_is_incompressible() -> None:
    assert is_incompressible(os.urandom(4096) + b"plain text " * 5000)
