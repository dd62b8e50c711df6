"""The same on real loop devices, file systems and mounts, which are gone afterwards."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.adapters.host.disks import Disks
from agent.adapters.host.places import find_place
from support.real_disks import RealDisks, has_driver, real_disks


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDisks]:
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("needs root and loop devices")
    with real_disks(tmp_path_factory.mktemp("disks")) as found:
        (found.base / "data").mkdir()
        yield found


def place(disks: RealDisks, repository: Path, data: str = "data") -> str:
    """As seen from a directory that lies where the images lie."""
    return find_place(str(repository), (), (str(disks.base / data),)).place


def test_an_image_on_the_disk_of_the_data_is_the_same_disk(disks: RealDisks) -> None:
    repository = disks.file_system("repository", disks.loop(disks.base / "image"))
    assert repository.stat().st_dev != disks.base.stat().st_dev
    assert place(disks, repository) == "same-disk"
    assert place(disks, repository / "not" / "yet") == "same-disk"


def test_two_images_on_one_disk_are_one_disk(disks: RealDisks) -> None:
    one, _ = (disks.file_system(f"fs{n}", disks.loop(disks.base / f"image{n}")) for n in (1, 2))
    assert place(disks, one, "fs2") == "same-disk"


def test_an_image_in_memory_lies_in_memory(disks: RealDisks) -> None:
    memory = disks.mount("memory", "-t", "tmpfs", "readiness-test")
    assert place(disks, memory) == "memory"
    assert place(disks, disks.file_system("unsafe", disks.loop(memory / "image"))) == "memory"


def test_an_image_that_was_deleted_or_covered_is_not_known(disks: RealDisks) -> None:
    images = disks.base / "images"
    images.mkdir()
    deleted, covered = (disks.file_system(name, disks.loop(images / name)) for name in ("deleted", "covered"))
    assert place(disks, covered) == "same-disk"
    (images / "deleted").unlink()
    assert place(disks, deleted) == "not-known"
    disks.mount("images", "-t", "tmpfs", "readiness-test")
    (images / "covered").touch()
    assert place(disks, covered) == "not-known"


def test_a_bind_mount_and_an_overlay_lie_where_their_directories_lie(disks: RealDisks) -> None:
    for name in ("lower", "upper", "work"):
        (disks.base / name).mkdir()
    bound = disks.mount("bound", "--bind", str(disks.base / "lower"))
    layers = ",".join(f"{key}dir={disks.base}/{key}" for key in ("lower", "upper", "work"))
    overlay = disks.mount("overlay", "-t", "overlay", "readiness-test", "-o", layers)
    assert place(disks, bound) == "same-disk"
    assert place(disks, overlay) == "same-disk"


def test_btrfs_lies_on_both_of_its_devices(disks: RealDisks) -> None:
    if not shutil.which("mkfs.btrfs", path="/usr/sbin:/sbin:/usr/bin"):
        pytest.skip("needs mkfs.btrfs: apt install btrfs-progs")
    memory = disks.mount("ram", "-t", "tmpfs", "readiness-test")
    size = 120 << 20
    spanned = disks.file_system(
        "btrfs", disks.loop(memory / "one", size), disks.loop(disks.base / "two", size), kind="btrfs"
    )
    found = Disks().ground(str(spanned))
    assert not found.unknown
    assert found.memory
    assert found.parts > Disks().ground(str(disks.base)).parts
    assert place(disks, spanned) == "same-disk"


def test_a_volume_of_the_device_mapper_lies_on_the_disk_below(disks: RealDisks) -> None:
    if not has_driver("device-mapper") or not shutil.which("dmsetup", path="/usr/sbin:/sbin"):
        pytest.skip("needs the device mapper in the kernel, and dmsetup")
    volume = disks.linear("readiness-test-linear", disks.loop(disks.base / "physical"))
    assert place(disks, disks.file_system("volume", volume)) == "same-disk"
