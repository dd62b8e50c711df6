"""scripts/install on a real machine: install, install again, upgrade under a running drill, remove."""

from collections.abc import Iterator

import pytest

from support.servers.container import KIT, Container, until

pytestmark = pytest.mark.timeout(600)
SERVICE, TIMER = "readiness.service", "readiness-notify.timer"
LOOK = "readiness-look.socket"
DRILL = "readiness-drill@orders:primary.service"
RELEASES = "/opt/readiness/releases"
CONFIG = "/etc/readiness/readiness.toml"
PROOF = """
[[process.orders.proof]]
command = ["sh", "-c", "while [ -e /srv/orders/slow ]; do sleep 0.2; done"]
name = "waits"
timeout = "5m"
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A bare machine."""
    container = Container(tmp_path_factory.mktemp("bare"))
    try:
        container.boot()
        yield container
    finally:
        container.take_down()


def _releases(machine: Container) -> list[str]:
    return sorted(path.name for path in machine.file(RELEASES).iterdir())


def _runs(machine: Container, unit: str) -> str:
    """The release that a unit's process runs; empty while it has none."""
    number = machine.shows(unit, "MainPID")
    line = machine.run("cat", f"/proc/{number}/cmdline", check=False).stdout
    return line.partition(f"{RELEASES}/")[2].partition("/")[0]


def test_an_account_with_which_somebody_logs_in_is_not_taken_over(machine: Container) -> None:
    machine.run("useradd", "--create-home", "--shell", "/bin/bash", "readiness")

    done = machine.run("env", "READINESS_WHEELS=/opt/wheels", f"{KIT}/scripts/install", check=False)

    assert (done.returncode, "with which somebody can log in" in done.stderr) == (1, True)
    assert not machine.file(RELEASES).exists()
    machine.run("userdel", "--remove", "readiness")
    machine.run("groupadd", "readiness")  # an empty group of that name is none of its business


def test_from_a_bare_machine_to_a_service(machine: Container) -> None:
    said = machine.install()

    assert "readiness init --repository URL DIRECTORY" in said
    assert machine.run("readiness", "--version").stdout.startswith("readiness ")
    assert machine.shows(SERVICE, "UnitFileState") == "enabled"
    assert machine.shows(SERVICE, "ActiveState") == "inactive"  # there is no config yet
    assert machine.shell("stat -c '%a %U %G' /etc/readiness") == "750 root readiness\n"
    assert machine.shell("stat -c '%a %U' /var/lib/readiness") == "700 readiness\n"
    units = machine.shell("systemd-analyze verify --man=no /usr/local/lib/systemd/system/readiness* 2>&1")
    assert units == ""
    for unit in (TIMER, LOOK):
        assert (machine.shows(unit, "UnitFileState"), machine.shows(unit, "ActiveState")) == (
            "enabled",
            "active",
        )
    assert machine.shell("stat -c '%a %U %F' /run/readiness-look/socket") == "660 readiness socket\n"


def test_completion_and_manual_come_with_it(machine: Container) -> None:
    completion = "/usr/local/share/bash-completion/completions/readiness"

    assert machine.shell(f"source {completion} && complete -p readiness").startswith("complete")
    assert "READINESS 8" in machine.file("/usr/local/share/man/man8/readiness.8").read_text()


def test_with_a_config_it_is_started(machine: Container) -> None:
    machine.shell("mkdir -p /srv/orders && echo 1 >/srv/orders/1 && touch /srv/orders/slow")
    machine.shell("readiness init --repository /srv/restic /srv/orders")
    config = machine.file(CONFIG)
    config.write_text(config.read_text() + PROOF)
    status, answer = machine.readiness("validate")
    errors = [found for found in answer["problems"] if found["severity"] != "warning"]
    assert (status, errors) == (0, []), "what init has just written is as it should be"

    assert "Starting the service" in machine.install()
    assert machine.shows(SERVICE, "ActiveState") == "active"


def test_installing_again_changes_nothing(machine: Container) -> None:
    before = _releases(machine), machine.shows(SERVICE, "MainPID"), machine.file(CONFIG).read_bytes()
    # whatever other users hold, they cannot keep it from its turn
    machine.shell("systemd-run --quiet --uid=nobody --unit=holder bash -c 'flock / flock /opt/kit sleep 100'")

    machine.install()

    assert machine.shows("holder", "ActiveState") == "active"
    machine.shell("systemctl stop holder; ! setpriv --reuid=nobody flock -n /run/readiness-install.lock true")
    assert (
        _releases(machine),
        machine.shows(SERVICE, "MainPID"),
        machine.file(CONFIG).read_bytes(),
    ) == before


def test_what_a_release_before_left_to_the_services_user_becomes_roots_again(machine: Container) -> None:
    """Config and passwords were that user's, who decided what runs with which rights. Nothing is lost."""
    secrets = "/etc/readiness/primary.password /etc/readiness/nas.env /root/planb.password"
    state = "/var/lib/readiness"
    machine.shell(
        f"cp -a {CONFIG} /root/kept.toml; echo A=1 >/etc/readiness/nas.env; echo x >/root/planb.password; "
        f'printf \'[repository.planb]\\nurl = "rest:http://nas/"\\npassword_file = "/root/planb.password"\\n'
        f'environment_file = "/etc/readiness/nas.env"\\n\' >>{CONFIG}; '
        f"chown readiness:readiness {CONFIG} /etc/readiness/primary.password /etc/readiness/nas.env; "
        f"chmod 600 {CONFIG} /etc/readiness/nas.env; "
        "chmod 644 /etc/readiness/primary.password /root/planb.password; "
        f"touch {state}/of-root; ln -s /etc/passwd {state}/link"
    )
    before = machine.shell(
        f"sha256sum {CONFIG} {secrets}; ls -d {state}/ledger.db {state}/of-root {state}/link"
    )
    passwd = machine.shell("stat -c '%U %a' /etc/passwd")

    said = machine.install()
    again = machine.install()

    assert (
        machine.shell(f"sha256sum {CONFIG} {secrets}; ls -d {state}/ledger.db {state}/of-root {state}/link")
        == before
    )
    owners = machine.shell(f"stat -c '%U %G %a' {CONFIG} {secrets}").splitlines()
    assert owners == [*["root readiness 640"] * 3, "root root 644"]
    assert machine.shell(f"find {state} ! -user readiness -print; stat -c '%U %a' /etc/passwd") == passwd
    for words in (
        f"read: {CONFIG} (it was readiness's",
        "primary.password",
        "nas.env",
        "chmod 640 /root/planb.password",
    ):
        assert said.count(words) == 1, (words, said)
    assert "2 files that were somebody else's" in said
    assert (again.count("/root/planb.password"), again.count(CONFIG)) == (3, 0)
    machine.shell(f"cp -a /root/kept.toml {CONFIG}; rm {state}/link {state}/of-root")


def test_an_upgrade_under_a_running_drill_breaks_nothing(machine: Container) -> None:
    [old] = _releases(machine)
    until(lambda: machine.readiness("snapshot", "orders")[0] == 0, "there is a snapshot")
    machine.shell("rm /srv/orders/slow")
    machine.run("systemd-run", "--quiet", "--collect", "readiness", "drill", "orders")
    until(lambda: machine.shell("pgrep --euid readiness-proof sleep || true"), "the drill is at its proofs")
    version = machine.file(f"{KIT}/agent/__init__.py")
    version.write_text(version.read_text().replace('__version__ = "', '__version__ = "9.'))

    said = machine.install()

    assert "changes to the new release when it has finished" in said
    assert machine.run("readiness", "--version").stdout.startswith("readiness 9.")
    assert (_runs(machine, DRILL), _runs(machine, SERVICE), len(_releases(machine))) == (old, old, 2)
    tree = next(machine.file("/var/lib/readiness-drill/work/scratch").glob("drill-*/tree"))
    (tree / "srv/orders/slow").unlink()
    until(lambda: machine.shows(DRILL, "ActiveState") in ("inactive", "failed"), "the drill has ended")
    assert (machine.shows(DRILL, "Result"), machine.shows(DRILL, "ExecMainStatus")) == ("success", "0")
    until(lambda: _runs(machine, SERVICE).startswith("9."), "the service runs the new release")


def test_the_old_release_goes_when_nothing_runs_it_any_more(machine: Container) -> None:
    machine.install()

    assert [name for name in _releases(machine) if not name.startswith("9.")] == []


def test_a_release_that_cannot_be_made_leaves_the_installed_one_alone(machine: Container) -> None:
    lock = machine.file(f"{KIT}/requirements.lock")
    before = lock.read_text()
    lock.write_text(before.replace("sha256:", "sha256:0"))

    done = machine.run("env", "READINESS_WHEELS=/opt/wheels", f"{KIT}/scripts/install", check=False)

    lock.write_text(before)
    assert done.returncode == 1
    assert "what was installed is untouched" in done.stderr
    assert machine.shows(SERVICE, "ActiveState") == "active"
    assert len(_releases(machine)) == 1


def test_removed_it_leaves_config_ledger_and_repository(machine: Container) -> None:
    kept = (CONFIG, "/etc/readiness/primary.password", "/var/lib/readiness/ledger.db", "/srv/restic/config")

    machine.install("--remove")
    machine.install("--remove")

    assert [path for path in kept if not machine.file(path).exists()] == []
    left = machine.shell(
        "find / -xdev -path /opt/kit -prune -o -path /proc -prune -o -iname '*readiness*' -print"
    )
    ours = ("/etc/readiness", "/var/lib/readiness", "/run/", "/srv/", "/sys/", "/var/log", "/tmp/")
    assert [path for path in left.splitlines() if not path.startswith(ours)] == []
    assert machine.shows(TIMER, "LoadState") == machine.shows(LOOK, "LoadState") == "not-found"
    assert machine.run("test", "-e", "/run/readiness-look/socket", check=False).returncode == 1
    assert machine.shell("pgrep --euid readiness,readiness-proof || true") == ""


def test_installed_in_an_image_it_is_there_at_the_first_start(machine: Container) -> None:
    unbooted = "mount -t tmpfs none /run/systemd && exec env READINESS_WHEELS=/opt/wheels"
    machine.run("unshare", "--mount", "sh", "-c", f"{unbooted} {KIT}/scripts/install")

    wants = machine.file("/etc/systemd/system")
    assert (wants / f"multi-user.target.wants/{SERVICE}").is_symlink()
    assert (wants / f"timers.target.wants/{TIMER}").is_symlink()
    assert (wants / f"sockets.target.wants/{LOOK}").is_symlink()
    assert machine.shows(SERVICE, "ActiveState") == "inactive"


def test_installed_once_more_it_goes_on_with_what_was_left(machine: Container) -> None:
    machine.install()

    assert machine.shows(SERVICE, "ActiveState") == "active"
    assert machine.readiness("ledger", "verify")[0] == 0
