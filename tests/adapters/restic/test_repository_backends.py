"""Snapshots, copies and drills on real servers: sftp, and restic's rest-server with TLS and append-only."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.builders.plan_b import PlanB
from support.builders.readiness_cli import PASSED, Shop, failed, not_tested, snapshotted
from support.servers.backends import RestServer, SftpServer
from support.servers.other_restics import at_work, slowed
from support.waiting import until


@pytest.fixture
def shop(restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return snapshotted(restic, tmp_path_factory).copied(tmp_path)


@pytest.fixture
def newest(newest_restic: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return snapshotted(newest_restic, tmp_path_factory).copied(tmp_path)


def on(server: RestServer | SftpServer, shop: Shop) -> PlanB:
    return on_rest(shop, server) if isinstance(server, RestServer) else on_sftp(shop, server)


def on_rest(shop: Shop, server: RestServer) -> PlanB:
    return PlanB(shop, server.url(), environment=server.environment, place=server.place())


def on_sftp(shop: Shop, server: SftpServer) -> PlanB:
    return PlanB(shop, server.url(), options=server.options, place=server.place())


def everything_works(shop: Shop, plan_b: PlanB) -> None:
    plan_b.init_by_hand()
    copied = shop.run("copy")
    assert (copied.says, copied.row["copied"]) == (PASSED, 1)
    assert shop.drill("--from", "planb").says == PASSED
    assert shop.run("snapshot", "--to", "planb").says == PASSED
    assert len(plan_b.snapshots()) == 2
    assert shop.drill("--from", "planb", "--sample", "30%").says == PASSED
    assert plan_b.restic("list", "locks", "--no-lock") == b""
    shop.config.chmod(0o600)
    assert shop.run("validate").status == 0


def test_everything_works_over_sftp(shop: Shop, sftp_server: SftpServer) -> None:
    everything_works(shop, on_sftp(shop, sftp_server))


def test_everything_works_on_an_append_only_rest_server(shop: Shop, rest_server: RestServer) -> None:
    everything_works(shop, on_rest(shop, rest_server))


def test_an_append_only_server_keeps_what_it_has(shop: Shop, rest_server: RestServer) -> None:
    """What the guards of retention rely on."""
    plan_b = on_rest(shop, rest_server).init()
    assert shop.run("copy").says == PASSED
    (row,) = plan_b.snapshots()
    refused = plan_b.refused("forget", row["id"])
    assert b"403 Forbidden" in refused
    assert plan_b.snapshots() == [row]


def test_no_secret_of_a_server_is_shown_or_recorded(newest: Shop, rest_server: RestServer) -> None:
    plan_b = on_rest(newest, rest_server)
    said = newest.run("copy")
    assert said.says == failed("repository-missing")
    plan_b.init()
    said_later = newest.run("copy", "-v")
    exported = newest.run("ledger", "export")
    for result in (said, said_later, exported):
        assert rest_server.password not in f"{result.answer} {result.stderr}"
    assert rest_server.password.encode() not in (newest.state / "ledger.db").read_bytes()


# ---- what can be wrong on the way there: never good, never bad


def test_a_server_that_is_not_trusted_is_no_test(shop: Shop, rest_server: RestServer) -> None:
    on_rest(shop, rest_server).init()
    PlanB(shop, rest_server.url())  # without the certificate
    shop.stall_timeout = "3s"
    shop.write_config()
    for verb in (["copy"], ["drill", "--from", "planb"], ["snapshot", "--to", "planb"]):
        result = shop.run(*verb)
        assert result.status == 3 and result.codes[0] in ("repository-unreachable", "timed-out")


def test_a_server_that_does_not_know_us_is_no_test(shop: Shop, rest_server: RestServer) -> None:
    on_rest(shop, rest_server).init()
    for url in (rest_server.url(password="wrong"), rest_server.url(user="other")):
        PlanB(shop, url, environment=rest_server.environment)
        shop.stall_timeout = "3s"
        shop.write_config()
        result = shop.run("copy")
        assert result.status == 3 and result.codes[0] in ("repository-unreachable", "timed-out"), result


@pytest.mark.parametrize("server", ["rest_server", "sftp_server"])
def test_a_repository_that_a_server_does_not_have_is_missing(
    shop: Shop, server: str, request: pytest.FixtureRequest
) -> None:
    plan_b = on(request.getfixturevalue(server), shop)
    assert shop.run("copy").says == failed("repository-missing")
    assert shop.drill("--from", "planb").says == failed("repository-missing")
    plan_b.init()
    assert shop.run("copy").says == PASSED


@pytest.mark.parametrize("server", ["rest_server", "sftp_server"])
def test_a_server_that_is_gone_is_no_test(shop: Shop, server: str, request: pytest.FixtureRequest) -> None:
    shop.stall_timeout = "3s"
    running = request.getfixturevalue(server)
    on(running, shop).init()
    os.kill(running.pid, signal.SIGKILL)
    result = shop.run("copy")
    assert result.status == 3 and result.codes[0] in ("repository-unreachable", "timed-out"), result


def test_a_copy_to_a_server_that_stops_answering_is_ended(shop: Shop, rest_server: RestServer) -> None:
    plan_b = on_rest(shop, rest_server).init()
    slowed(shop, shop.base)
    shop.stall_timeout = "4s"
    shop.write_config()
    running = shop.start("copy")
    try:
        until(lambda: running.poll() is not None or at_work(plan_b))
        os.kill(rest_server.pid, signal.SIGSTOP)
        stdout, stderr = running.communicate(timeout=60)
    finally:
        os.kill(rest_server.pid, signal.SIGCONT)
    result = shop.result(subprocess.CompletedProcess([], running.returncode, stdout, stderr))
    assert result.says == not_tested("timed-out")
    assert not at_work(plan_b)


def test_a_server_with_another_key_is_no_test(newest: Shop, sftp_server: SftpServer, tmp_path: Path) -> None:
    on_sftp(newest, sftp_server).init()
    known = sftp_server.directory.parent / "known"
    known.write_text(known.read_text().replace("AAAA", "AAAB"))
    assert newest.run("copy").says == not_tested("repository-unreachable")
