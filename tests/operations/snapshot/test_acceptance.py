"""What `--accept` covers in one run."""

from agent.core.evidence.acceptance import Told, told
from agent.core.model.findings import finding
from agent.operations.snapshot.acceptance import Acceptance

ACCEPT = "If this is meant: readiness snapshot --accept orders"
TOLD, NEW = (finding("source-empty", "orders", "It is empty.", ACCEPT, path) for path in ("/srv/a", "/srv/b"))
BAD = finding("vital-missing", "orders", "It is gone.", "Find it.", "/srv/c")


def test_where_nobody_accepts_all_is_said() -> None:
    nobody = Acceptance(None)
    assert nobody.still_wrong([TOLD]) == [TOLD]
    assert nobody.settled([TOLD, BAD]) == ([TOLD, BAD], None)
    assert not nobody.covers("source-empty", "/srv/a") and not nobody.are_zeros_meant(b"srv/a")
    assert not nobody.is_of_a_collapse


def test_everything_is_accepted_or_nothing() -> None:
    somebody = Acceptance(told([TOLD, BAD]))
    assert somebody.still_wrong([TOLD]) == [] and somebody.settled([TOLD]) == ([], (TOLD,))
    assert somebody.still_wrong([TOLD, BAD]) == [BAD] and somebody.settled([TOLD, BAD]) == ([BAD], (TOLD,))
    assert somebody.still_wrong([TOLD, NEW]) == [TOLD, NEW]
    (first, second), accepted = somebody.settled([TOLD, NEW])
    assert (first, accepted) == (TOLD, None)
    assert second.message.endswith(NEW.message) and second != NEW
    assert somebody.is_of_a_collapse


def test_zeros_are_meant_where_the_file_was_told_or_there_were_too_many_to_name() -> None:
    named = Acceptance(Told(frozenset({("file-zeroed", "/srv/a")})))
    assert (named.are_zeros_meant(b"srv/a"), named.are_zeros_meant(b"srv/b")) == (True, False)
    assert Acceptance(Told(frozenset({("file-zeroed", "")}))).are_zeros_meant(b"srv/b")
