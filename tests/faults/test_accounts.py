"""What one operation finds in a repository, the verdict knows, until something shows the contrary."""

import shutil
from pathlib import Path

import pytest

from support.answers.status import AT_RISK, NOT_READY, UNKNOWN, Status
from support.builders.plan_b import PlanB
from support.builders.readiness_cli import Shop
from support.put_back import PutBack


@pytest.fixture
def new_shop(tmp_path: Path, restic: Path) -> Shop:
    """Nothing was done yet."""
    return opened(tmp_path, restic)


def opened(place: Path, restic: Path) -> Shop:
    shop = Shop(place, restic).set_up()
    (shop.source / "orders.txt").write_text("1 box of apples\n" * 100)
    (shop.source / "vital").mkdir()
    (shop.source / "vital" / "books.txt").write_text("paid\n" * 1000)
    return shop


@pytest.fixture(scope="module")
def good_days(tmp_path_factory: pytest.TempPathFactory) -> PutBack:
    def make(place: Path, restic: Path) -> Shop:
        shop = opened(place, restic)
        good_day(shop)
        return shop

    return PutBack(tmp_path_factory.mktemp("good-day"), make)


@pytest.fixture
def shop(good_days: PutBack, restic: Path) -> Shop:
    """A good day: snapshot and drill, both passed."""
    return good_days.shop(restic)


def good_day(shop: Shop) -> None:
    assert shop.snapshot().status == 0
    assert shop.drill().status == 0
    assert Status(shop).verdict == AT_RISK  # everything of a test lies on one disk
    assert set(Status(shop).reasons) <= {"repository-same-device"}


def test_another_repository_that_only_prune_saw_is_not_ready_until_the_right_one_is_back(shop: Shop) -> None:
    old = shop.repository.rename(shop.base / "old")
    shop.init("another")
    assert shop.run("prune").status == 1
    assert Status(shop).verdict == NOT_READY
    assert "repository-changed" in Status(shop).reasons

    shutil.rmtree(shop.repository)
    old.rename(shop.repository)
    assert shop.run("prune").status == 0
    assert "repository-changed" not in Status(shop).reasons


def test_a_repository_that_is_gone_is_said_at_once_and_remembered(shop: Shop) -> None:
    away = shop.repository.rename(shop.base / "away")
    assert Status(shop).verdict == NOT_READY
    assert "repository-missing" in Status(shop).reasons

    assert shop.run("prune").status == 1
    away.rename(shop.repository)
    assert Status(shop).verdict == NOT_READY, "nobody has met it since"
    assert shop.snapshot().status == 0
    assert "repository-missing" not in Status(shop).reasons


def test_an_address_where_nobody_met_it_yet_proves_nothing(shop: Shop) -> None:
    shop.repository = shop.repository.rename(shop.base / "moved")
    shop.write_config()
    assert Status(shop).verdict == UNKNOWN
    assert "address-changed" in Status(shop).reasons
    assert shop.drill().status == 0
    assert "address-changed" not in Status(shop).reasons


def test_a_password_file_that_is_gone_is_said_at_once(shop: Shop) -> None:
    shop.password.rename(shop.base / "hidden")
    assert Status(shop).verdict == UNKNOWN
    assert "password-missing" in Status(shop).reasons


def test_a_process_that_is_new_there_does_not_take_another_repository_for_the_right_one(shop: Shop) -> None:
    shutil.rmtree(shop.repository)
    shop.init("another")
    invoices = shop.base / "srv" / "invoices"
    invoices.mkdir()
    (invoices / "1").write_text("one")
    shop.more = f'[process.invoices]\npaths = ["{invoices}"]\n'
    shop.write_config()

    taken = shop.run("snapshot", "invoices")
    assert (taken.status, taken.codes) == (1, ["repository-changed"])
    assert Status(shop).verdict == NOT_READY
    assert Status(shop).reasons["repository-changed"]


def test_a_snapshot_file_that_cannot_be_read_is_damage_and_no_theft(shop: Shop) -> None:
    file = shop.repository / "snapshots" / shop.snapshot_ids()[-1]
    file.chmod(0o600)
    file.write_bytes(b"")

    assert shop.drill().codes == ["repository-damaged"]
    said = Status(shop)
    assert said.verdict == NOT_READY
    assert "snapshots-vanished" not in said.reasons
    assert "--accept" not in said.text


def test_a_damaged_snapshot_is_damage_for_all_whoever_meets_it(new_shop: Shop, tmp_path: Path) -> None:
    invoices = tmp_path / "invoices"
    invoices.mkdir()
    (invoices / "1.txt").write_text("paid\n" * 100)
    new_shop.more = f'[process.invoices]\npaths = ["{invoices}"]\n'
    new_shop.write_config()
    for name in ("orders", "invoices"):
        assert (new_shop.run("snapshot", name).status, new_shop.run("drill", name).status) == (0, 0)
    taken = new_shop.run("snapshot", "invoices").row["snapshot"]
    file = new_shop.repository / "snapshots" / taken
    file.chmod(0o600)
    file.write_bytes(b"")
    drilled = new_shop.run("drill", "orders")
    assert drilled.codes == ["repository-damaged"]
    result = new_shop.run("status").answer["result"]
    assert [process["verdict"] for process in result["processes"]] == ["NOT_READY", "NOT_READY"]


def test_a_source_that_is_gone_is_told_beside_a_damaged_copy(shop: Shop) -> None:
    vital = shop.source / "vital"
    shop.extra = f'vital = ["{vital}"]'
    shop.write_config()
    good_day(shop)
    shop.flip(shop.blob_of(vital / "books.txt"))
    shutil.rmtree(vital)

    assert shop.snapshot().codes == ["vital-missing"]
    assert shop.drill().status == 1
    said = Status(shop)
    assert said.verdict == NOT_READY
    assert "drill-failed" in said.reasons
    assert str(vital) in said.text and "not there" in said.text
    assert "Run: readiness snapshot" not in said.text, "that is refused"


def test_a_first_repository_that_never_worked_is_named(new_shop: Shop) -> None:
    shop = new_shop
    PlanB(shop, more='fed_by = "snapshot"').init()
    shop.password.write_text("wrong\n")

    assert shop.snapshot().status == 3
    assert shop.snapshot("--to", "planb").status == 0
    assert shop.drill("--from", "planb").status == 0
    said = Status(shop)
    assert said.verdict == AT_RISK
    assert "primary" in said.reasons["copy-missing"]["message"]


def test_a_failure_does_not_go_away_by_drilling_older_snapshots(shop: Shop) -> None:
    (shop.source / "orders.txt").write_text("2 boxes of pears\n" * 100)
    assert shop.snapshot().status == 0
    shop.flip(shop.blob_of(shop.source / "orders.txt"))
    assert shop.drill().status == 1

    for _ in range(6):
        assert shop.drill("--snapshot", "last-good").status == 0
    assert Status(shop).verdict == NOT_READY
    assert "drill-failed" in Status(shop).reasons


def test_what_last_good_refuses_on_its_way_is_a_failure(shop: Shop) -> None:
    (shop.source / "orders.txt").write_text("2 boxes of pears\n" * 100)
    assert shop.snapshot().status == 0
    shop.flip(shop.blob_of(shop.source / "orders.txt"))
    assert shop.drill("--snapshot", "last-good").status == 0
    assert Status(shop).verdict == NOT_READY


def test_a_sample_that_holds_everything_is_no_full_drill(shop: Shop) -> None:
    proof = '[[process.orders.proof]]\nname = "sound"\ncommand = ["false"]\n'
    shop.paths = [shop.source / "orders.txt"]
    shop.more = proof
    shop.write_config()
    assert shop.snapshot().status == 0
    assert shop.drill().status == 1
    assert shop.drill("--sample", "1%").status == 0
    assert Status(shop).verdict == NOT_READY


def test_an_old_result_proves_the_old_question(shop: Shop) -> None:
    proof = '[[process.orders.proof]]\nname = "enough"\nfile_count = {{ path = "{}", at_least = {} }}\n'
    shop.more = proof.format(shop.source, 1)
    shop.write_config()
    assert shop.drill().status == 0
    assert "proof-not-run" not in Status(shop).reasons

    shop.more = proof.format(shop.source, 1000)
    shop.write_config()
    assert "enough" in Status(shop).reasons["proof-not-run"]["message"]


def test_what_an_exclude_kept_out_is_in_no_snapshot_when_it_is_taken_back(new_shop: Shop) -> None:
    shop = new_shop
    shop.extra = 'exclude = ["vital"]'
    shop.write_config()
    assert shop.snapshot().status == 0
    assert shop.drill().status == 0
    assert set(Status(shop).reasons) == {"repository-same-device"}

    shop.extra = ""
    shop.write_config()
    assert "vital" in Status(shop).reasons["paths-not-covered"]["message"]
    assert shop.snapshot().status == 0
    assert "paths-not-drilled" in Status(shop).reasons
    assert shop.drill().status == 0
    assert set(Status(shop).reasons) == {"repository-same-device"}


def test_what_became_vital_since_the_newest_snapshot_is_not_taken_for_held(new_shop: Shop) -> None:
    shop = new_shop
    assert shop.snapshot().status == 0
    assert shop.drill().status == 0
    shop.extra = f'vital = ["{shop.source}/orders.txt", "{shop.source}/never-written.sql"]'
    shop.write_config()
    assert "never-written.sql" in Status(shop).reasons["vital-not-covered"]["message"]
    (shop.source / "never-written.sql").write_text("1 box of pears\n")
    assert shop.snapshot().status == 0
    assert set(Status(shop).reasons) == {"repository-same-device"}


def test_what_a_proof_refuted_is_refuted_in_its_copies(new_shop: Shop) -> None:
    shop = new_shop
    PlanB(shop).init()
    shop.more += (
        '[[process.orders.proof]]\nname = "paid"\ncommand = ["grep", "-q", "apples", "orders.txt"]\n'.replace(
            '"orders.txt"', f'"./{str(shop.source).lstrip("/")}/orders.txt"'
        )
    )
    shop.write_config()
    (shop.source / "orders.txt").write_text("bad\n" * 400)
    assert shop.snapshot().status == 0
    assert shop.drill().status == 1
    assert shop.run("copy").status == 0
    (shop.source / "orders.txt").write_text("1 box of apples\n" * 100)
    assert shop.snapshot().status == 0
    assert shop.drill().status == 0

    planb = next(one for one in Status(shop).reasons.values() if one["repository"] == "planb")
    assert planb["code"] == "plan-b-behind"


def test_plan_b_may_be_as_old_as_its_rhythm_allows(shop: Shop) -> None:
    shop.rpo = "1s"
    PlanB(shop).init()
    assert shop.snapshot().status == 0
    assert shop.run("copy").status == 0
    assert shop.drill("--from", "planb").codes == []


def test_plan_b_that_its_password_does_not_open_is_no_copy_until_somebody_gets_in(shop: Shop) -> None:
    plan_b = PlanB(shop).init()
    shop.write_config()
    assert shop.run("copy").status == 0
    assert shop.drill("--from", "planb").status == 0
    assert set(Status(shop).reasons) == {"repository-same-device"}
    plan_b.password.write_text("wrong\n")

    assert shop.run("copy").status == 3
    said = Status(shop)
    assert said.verdict == AT_RISK, "the first repository is open"
    assert said.reasons["wrong-password"]["repository"] == "planb"
    assert shop.drill().status == 0
    assert "wrong-password" in Status(shop).reasons, "a drill of another copy tells nothing of it"

    plan_b.password.write_text("battery staple\n")
    assert shop.run("copy").status == 0
    assert "wrong-password" not in Status(shop).reasons


@pytest.mark.parametrize("command", [["snapshot"], ["drill"], ["check"], ["prune"]])
def test_the_only_repository_that_its_password_does_not_open_is_unknown(
    shop: Shop, command: list[str]
) -> None:
    shop.password.write_text("wrong\n")
    assert shop.run(*command).status == 3
    assert Status(shop).verdict == UNKNOWN
    assert "wrong-password" in Status(shop).reasons
    assert "snapshot-failing" not in Status(shop).reasons, "that follows"


def test_what_the_copy_could_not_do_is_told_and_its_hint_is_none_that_was_refused(shop: Shop) -> None:
    plan_b = PlanB(shop).init()
    shop.write_config()
    assert shop.run("copy").status == 0
    assert shop.drill("--from", "planb").status == 0
    plan_b.path.rename(shop.base / "away")
    plan_b.path.write_text("not a directory\n")

    assert shop.run("copy").status != 0
    assert "planb" in Status(shop).text
    assert "Run: readiness copy" not in Status(shop).text


def test_a_repository_of_another_name_is_the_one_that_it_was(shop: Shop) -> None:
    plan_b = PlanB(shop).init()
    assert shop.run("copy").status == 0
    assert shop.drill("--from", "planb").status == 0
    for pack in (plan_b.path / "data").glob("*/*"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:100] + b"\0" * 8 + pack.read_bytes()[108:])
    assert shop.drill("--from", "planb").status == 1
    assert Status(shop).verdict == NOT_READY

    shop.more = shop.more.replace("repository.planb", "repository.second")
    shop.write_config()
    assert Status(shop).verdict == NOT_READY, "by its address"
    shop.run("copy")
    assert Status(shop).reasons["drill-failed"]["repository"] == "second"


def test_a_first_repository_of_another_name_keeps_what_is_known_of_it(shop: Shop) -> None:
    shop.flip(shop.blob_of(shop.source / "orders.txt"))
    assert shop.drill().status == 1
    before = Status(shop)
    text = shop.config.read_text().replace("repository.primary", "repository.main")
    shop.config.write_text(text)
    assert Status(shop).verdict == before.verdict == NOT_READY
    assert Status(shop).reasons["drill-failed"]["repository"] == "main"
    assert shop.snapshot().status == 0
    assert Status(shop).verdict == NOT_READY, "the same after it was used by that name"


@pytest.mark.parametrize("how", ["link", "clone"])
def test_one_repository_under_two_names_is_one_copy(shop: Shop, how: str) -> None:
    plan_b = PlanB(shop, more='fed_by = "snapshot"')
    plan_b.password.write_text(shop.password.read_text())
    if how == "link":
        plan_b.path.symlink_to(shop.repository)
        assert "no second copy" in str(shop.run("validate").answer)
    else:
        shutil.copytree(shop.repository, plan_b.path)
    shop.run("snapshot", "--to", "planb")
    said = Status(shop)
    assert said.reasons["same-repository"]["repository"] == "planb"

    shop.flip(shop.blob_of(shop.source / "orders.txt"))
    assert shop.drill().status == 1
    said = Status(shop)
    assert said.verdict == (NOT_READY if how == "link" else AT_RISK), "nobody vouches for it but a clone"
    assert "plan-b-behind" not in said.reasons


def test_a_healthy_repository_of_another_name_is_met_before_it_is_believed(shop: Shop) -> None:
    shop.config.write_text(shop.config.read_text().replace("repository.primary", "repository.main"))
    said = Status(shop)
    assert (said.verdict, said.reasons["address-changed"]["repository"]) == (UNKNOWN, "main")
    assert shop.drill("--from", "main").status == 0
    assert set(Status(shop).reasons) == {"repository-same-device"}


def test_another_repository_of_another_name_in_the_same_place_has_no_past(shop: Shop) -> None:
    shutil.rmtree(shop.repository)
    shop.init("another")
    shop.config.write_text(shop.config.read_text().replace("repository.primary", "repository.main"))
    assert Status(shop).verdict == UNKNOWN
    assert shop.snapshot().status == 0
    said = Status(shop)
    assert (said.verdict, "never-proven" in said.reasons) == (UNKNOWN, True)


def test_options_that_lead_to_another_machine_are_an_address_where_nobody_met_it(
    newest_restic: Path, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "orders.txt").write_text("1 box of apples\n" * 100)
    good_day(shop)
    local = shop.config.read_text()
    shop.config.write_text(local.replace(f'"{shop.repository}"', f'"local:{shop.repository}/"'))
    assert set(Status(shop).reasons) == {"repository-same-device"}, "the same place, written otherwise"
    for name in ("nas1", "nas2"):
        (tmp_path / name).write_text(f"#!/bin/sh\ncd {tmp_path} && exec /usr/lib/openssh/sftp-server\n")
        (tmp_path / name).chmod(0o700)
    way = f'"sftp:nas:repository"\noptions = ["sftp.command={tmp_path}/nas1"]'
    shop.config.write_text(local.replace(f'"{shop.repository}"', way))
    assert "address-changed" in Status(shop).reasons
    assert shop.drill().status == 0
    assert "address-changed" not in Status(shop).reasons

    shop.config.write_text(shop.config.read_text().replace("nas1", "nas2"))

    assert (Status(shop).verdict, "address-changed" in Status(shop).reasons) == (UNKNOWN, True)
    assert shop.snapshot().status == 0
    assert "address-changed" not in Status(shop).reasons


def test_another_repository_under_a_known_name_is_told_before_anything_is_put_there(
    newest_restic: Path, tmp_path: Path
) -> None:
    """The first one's name is pointed at plan B, whose copies name ours as their originals; then back."""
    shop = Shop(tmp_path, newest_restic).set_up()
    (shop.source / "orders.txt").write_text("1 box of apples\n" * 100)
    plan_b = PlanB(shop).init()
    good_day_with_copy(shop)
    held, right = len(plan_b.snapshots()), shop.config.read_text()
    mine, shop.more = (shop.repository, shop.password), ""
    shop.repository, shop.password = plan_b.path, plan_b.password
    shop.write_config()

    assert shop.snapshot().codes == ["repository-changed"]
    assert shop.drill().codes == ["repository-changed"]
    said = Status(shop)
    assert (said.verdict, "address-changed" in said.reasons) == (NOT_READY, False)
    assert len(plan_b.snapshots()) == held, "nothing was put there"

    shop.repository, shop.password = mine
    shop.config.write_text(right)
    assert shop.snapshot().says == ("passed", 0, [])
    assert shop.run("copy").status == 0
    assert "repository-changed" not in Status(shop).reasons


def good_day_with_copy(shop: Shop) -> None:
    assert shop.snapshot().status == 0
    assert shop.drill().status == 0
    assert shop.run("copy").status == 0
