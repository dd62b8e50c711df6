"""`readiness init`: writes what is missing and destroys nothing."""

import stat
from pathlib import Path

import pytest

from agent.adapters.setup.setup_files import LocalSetupFiles, SetupFailed
from agent.config import load, read
from agent.errors import ReadinessError, ResticError, UsageError
from agent.operations.setup.initialise import Initialised, Wish, initialise


class FakeRepository:
    """A repository that is missing, or there and opened by one password only."""

    def __init__(self, identity: str = "", password: str | None = None) -> None:
        self.identity = identity
        self.password = password
        self.trouble: ResticError | None = None

    def opened_with(self, url: str, password_file: str, state: str) -> "FakeRepository":
        self.url, self.password_file = url, password_file
        return self

    def repository_id(self) -> str:
        if self.trouble:
            raise self.trouble
        if not self.identity:
            raise ResticError("nothing there", code="repository-missing")
        if Path(self.password_file).read_text() != self.password:
            raise ResticError("no", code="wrong-password")
        return self.identity

    def create(self) -> str:
        self.identity, self.password = "new-id", Path(self.password_file).read_text()
        return self.identity


@pytest.fixture
def srv(tmp_path: Path) -> Path:
    for name in ("orders", "Web Shop"):
        (tmp_path / "srv" / name).mkdir(parents=True)
    return tmp_path / "srv"


def begin(
    base: Path,
    *directories: Path,
    repository: FakeRepository | None = None,
    url: str = "",
    force: bool = False,
    state: str = "",
) -> Initialised:
    wish = Wish(
        config_file=str(base / "etc" / "readiness.toml"),
        directories=tuple(str(directory) for directory in directories),
        state=state or str(base / "state"),
        time_zone="Europe/Berlin",
        repository=url,
        force=force,
    )
    return initialise(wish, LocalSetupFiles(), (repository or FakeRepository()).opened_with)


# ---- what is written ----------------------------------------------------------------------------


def test_the_config_names_one_process_per_directory_and_loads_without_a_problem(srv: Path) -> None:
    done = begin(srv.parent, srv / "orders", srv / "Web Shop")
    assert read(done.config_file).problems == ()
    config = load(done.config_file)
    assert [(process.name, process.paths) for process in config.processes] == [
        ("orders", (str(srv / "orders"),)),
        ("web-shop", (str(srv / "Web Shop"),)),
    ]
    assert config.repositories[0].url == str(srv.parent / "state" / "repository")
    assert config.repositories[0].password_file == done.password_file
    assert config.business.time_zone == "Europe/Berlin"
    assert config.settings.state == str(srv.parent / "state")


def test_only_its_owner_can_read_the_password(srv: Path) -> None:
    done = begin(srv.parent, srv / "orders")
    assert stat.S_IMODE(Path(done.password_file).stat().st_mode) == 0o600
    assert len(Path(done.password_file).read_text().strip()) >= 43


def test_two_set_ups_have_different_passwords(srv: Path) -> None:
    first = begin(srv.parent / "a", srv / "orders")
    second = begin(srv.parent / "b", srv / "orders")
    assert Path(first.password_file).read_text() != Path(second.password_file).read_text()


def test_config_and_state_are_private(srv: Path) -> None:
    done = begin(srv.parent, srv / "orders")
    assert stat.S_IMODE(Path(done.config_file).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(done.state).stat().st_mode) == 0o700


def test_a_linked_directory_is_written_as_what_it_really_is(srv: Path) -> None:
    (srv / "link").symlink_to(srv / "orders")
    assert begin(srv.parent, srv / "link").processes == (("orders", str(srv / "orders")),)


def test_a_directory_named_twice_is_one_process(srv: Path) -> None:
    assert len(begin(srv.parent, srv / "orders", srv / "orders").processes) == 1


def test_a_repository_on_the_same_device_is_warned_of(srv: Path) -> None:
    (warning,) = begin(srv.parent, srv / "orders").warnings
    assert "same device as orders" in warning


def test_a_repository_at_an_address_of_this_machine_is_warned_of(srv: Path) -> None:
    (warning,) = begin(srv.parent, srv / "orders", url="sftp:backup@localhost:/srv/restic").warnings
    assert "localhost is this machine" in warning


def test_a_repository_elsewhere_is_taken_as_it_is_written(srv: Path) -> None:
    done = begin(srv.parent, srv / "orders", url="sftp:backup@nas:/srv/restic")
    assert (done.repository, done.warnings) == ("sftp:backup@nas:/srv/restic", ())


@pytest.mark.parametrize(
    "name", ['quo"te', "back\\slash", "new\nline", "del\x7f", "ünïcode", "{braces}", "# hash", "%s", "..."]
)
def test_a_directory_of_any_name_makes_a_good_config(srv: Path, name: str) -> None:
    (srv / name).mkdir()
    done = begin(srv.parent, srv / name)
    assert load(done.config_file).processes[0].paths == (str(srv / name),)


# ---- what is never destroyed --------------------------------------------------------------------


def test_an_existing_config_is_refused_and_nothing_is_written(srv: Path) -> None:
    (srv.parent / "etc").mkdir()
    (srv.parent / "etc" / "readiness.toml").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        begin(srv.parent, srv / "orders")
    assert sorted(path.name for path in srv.parent.iterdir()) == ["etc", "srv"]
    assert (srv.parent / "etc" / "readiness.toml").read_text() == "mine"


def test_force_replaces_the_config_and_keeps_password_and_repository(srv: Path) -> None:
    repository = FakeRepository()
    first = begin(srv.parent, srv / "orders", repository=repository)
    password = Path(first.password_file).read_text()
    second = begin(srv.parent, srv / "Web Shop", repository=repository, force=True)
    assert Path(second.password_file).read_text() == password
    assert (second.password_is_new, second.repository_is_new) == (False, False)
    assert load(second.config_file).processes[0].name == "web-shop"


def test_a_password_file_that_is_there_is_used_as_it_is(srv: Path) -> None:
    (srv.parent / "etc").mkdir()
    (srv.parent / "etc" / "primary.password").write_text("my own")
    done = begin(srv.parent, srv / "orders")
    assert not done.password_is_new
    assert Path(done.password_file).read_text() == "my own"


@pytest.mark.parametrize("force", [False, True])
def test_a_password_that_opens_nothing_is_never_replaced(srv: Path, force: bool) -> None:
    (srv.parent / "etc").mkdir()
    (srv.parent / "etc" / "primary.password").write_text("the wrong one")
    with pytest.raises(ResticError, match="does not open the repository") as refused:
        begin(srv.parent, srv / "orders", repository=FakeRepository("old-id", "another"), force=force)
    assert refused.value.code == "wrong-password"
    assert (srv.parent / "etc" / "primary.password").read_text() == "the wrong one"


def test_a_repository_of_somebody_else_leaves_no_new_password_behind(srv: Path) -> None:
    with pytest.raises(ResticError, match="its password is not known here"):
        begin(srv.parent, srv / "orders", repository=FakeRepository("old-id", "another"))
    assert list((srv.parent / "etc").iterdir()) == []


def test_an_unreachable_repository_leaves_no_config_behind(srv: Path) -> None:
    repository = FakeRepository()
    repository.trouble = ResticError("away", code="repository-unreachable")
    with pytest.raises(ResticError, match="away"):
        begin(srv.parent, srv / "orders", repository=repository)
    assert list((srv.parent / "etc").iterdir()) == []


def test_what_cannot_be_written_is_said_in_one_sentence(srv: Path) -> None:
    (srv.parent / "etc").write_text("a file where the directory should be")
    with pytest.raises(SetupFailed, match="cannot be written"):
        begin(srv.parent, srv / "orders")


# ---- what makes no sense ------------------------------------------------------------------------


def test_what_is_no_directory_is_refused(srv: Path) -> None:
    (srv / "file").touch()
    for name in ("none", "file"):
        with pytest.raises(UsageError, match="is not a directory"):
            begin(srv.parent, srv / name)


def test_a_source_around_the_state_is_refused(srv: Path) -> None:
    with pytest.raises(UsageError, match="back itself up"):
        begin(srv.parent, srv.parent)


def test_a_source_and_a_repository_inside_each_other_are_refused(srv: Path) -> None:
    for url in (srv / "orders" / "backup", srv):
        with pytest.raises(UsageError, match="inside each other"):
            begin(srv.parent, srv / "orders", url=str(url))


def test_a_source_in_the_scratch_is_refused(srv: Path) -> None:
    (srv / "scratch" / "x").mkdir(parents=True)
    with pytest.raises(UsageError, match="scratch"):
        begin(srv.parent, srv / "scratch" / "x", state=str(srv), url="sftp:h:/r")


@pytest.mark.parametrize("url", ["http://nas/restic", "ftp:nas"])
def test_an_address_that_restic_does_not_take_is_refused(srv: Path, url: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        begin(srv.parent, srv / "orders", url=url)


@pytest.mark.parametrize("url", ["rest:https://user:hunter2@nas/", "rest:https://user@shop:hunter2@nas/"])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(srv: Path, url: str) -> None:
    with pytest.raises(ReadinessError, match="holds a password") as refused:
        begin(srv.parent, srv / "orders", url=url)
    assert "ter2" not in refused.value.message + refused.value.hint


def test_a_repository_that_is_not_ours_is_named_as_it_was_written(srv: Path) -> None:
    (srv / "a@b").mkdir()
    with pytest.raises(ResticError, match=f"at {srv}/repo@b already"):
        begin(srv.parent, srv / "orders", repository=FakeRepository("id", "not known"), url=f"{srv}/repo@b")


def test_a_directory_whose_name_is_not_utf8_is_refused(srv: Path) -> None:
    name = srv / "caf\udce9"
    name.mkdir()
    with pytest.raises(UsageError, match="not UTF-8"):
        begin(srv.parent, name)
