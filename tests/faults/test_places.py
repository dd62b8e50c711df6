"""Where the only copy lies, end to end: on the data's own disk in disguise, in memory, in this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.builders.plan_b import PlanB
from support.builders.readiness_cli import PASSED, Shop, fill
from support.real_disks import RealDisks, real_disks
from support.servers.backends import SftpServer


@pytest.fixture
def disks(tmp_path: Path, as_root: None) -> Iterator[RealDisks]:
    with real_disks(tmp_path) as found:
        yield found


def shop_in(base: Path, restic: Path, repository: Path) -> Shop:
    base.mkdir()
    shop = Shop(base, restic)
    shop.repository = repository / "restic"
    shop.set_up()
    fill(shop.source, files=20, big=0)
    return shop


def status_after_a_good_day(shop: Shop) -> dict[str, Any]:
    """The answer of `status` on the one process."""
    assert shop.snapshot().says == PASSED
    assert shop.drill().says == PASSED
    (found,) = shop.run("status").answer["result"]["processes"]
    return found


def reasons(found: dict[str, Any]) -> dict[str, str]:
    return {one["code"]: one["message"] for one in found["reasons"]}


def test_an_image_on_the_disk_of_the_data_is_that_disk(
    disks: RealDisks, tmp_path: Path, newest_restic: Path
) -> None:
    image = disks.file_system("image", disks.loop(tmp_path / "image.raw", 64 << 20))
    shop = shop_in(tmp_path / "shop", newest_restic, image)
    found = status_after_a_good_day(shop)
    assert found["verdict"] == "AT_RISK"
    assert "one broken disk takes both" in reasons(found)["repository-same-device"]
    assert found["copies"] == [{"repository": "primary", "place": "same-disk", "place_reason": ""}]
    problems = shop.run("validate").answer["result"]
    assert "one dead disk takes both" in problems["problems"][0]["message"]
    assert problems["places"][0]["place"] == "same-disk"


def test_the_only_copy_in_memory_is_gone_with_the_next_power_cut(
    disks: RealDisks, tmp_path: Path, newest_restic: Path, sftp_server: SftpServer
) -> None:
    memory = disks.mount("memory", "-t", "tmpfs", "readiness-test")
    shop = shop_in(tmp_path / "shop", newest_restic, memory)
    found = status_after_a_good_day(shop)
    assert found["verdict"] == "AT_RISK"
    assert "gone with the next power cut" in reasons(found)["repository-same-device"]

    PlanB(shop, "sftp:root@nas:/x", options=sftp_server.options, place=sftp_server.place())
    told = shop.run("validate").answer["result"]["places"]
    assert [(one["repository"], one["place"]) for one in told] == [
        ("primary", "memory"),
        ("planb", "same-machine"),
    ]


def test_a_copy_that_is_reached_over_localhost_does_not_outlive_this_machine(
    tmp_path: Path, newest_restic: Path, sftp_server: SftpServer
) -> None:
    shop = shop_in(tmp_path / "shop", newest_restic, tmp_path)
    plan_b = PlanB(shop, sftp_server.url(), options=sftp_server.options, place=sftp_server.place()).init()
    assert shop.snapshot().says == PASSED
    assert shop.run("copy").status == 0
    (record,) = plan_b.records()
    assert (record.place, record.same_device) == ("same-machine", True)
    (found,) = shop.run("status").answer["result"]["processes"]
    assert "127.0.0.1 is this machine" in reasons(found)["repository-same-device"]
    assert [one["place"] for one in found["copies"]] == ["same-disk", "same-machine"]
