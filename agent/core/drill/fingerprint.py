"""What a proof asks, as a short text: an old result answers the question that was asked then."""

from hashlib import sha256

import msgspec

from agent.core.configuration.config import Proof

NOT_ASKED = ("name", "timeout")  # keys that do not change what is asked


def fingerprint(proof: Proof) -> str:
    """16 hexadecimal digits, the same for the same question and for no other."""
    asked = {key: value for key, value in msgspec.to_builtins(proof).items() if key not in NOT_ASKED}
    question = [type(proof).__name__, sorted(asked.items())]
    return sha256(msgspec.json.encode(question)).hexdigest()[:16]
