"""From a path down to its physical disks, on machines that are made up: one fact each."""

from pathlib import Path

import pytest

from agent.adapters.host.disks import Disks
from agent.core.model.places import DISK, Ground, place_of
from support.doubles.made_up_machine import MadeUpMachine


@pytest.fixture
def machine(tmp_path: Path) -> MadeUpMachine:
    """One disk with a root and a swap, and a second one."""
    made = MadeUpMachine(tmp_path)
    made.device("sda", "sda1", "sda2", "sda3", bus="ata1")
    made.device("sdb", "sdb1", bus="usb1")
    made.mount("/", "/dev/sda1")
    return made


def ground(machine: MadeUpMachine, path: str = "/backup/restic") -> Ground:
    return Disks(str(machine.root)).ground(path)


def disks(machine: MadeUpMachine, path: str = "/backup/restic") -> set[str]:
    found = ground(machine, path)
    assert not found.unknown
    return {Path(part).name for part in found.parts if part.startswith(DISK)}


def place(machine: MadeUpMachine, path: str = "/backup/restic", *exclude: str, data: str = "/srv") -> str:
    on = Disks(str(machine.root))
    return place_of(on.ground_of_repository(path), on.ground_of_data((data,), exclude)).place


def test_two_partitions_of_one_disk_are_one_disk(machine: MadeUpMachine) -> None:
    machine.mount("/backup", "/dev/sda3")
    assert disks(machine) == {"sda"}
    assert place(machine) == "same-disk"


def test_another_disk_is_another_one_also_on_usb(machine: MadeUpMachine) -> None:
    machine.mount("/backup", "/dev/sdb1")
    assert disks(machine) == {"sdb"}
    assert place(machine) == "same-machine"


def test_volumes_of_lvm_on_a_crypted_partition_lie_on_its_disk(machine: MadeUpMachine) -> None:
    machine.device("dm-0", below=("sda2",))  # crypt
    machine.device("dm-1", below=("dm-0",))
    machine.mount("/backup", "/dev/mapper/vg-backup", device=machine_number(machine, "dm-1"))
    assert disks(machine) == {"sda"}
    assert place(machine) == "same-disk"


def machine_number(machine: MadeUpMachine, name: str) -> str:
    links = (machine.root / "sys/dev/block").iterdir()
    return next(link.name for link in links if link.resolve().name == name)


def test_a_volume_or_a_raid_over_two_disks_lies_on_both(machine: MadeUpMachine) -> None:
    machine.device("md0", below=("sda2", "sdb1"))
    machine.mount("/backup", "/dev/md0")
    assert disks(machine) == {"sda", "sdb"}
    assert place(machine) == "same-disk"


def test_a_mapped_device_that_shows_nothing_below_is_not_known(machine: MadeUpMachine) -> None:
    machine.device("dm-7")
    machine.mount("/backup", "/dev/dm-7")
    assert "dm-7" in ground(machine).unknown
    assert place(machine) == "not-known"


@pytest.mark.parametrize("name", ["nbd0", "rbd1", "drbd0", "zd16", "ublkb0"])
def test_a_device_that_leads_somewhere_else_is_not_known(machine: MadeUpMachine, name: str) -> None:
    machine.device(name)
    machine.mount("/backup", f"/dev/{name}")
    assert place(machine) == "not-known"


@pytest.mark.parametrize("name", ["zram1", "ram0"])
def test_a_block_device_in_memory_is_memory(machine: MadeUpMachine, name: str) -> None:
    machine.device(name)
    machine.mount("/backup", f"/dev/{name}")
    assert place(machine) == "memory"


def test_the_name_spaces_of_one_nvme_are_one_disk(machine: MadeUpMachine) -> None:
    for name in ("nvme0n1", "nvme0n2"):
        machine.device(name, bus=f"nvme/{name}")
        machine.file("sys/devices/nvme/nvme0/transport", "pcie\n")
        machine.link(f"sys/devices/nvme/{name}/block/{name}/device", "sys/devices/nvme/nvme0")
    machine.mount("/srv", "/dev/nvme0n1")
    machine.mount("/backup", "/dev/nvme0n2")
    assert place(machine) == "same-disk"


def test_a_disk_of_another_machine_lies_there(machine: MadeUpMachine) -> None:
    machine.device("sdc", bus="platform/host3/session7/target3:0:0")
    machine.file("sys/class/iscsi_connection/connection7:0/persistent_address", "10.0.0.9\n")
    machine.device("nvme1n1")
    machine.file("sys/devices/nvme/nvme1/transport", "tcp\n")
    machine.file("sys/devices/nvme/nvme1/address", "traddr=10.0.0.8,trsvcid=4420\n")
    machine.link("sys/devices/virtual/block/nvme1n1/device", "sys/devices/nvme/nvme1")
    machine.mount("/iscsi", "/dev/sdc")
    machine.mount("/nvme", "/dev/nvme1n1")
    assert ground(machine, "/iscsi").servers == {"10.0.0.9"}
    assert ground(machine, "/nvme").servers == {"10.0.0.8"}
    assert place(machine, "/iscsi") == "elsewhere"


def test_a_disk_of_another_machine_without_its_address_is_not_known(machine: MadeUpMachine) -> None:
    machine.device("sdc", bus="platform/host3/session7/target3:0:0")
    machine.mount("/backup", "/dev/sdc")
    assert place(machine) == "not-known"


# ---- loop devices -------------------------------------------------------------------------------


def test_a_loop_device_lies_where_its_file_lies(machine: MadeUpMachine) -> None:
    machine.file("srv/image")
    machine.loop("loop7", "/srv/image")
    machine.mount("/backup", "/dev/loop7")
    assert disks(machine) == {"sda"}
    machine.mount("/disk", "/dev/sdb1")
    machine.file("disk/image")
    machine.loop("loop8", "/disk/image")
    machine.mount("/other", "/dev/loop8")
    assert place(machine, "/other") == "same-machine"


def test_a_loop_device_before_a_partition_lies_on_its_disk(machine: MadeUpMachine) -> None:
    machine.loop("loop7", "/dev/sdb1")
    machine.mount("/backup", "/dev/loop7")
    assert disks(machine) == {"sdb"}


@pytest.mark.parametrize("file", ["/srv/image (deleted)", "/gone/image", ""])
def test_a_loop_device_whose_file_is_not_in_sight_is_not_known(machine: MadeUpMachine, file: str) -> None:
    machine.file("srv/image")
    machine.loop("loop7", file)
    machine.mount("/backup", "/dev/loop7")
    assert place(machine) == "not-known"


def test_a_loop_device_within_itself_ends(machine: MadeUpMachine) -> None:
    machine.loop("loop7", "/backup/image")
    machine.file("backup/image")
    machine.mount("/backup", "/dev/loop7")
    assert place(machine) == "not-known"


# ---- file systems without a device of their own -------------------------------------------------


def test_btrfs_lies_on_every_device_that_it_spans(machine: MadeUpMachine) -> None:
    machine.mount("/backup", "/dev/sdb1", "btrfs", device="0:41")
    assert disks(machine) == {"sdb"}
    for name in ("sdb1", "sda3"):
        machine.link(f"sys/fs/btrfs/0123-uuid/devices/{name}", f"sys/class/block/{name}")
    assert disks(machine) == {"sda", "sdb"}


def test_btrfs_on_a_mapped_device_is_found_by_the_name_of_the_mapper(machine: MadeUpMachine) -> None:
    machine.device("dm-4", below=("sdb1",))
    machine.file("sys/devices/virtual/block/dm-4/dm/name", "vg-backup\n")
    machine.mount("/backup", "/dev/mapper/vg-backup", "btrfs", device="0:41")
    assert disks(machine) == {"sdb"}


def test_btrfs_on_a_device_that_is_not_shown_is_not_known(machine: MadeUpMachine) -> None:
    machine.mount("/backup", "/dev/root", "btrfs", device="0:41")
    assert place(machine) == "not-known"


def test_one_file_system_is_one_place_even_where_its_disks_are_not_known(machine: MadeUpMachine) -> None:
    machine.mount("/srv", "strange", "fuse.strange")
    assert place(machine, "/srv/restic") == "same-disk"
    assert place(machine, "/backup") == "not-known"


def test_data_sets_of_one_pool_share_its_disks_and_another_pool_is_not_known(machine: MadeUpMachine) -> None:
    machine.mount("/srv", "tank/srv", "zfs")
    machine.mount("/backup", "tank/backup", "zfs")
    machine.mount("/other", "safe/backup", "zfs")
    assert place(machine) == "same-disk"
    assert place(machine, "/other") == "not-known"


def test_an_overlay_lies_where_its_layers_lie(machine: MadeUpMachine) -> None:
    machine.mount("/disk", "/dev/sdb1")
    machine.file("disk/upper/x")
    machine.mount(
        "/backup", "overlay", "overlay", "rw,lowerdir=/gone,upperdir=/disk/upper,workdir=/disk/work"
    )
    assert disks(machine) == {"sdb"}
    machine.mount("/inner", "overlay", "overlay", "rw,lowerdir=/gone,upperdir=/out/of/sight")
    assert place(machine, "/inner") == "not-known"


def test_a_network_file_system_lies_elsewhere_unless_the_data_lie_there_too(machine: MadeUpMachine) -> None:
    machine.mount("/backup", "nas:/backup", "nfs4", "rw,addr=10.0.0.9")
    assert place(machine) == "elsewhere"
    machine.mount("/srv", "//10.0.0.9/srv", "cifs", "rw,addr=10.0.0.9")
    assert place(machine) == "not-known"


def test_memory_is_memory(machine: MadeUpMachine) -> None:
    machine.mount("/backup", "tmpfs", "tmpfs")
    assert place(machine) == "memory"


# ---- what the data and the repository consist of ------------------------------------------------


def test_a_disk_that_is_mounted_inside_of_the_data_is_one_of_theirs_unless_it_is_excluded(
    machine: MadeUpMachine,
) -> None:
    machine.mount("/srv/archive", "/dev/sdb1")
    assert place(machine, "/srv/archive/restic") == "same-disk"
    assert place(machine, "/srv/archive/restic", "/srv/archive") == "same-machine"


def test_packs_on_another_disk_than_the_rest_of_the_repository_count(machine: MadeUpMachine) -> None:
    machine.mount("/backup", "/dev/sdb1")
    machine.file("srv/packs/x")
    machine.link("backup/restic/data", "srv/packs")
    assert place(machine) == "same-disk"


def test_links_are_followed_to_the_disk(machine: MadeUpMachine) -> None:
    machine.mount("/disk", "/dev/sdb1")
    machine.file("disk/restic/config")
    machine.link("restic", "disk/restic")
    assert disks(machine, "/restic") == {"sdb"}


def test_a_machine_that_shows_no_devices_is_not_known(machine: MadeUpMachine) -> None:
    machine.mount("/backup", "/dev/sdz", device="8:99")
    assert "8:99" in ground(machine).unknown
