"""The units of systemd: sound, no more exposed than promised, and in step with the program."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.adapters.host import identity
from agent.adapters.looking import child, starting
from agent.adapters.sandbox import unit as sandbox_unit
from agent.config.values import SERVICE_CREDENTIALS
from agent.core.verdict.reasons_agent import BOOTING
from support.our_code import LEAVES
from support.places import ROOT

UNITS = ROOT / "systemd"
PROGRAM = "/opt/readiness/current/bin/readiness"
PYTHON = "/opt/readiness/current/bin/python"
SERVICE, DRILL = UNITS / "readiness.service", UNITS / "readiness-drill@.service"
CLEAN = UNITS / "readiness-clean.service"
PROOF, FAILED = UNITS / "readiness-proof@.service", UNITS / "readiness-failed@.service"
LOOK, LINE = UNITS / "readiness-look@.service", UNITS / "readiness-look.socket"
NOTIFY, TIMER = UNITS / "readiness-notify.service", UNITS / "readiness-notify.timer"


def _analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    command = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _verify(directory: Path, change: str = "") -> str:
    """What systemd complains of, with the program in its place."""
    for unit in (*UNITS.glob("*.service"), TIMER, LINE):
        text = unit.read_text().replace(PROGRAM, "/bin/true").replace(PYTHON, "/bin/true")
        (directory / unit.name).write_text(text + change)
    return "".join(_analyze("verify", "--man=no", unit).stderr for unit in directory.glob("readiness*"))


def _settings(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.M)


def test_systemd_has_nothing_to_complain_of(tmp_path: Path) -> None:
    assert _verify(tmp_path) == ""


def test_a_setting_that_systemd_does_not_know_would_be_noticed(tmp_path: Path) -> None:
    assert "Unknown" in _verify(tmp_path, "[Service]\nProtectEverything=yes\n")


@pytest.mark.parametrize("unit", [SERVICE, NOTIFY, PROOF, DRILL, CLEAN, FAILED], ids=str)
def test_nothing_is_too_often_for_who_asks_again(unit: Path) -> None:
    """systemd would refuse the sixth start within ten seconds, and a refused drill tells nothing."""
    assert _settings(unit, "StartLimitIntervalSec") == ["0"]


@pytest.mark.parametrize(
    ("unit", "most"),
    [(SERVICE, 2.0), (NOTIFY, 2.0), (PROOF, 0.5), (DRILL, 2.8), (CLEAN, 2.8), (LOOK, 0.7)],
    ids=str,
)
def test_no_unit_is_more_exposed_than_promised(unit: Path, most: float) -> None:
    done = _analyze("security", "--offline=true", f"--threshold={round(most * 10)}", unit)

    assert done.returncode == 0, done.stdout
    assert float(re.findall(r"exposure level for .*: ([\d.]+)", done.stdout)[0]) <= most


def test_the_agent_has_one_right_and_the_proofs_have_none() -> None:
    assert _settings(SERVICE, "AmbientCapabilities") == _settings(SERVICE, "CapabilityBoundingSet")
    assert _settings(SERVICE, "CapabilityBoundingSet") == ["CAP_DAC_READ_SEARCH"]
    assert _settings(PROOF, "CapabilityBoundingSet") == _settings(PROOF, "AmbientCapabilities") == [""]


def test_drills_have_the_rights_over_files_that_a_restore_needs_and_can_write_in_one_place_alone() -> None:
    for unit in (DRILL, CLEAN):
        assert _settings(unit, "AmbientCapabilities") == _settings(unit, "CapabilityBoundingSet")
        assert _settings(unit, "ProtectSystem") == ["strict"]
        assert _settings(unit, "ReadOnlyPaths") == ["/dev"]
        assert _settings(unit, "TemporaryFileSystem") == ["/run:ro"], "the rights over files open any socket"
        assert [f"/var/lib/{name}" for name in _settings(unit, "StateDirectory")] == [
            str(identity.DRILL_PLACE)
        ]
        assert _settings(unit, "ReadWritePaths") == []
        assert _settings(unit, "InaccessiblePaths") == [
            "-/dev/shm -/dev/hugepages -/dev/pts",
            "-/var/lib/incus -/var/lib/lxd -/var/snap/lxd",
        ]
        assert _settings(unit, "DevicePolicy") == ["closed"]
    assert set(_settings(CLEAN, "AmbientCapabilities")[0].split()) < set(
        _settings(DRILL, "AmbientCapabilities")[0].split()
    )
    assert _settings(DRILL, "DeviceAllow") == ["char-* m", "block-* m"], "made, and never opened"


def test_who_looks_has_one_right_which_it_gives_up_and_is_reached_by_the_services_users_alone() -> None:
    assert _settings(LOOK, "AmbientCapabilities") == _settings(LOOK, "CapabilityBoundingSet")
    assert _settings(LOOK, "CapabilityBoundingSet") == ["CAP_SYS_CHROOT"]
    assert _settings(LOOK, "DynamicUser") == _settings(LOOK, "PrivateNetwork") == ["yes"]
    assert _settings(LINE, "ListenStream") == [starting.SOCKET]
    assert LINE.name == starting.UNIT
    assert _settings(LINE, "SocketUser") == [identity.SERVICE_USER]
    assert _settings(LINE, "SocketGroup") == [identity.DRILL_USER]
    assert _settings(LINE, "SocketMode") == ["0660"]
    assert Path(starting.SOCKET).parent != Path("/run"), "a socket alone would be the old one after a restart"
    assert f"-{Path(starting.SOCKET).parent}" in _settings(DRILL, "BindReadOnlyPaths")[0].split()
    for unit in (SERVICE, DRILL):
        assert LINE.name in _settings(unit, "Wants")[0].split()
        assert LINE.name in _settings(unit, "After")[0].split()
    assert f"ExecStart={PYTHON} -I -m {child.__name__}\n" in LOOK.read_text()


def test_nothing_that_the_config_names_is_started_outside_of_a_sandbox() -> None:
    """A line with a + has all of root's rights, whatever the unit says."""
    lines = [
        line
        for unit in UNITS.glob("*.service")
        for line in re.findall(r"^Exec\w+=-?\+.*", unit.read_text(), re.M)
    ]
    ours = [line.partition(f"{PROGRAM} ")[2] for line in lines if PROGRAM in line]

    assert ours == ["view --record /run/readiness/view.json"] * 2, "which becomes the service's user at once"


def test_what_killed_drills_left_goes_before_the_service_begins() -> None:
    assert CLEAN.name in _settings(SERVICE, "Wants")[0].split()
    assert CLEAN.name in _settings(SERVICE, "After")[0].split()
    assert _settings(CLEAN, "ExecStart") == [f"-{PROGRAM} agent --clean-up"]


def test_the_users_of_the_units_are_those_that_the_program_knows() -> None:
    assert _settings(SERVICE, "User") == [identity.SERVICE_USER]
    assert _settings(DRILL, "User") == _settings(CLEAN, "User") == [identity.DRILL_USER]
    assert _settings(PROOF, "User") == [sandbox_unit.USER]


def test_proofs_are_told_the_machines_own_places_that_the_unit_shows() -> None:
    shown = [path.lstrip("-") for line in _settings(PROOF, "BindReadOnlyPaths") for path in line.split()]
    whole = {path for path in shown if not path.startswith("/etc/")}

    assert whole <= set(sandbox_unit.OF_THE_MACHINE)


def test_credentials_are_where_the_config_looks_for_them() -> None:
    assert f"/run/credentials/{SERVICE.name}" == SERVICE_CREDENTIALS
    assert _settings(SERVICE, "LoadCredential") == _settings(DRILL, "LoadCredential")


def test_nothing_hides_data_from_the_service() -> None:
    assert _settings(SERVICE, "ProtectHome") == ["read-only"]
    assert _settings(SERVICE, "PrivateTmp") == ["no"]
    hiding = r"^(?:InaccessiblePaths|TemporaryFileSystem|RootDirectory|RootImage|PrivateUsers|DynamicUser)=.*"
    assert re.findall(hiding, SERVICE.read_text(), re.M) == ["InaccessiblePaths=-/dev/pts"]


def test_whatever_ends_the_service_it_is_started_again_and_somebody_is_told() -> None:
    assert _settings(SERVICE, "Restart") == ["always"]
    assert _settings(SERVICE, "StartLimitIntervalSec") == ["0"]
    assert _settings(SERVICE, "OnFailure") == ["readiness-failed@%n.service"]
    assert "readiness-failed@%n.service" in _settings(SERVICE, "ExecStopPost")[0]


def test_the_alarm_needs_nothing_of_ours() -> None:
    alarm = FAILED.read_text().replace("\\\n", "").splitlines()
    first, *others = [line for line in alarm if line.startswith("ExecStart")]

    assert first.startswith("ExecStart=/bin/sh -c ")
    assert PROGRAM not in first
    assert "python" not in first
    assert others == ["ExecStart=-/bin/systemctl start --no-block readiness-notify.service"]


def test_who_tells_people_is_the_services_user_with_its_secrets_and_its_memory() -> None:
    same = ("User", "Group", "AmbientCapabilities", "CapabilityBoundingSet", "LoadCredential")
    for name in (*same, "StateDirectory", "RuntimeDirectory", "RuntimeDirectoryPreserve", "UMask"):
        assert _settings(NOTIFY, name) == _settings(SERVICE, name) != [], name


def test_people_are_told_hourly_but_not_just_after_the_machine_was_started_or_woke() -> None:
    [first] = _settings(TIMER, "OnActiveSec")
    assert int(first.removesuffix("min")) * 60 > BOOTING
    assert _settings(TIMER, "OnUnitActiveSec") == ["1h"]
    assert _settings(TIMER, "OnCalendar") == []


def test_the_manual_page_names_every_command() -> None:
    command = [sys.executable, ROOT / "scripts" / "man_page.py"]
    page = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    ).stdout

    headings = [line.replace("\\-", "-") for line in page.splitlines() if line.startswith(".SS readiness ")]
    assert [
        path for path in LEAVES if not any(h.startswith(f".SS readiness {path} [") for h in headings)
    ] == []
