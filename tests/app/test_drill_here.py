"""A drill in this process: what its proofs may see."""

from pathlib import Path

from agent.app import drill_here as module
from agent.config import load
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import drill

PLAN_B = '[repository.planb]\nurl = "/srv/planb"\npassword_file = "/etc/p"\n'


def test_no_proof_sees_what_is_ours(tmp_path: Path) -> None:
    shop = load(str(recorded_shop(tmp_path, drill(), more=PLAN_B)))
    hidden = set(module._private_places(shop))
    base = shop.settings.state.removesuffix("/state")
    assert {shop.settings.state, shop.file, f"{base}/repository", f"{base}/password", "/srv/planb"} <= hidden
