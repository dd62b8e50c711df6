"""The same question has the same fingerprint, another one has another."""

from msgspec.structs import replace

from agent.core.configuration.config import CommandProof, FileCountProof, NewestFileProof
from agent.core.drill.fingerprint import fingerprint

PROOF = CommandProof(name="sound", command=("check", "it"))


def test_what_a_proof_is_called_and_how_long_it_may_take_is_no_question() -> None:
    assert fingerprint(PROOF) == fingerprint(replace(PROOF, name="other", timeout=5))


def test_every_other_change_asks_something_else() -> None:
    asked = {
        fingerprint(proof)
        for proof in (
            PROOF,
            replace(PROOF, command=("check", "that")),
            replace(PROOF, expect="1"),
            replace(PROOF, expect_status=1),
            FileCountProof(name="n", path="/a", at_least=1),
            FileCountProof(name="n", path="/a", at_least=2),
            NewestFileProof(name="n", path="/a", max_age=1),
        )
    }
    assert len(asked) == 7
