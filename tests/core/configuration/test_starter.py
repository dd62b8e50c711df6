"""The commented config that a set-up begins with: it loads, and so do its remarks."""

from pathlib import Path

from agent.config import load
from agent.core.configuration.starter import Starter, process_names, starter_config


def test_names_are_valid_and_differ() -> None:
    directories = ["/srv/Orders", "/home/orders", "/", "/srv/...", "/x/_a_", "/x/" + "y" * 90, "/b/orders-2"]
    names = process_names(directories)
    assert names == ["orders", "orders-2", "files", "files-2", "a", "y" * 40, "orders-2-2"]


def test_the_remarks_are_good_toml_when_they_are_taken_out(tmp_path: Path) -> None:
    text = starter_config(
        Starter(
            processes=(("orders", "/srv/orders"),),
            url="/b",
            password_file="/p",
            state="/s",
            time_zone="Europe/Berlin",
        )
    )
    foot = text[text.index("# Proofs show") :]
    uncommented = "\n".join(
        line.removeprefix("# ") for line in foot.splitlines() if not line.endswith((":", "#"))
    )
    file = tmp_path / "c.toml"
    file.write_text(text[: text.index("# Proofs show")] + uncommented)
    (process,) = load(str(file)).processes
    assert (len(process.proofs), len(process.steps)) == (2, 1)
