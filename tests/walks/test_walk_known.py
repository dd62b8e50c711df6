"""Walks that have found something once, or that show a kind of lie which the others meet seldom."""

import pytest

from support.walking.situations import step
from support.walking.walk import Walk

KNOWN = {
    "a sample of everything ends no failed proof": (
        *("proven", "edit say bad", "snapshot", "drill", "drill --sample 100%"),
    ),
    "a sample says nothing of the rest": (
        *("proven", "edit rewrite/8", "snapshot", "damage spoil primary/8", "drill", "drill --sample 1%"),
    ),
    "older snapshots say nothing of the newest": (
        *("proven", "edit rewrite", "snapshot", "damage flip primary", "drill"),
        *("drill --snapshot ID/1", "drill --snapshot ID/1"),
    ),
    "what last-good refuses is bad": (
        *("proven", "edit rewrite/8", "snapshot", "damage spoil primary/8"),
        "drill --snapshot last-good",
    ),
    "what last-good refuses by a proof is bad": (
        *("proven", "edit say bad", "snapshot", "drill --snapshot last-good"),
    ),
    "content that a proof refuted is refuted in plan B": (
        *("plan b", "edit say bad", "snapshot", "upkeep copy", "drill", "edit say ok", "snapshot", "drill"),
    ),
    "what passed in plan B before a proof was there says nothing of it": (
        *("plan b", "config proofs/2", "drill", "edit say bad", "snapshot", "drill"),
    ),
    "a snapshot that cannot be read was not taken away": (
        *("proven", "damage empty a snapshot primary", "drill"),
    ),
    "zeros are no content": ("new", "config proofs/3", "config vital/3", "edit zeros/7", "snapshot", "drill"),
    "what became vital may be in no snapshot": ("proven", "config vital/4", "snapshot", "drill"),
    "what a copy misses in the first repository": (
        *("plan b", "damage forget primary", "upkeep copy", "drill"),
    ),
    "another repository in its place": ("plan b", "damage replace primary", "upkeep copy"),
    "a password that was refused opens nothing": ("proven", "password wrong primary", "snapshot", "drill"),
    "an old answer to a new question": ("proven", "config proofs/2", "drill", "config proofs/4", "drill"),
    "an exclude that is taken back": (
        *(
            "proven",
            "config exclude/2",
            "snapshot --accept",
            "drill",
            "config exclude/0",
            "snapshot",
            "drill",
        ),
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_every_answer_on_the_way_is_true(name: str) -> None:
    start, *words = KNOWN[name]
    walk = Walk(start, "0.19.1")
    wrong = walk.take([step(text) for text in words])
    assert not wrong, "\n".join([wrong, *walk.referee.log])
    assert walk.left_out == [], "a walk shows only what it does"
