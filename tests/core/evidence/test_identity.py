"""Another repository, or snapshots that are gone."""

from agent.core.evidence.identity import identity_findings
from agent.core.model.findings import Finding


def _codes(findings: list[Finding]) -> list[str]:
    return [found.code for found in findings]


def test_another_identity_is_another_repository() -> None:
    assert _codes(identity_findings("orders", "primary", "aa", "bb", [("cc", None)])) == [
        "repository-changed"
    ]
    assert _codes(identity_findings("orders", "primary", "aa", "aa", [("cc", None)])) == [
        "snapshots-vanished"
    ]
    assert identity_findings("orders", "primary", "aa", "aa", []) == []
