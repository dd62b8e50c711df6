"""README and docs/ say what the program does, no more and no less, and every link in them leads somewhere."""

import ast
import io
import json
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import click
import pytest

from agent.cli import run
from agent.config import read
from agent.config.keys import KEYS, TABLES, Key
from agent.core.model.findings import CODES
from agent.core.report.answer import STATES
from agent.core.report.metrics import HELP, metrics
from agent.core.telling.concerns import GRAVE, WORST
from agent.core.verdict.meanings import REASONS
from agent.errors import Exit
from agent.operations.setup.initialise import Initialised
from support.builders.recorded_shop import recorded_shop
from support.builders.shop import assessed, config, copy, drill, process, snapshot
from support.our_code import LEAVES, literals
from support.places import ROOT
from support.restics import RESTIC_VERSIONS

PAGES = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
README = PAGES["README.md"]
COMMANDS, CONFIG_KEYS, FINDINGS, REASONS_PAGE, EXITS, JSON, METRICS = (
    PAGES[f"docs/reference/{name}.md"]
    for name in ("commands", "config-keys", "findings", "reasons", "exit-statuses", "json", "metrics")
)
GLOBAL = {"--config", "--json", "--verbose", "--version", "--help"}
RECIPE = "docs/ledger.md#verify-an-export-with-nothing-but-python"


def without_code(page: str) -> str:
    """A page without its blocks of code: nothing in them is a heading or a link."""
    return re.sub(r"^ {4}.*$", "", re.sub(r"^```.*?^```$", "", page, flags=re.M | re.S), flags=re.M)


def headings(page: str) -> list[str]:
    """Without the signs in front."""
    return re.findall(r"^#+ (.*)$", without_code(page), re.M)


def section(page: str, title: str) -> str:
    """The text below a heading, up to the next one of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |^#{{1,2}} |\Z)", page, re.M | re.S)
    assert found, f"there is no section {title}"
    return found[2]


def first_cells(text: str) -> list[str]:
    """What stands in the first column of the tables, where that is code."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.M)


# ---- commands and options --------------------------------------------------------------------


def own_options(command: click.Command) -> set[str]:
    """The long names of a command's own options."""
    options = [p for p in command.params if isinstance(p, click.Option)]
    return {max(option.opts, key=len) for option in options} - GLOBAL


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_is_documented_with_exactly_its_options(path: str) -> None:
    said = section(COMMANDS, f"readiness {path}")
    usage = re.search(rf"^    readiness {path}.*?(?=^$)", said, re.M | re.S)

    assert usage
    assert set(re.findall(r"--[a-z][a-z-]*", usage[0])) == own_options(LEAVES[path])
    assert {cell.split()[0] for cell in first_cells(said)} == own_options(LEAVES[path])


def test_no_command_is_documented_that_does_not_exist() -> None:
    documented = [title for title in headings(COMMANDS) if title.startswith("readiness ")]

    assert sorted(documented) == sorted(f"readiness {path}" for path in LEAVES)


def test_every_command_stands_in_the_overview() -> None:
    assert sorted(re.findall(r"^\| \[`readiness ([a-z ]+)`\]", COMMANDS, re.M)) == sorted(LEAVES)


def test_every_option_of_all_commands_is_documented() -> None:
    said = section(COMMANDS, "Every command takes")

    assert set(re.findall(r"--[a-z]+", "".join(first_cells(said)))) == GLOBAL


# ---- the config ------------------------------------------------------------------------------


def key_row(key: Key) -> str:
    default = f"`{key.shown_default}`" if key.shown_default and not key.shown else key.shown_default
    return f"| `{key.name}` | {'required' if key.required else default or '-'} | {key.meaning} |"


def table_section(table: str) -> str:
    """What is said of a table of the config."""
    names = (f"`[{table}]`", f"`[[{table}]]`", f"`{table.rpartition('.')[2]} = ")
    title = next(title for title in headings(CONFIG_KEYS) if any(name in title for name in names))
    return section(CONFIG_KEYS, title)


@pytest.mark.parametrize("table", TABLES)
def test_every_config_key_is_documented_with_its_default(table: str) -> None:
    said = table_section(table)

    assert [key.path for key in TABLES[table] if key_row(key) not in said] == []


def test_no_config_key_is_documented_that_does_not_exist() -> None:
    assert set(first_cells(CONFIG_KEYS)) == {key.name for key in KEYS}


def test_the_config_that_is_explained_is_a_good_one(tmp_path: Path) -> None:
    example = tmp_path / "readiness.toml"
    example.write_text("\n".join(re.findall(r"^```toml\n(.*?)^```$", PAGES["docs/config.md"], re.M | re.S)))

    assert read(str(example)).problems == ()


# ---- codes, exit statuses, figures ------------------------------------------------------------


def test_every_exit_status_is_documented() -> None:
    documented = re.findall(r"^\| (\d+) \|", EXITS, re.M)

    assert sorted(map(int, documented)) == sorted(Exit)


def test_every_finding_is_documented_with_its_meaning() -> None:
    rows = {code: f"| `{code}` | {severity} | {meaning} |" for code, (severity, meaning) in CODES.items()}

    assert [code for code, row in rows.items() if row not in FINDINGS] == []


def test_no_finding_is_documented_that_does_not_exist() -> None:
    assert sorted(first_cells(FINDINGS)) == sorted(CODES)


def test_every_finding_that_is_made_has_a_code_of_its_own() -> None:
    assert literals("finding") - set(CODES) == set()


def test_every_reason_is_documented_and_no_other() -> None:
    assert sorted(first_cells(REASONS_PAGE)) == sorted(REASONS)
    assert set(REASONS) == literals("reason") | literals("_reason")


def test_every_reason_is_documented_with_its_verdict_and_its_meaning() -> None:
    words = {verdict: "READY: a note" if word == "READY" else word for verdict, word in STATES.items()}
    rows = [row.split(" | ") for row in REASONS_PAGE.splitlines() if row.startswith("| `")]
    said = {row[0].strip("| `"): (row[1], row[-1].removesuffix(" |")) for row in rows}

    assert said == {code: (words[verdict], meaning) for code, (verdict, meaning) in REASONS.items()}


def verdicts_given() -> Iterator[tuple[str, str]]:
    """Every reason that our code makes in so many words, with each verdict that it gives it."""
    for file in (ROOT / "agent/core/verdict").glob("*.py"):
        calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        for call in calls:
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in ("reason", "_reason"):
                codes = [one.value for one in ast.walk(call.args[0]) if isinstance(one, ast.Constant)]
                given = {one.attr for part in call.args[1:] for one in ast.walk(part) if is_verdict(one)}
                yield from ((code, verdict) for code in codes for verdict in given or {"READY"})


def is_verdict(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Verdict"


def test_the_verdict_that_a_reason_is_said_to_cause_is_one_that_it_causes() -> None:
    given = set(verdicts_given())

    assert [code for code, (verdict, _) in REASONS.items() if (code, verdict.value) not in given] == []


def test_what_wakes_people_at_night_is_documented() -> None:
    said = section(PAGES["docs/mail.md"], "Who is woken at night")

    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", said)) == {*GRAVE, *WORST}


def test_every_figure_is_documented_and_no_other() -> None:
    figures = [cell for cell in first_cells(METRICS) if cell.startswith("readiness_")]

    assert sorted(figures) == sorted(f"readiness_{name}" for name in HELP)


def test_every_label_of_a_figure_is_documented_and_no_other() -> None:
    shop = config(process(), repositories=("primary", "planb"))
    planb = copy(snapshot(3), repository="planb")
    text = metrics(assessed(copy(snapshot(1), drill(2)), planb, shop=shop), [])
    labels = set(re.findall(r'[{,]([a-z]+)="', text))

    assert {cell for cell in first_cells(METRICS) if "_" not in cell} == labels


# ---- JSON -------------------------------------------------------------------------------------

MORE = """
[repository.planb]
url = "{base}/planb"
password_file = "{base}/password"
[process.notes]
paths = ["{base}/notes"]
[mail]
from = "readiness@shop.example"
admin = ["admin@shop.example"]
sendmail = "{base}/sendmail"
[alarm]
quiet = ""
"""
JANUARY = "--from 2026-01-01 --to 2026-01-31"
RUNS = {
    "snapshot",
    "copy",
    "drill",
    "retention",
    "check",
    "prune",
}  # their tables are generated from the code


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of every command that needs no restic, by its schema."""
    base = tmp_path_factory.mktemp("printed")
    (base / "notes").mkdir()
    (base / "notes/one").write_text("how things are done here")
    (base / "sendmail").write_text("#!/bin/sh\nexec cat >/dev/null\n")
    (base / "sendmail").chmod(0o755)
    (base / "bad.toml").write_text("[process.orders]\n")
    good = recorded_shop(base, drill(outcome="failed"), snapshot(1), more=MORE.format(base=base))
    found: dict[str, Any] = {}

    def ask(words: str, file: Path = good) -> None:
        with pytest.MonkeyPatch.context() as patch, io.StringIO() as said:
            patch.setattr(sys, "stdout", said)
            run(["--config", str(file), "--json", *words.split()])
            answer = json.loads(said.getvalue())
        found[answer["schema"].removeprefix("readiness.").removesuffix("/1")] = answer["result"]

    for words in ("exposure notes", "status", "metrics", "forecast", "report", "notify", "view", "validate"):
        ask(words)
    ask(f"ack {found['notify']['incidents'][0]['name']}")
    for words in ("report --send", "mail test", "ledger verify", "ledger export"):
        ask(words)
    ask(f"report --output {base}/report.html")
    ask(f"report --for auditor {JANUARY} --output {base}/bundle.zip")
    ask("status", base / "bad.toml")
    return found


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What is printed with its path, such as "processes[].rpo.met"."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


def lies_in(path: str, places: Iterable[str]) -> bool:
    return path.startswith(tuple(f"{place}{sign}" for place in places for sign in (".", "[].")))


def json_faults(result: Any, said: str) -> set[str]:
    """What is printed and in no table of `said`; and what is in one and not printed, though it could be."""
    values, documented = list(leaves(result)), set(first_cells(said))
    paths = {path for path, _ in values}
    empty = {path for path, value in values if value in (None, [], {})}
    whole = re.findall(r"^\| `([^`]+)` \| (?:list|object|list of findings) \|", said, re.M)
    unsaid = {path for path in paths - documented if not lies_in(path, whole)}
    unsaid -= {path for path in empty if any(lies_in(one, [path]) for one in documented)}
    ghosts = {one for one in documented - paths if not any(lies_in(path, [one]) for path in paths)}
    return unsaid | {one for one in ghosts if not lies_in(one, empty)}


def schemas() -> set[str]:
    """Every one that our code prints."""
    calls = r'print_(?:json|runs)\(\s*(?:invocation, )?"([a-z.-]+)"'
    return {
        name for file in (ROOT / "agent/cli").rglob("*.py") for name in re.findall(calls, file.read_text())
    }


@pytest.mark.parametrize("schema", sorted(schemas() - RUNS - {"init", "metrics"}))
def test_every_key_that_is_printed_is_documented_and_no_other(printed: dict[str, Any], schema: str) -> None:
    assert json_faults(printed[schema], section(JSON, f"readiness.{schema}/1")) == set()


def test_metrics_prints_the_same_as_status(printed: dict[str, Any]) -> None:
    assert {path for path, _ in leaves(printed["metrics"])} == {path for path, _ in leaves(printed["status"])}


def test_what_init_prints_is_documented() -> None:
    documented = {cell.partition("[]")[0] for cell in first_cells(section(JSON, "readiness.init/1"))}

    assert documented == set(Initialised.__struct_fields__)


def test_every_schema_is_documented_and_no_other() -> None:
    linked = re.findall(r"\[`readiness\.([a-z.-]+)/1`\]\(#", section(JSON, "The envelope"))

    assert set(linked) == schemas()


def test_a_key_that_is_missing_from_its_table_or_only_there_is_found(printed: dict[str, Any]) -> None:
    said = section(JSON, "readiness.status/1")

    assert json_faults(printed["status"], said.replace("`deadline`", "`due`")) == {"deadline", "due"}
    assert json_faults(printed["status"], said.replace("rpo.met", "rpo.kept")) == {
        "processes[].rpo.met",
        "processes[].rpo.kept",
    }


# ---- what is generated ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference() -> Any:
    """scripts/reference as a module."""
    spec = spec_from_loader("reference", SourceFileLoader("reference", str(ROOT / "scripts/reference")))
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A copy of docs/."""
    return Path(shutil.copytree(ROOT / "docs", tmp_path / "docs"))


def test_what_is_generated_is_what_the_code_says() -> None:
    command = [sys.executable, ROOT / "scripts/reference", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("page", "row", "false"),
    [
        ("findings.md", "| `view-differs` | error |", "| `view-differs` | warning |"),
        ("commands.md", "| `--keep` | Keep the restored files in the scratch. |\n", ""),
        ("exit-statuses.md", "| 78 |", "| 79 |"),
    ],
)
def test_a_row_that_is_not_what_the_code_says_is_found(
    reference: Any, docs: Path, capsys: pytest.CaptureFixture[str], page: str, row: str, false: str
) -> None:
    changed = docs / "reference" / page
    assert row in changed.read_text()
    changed.write_text(changed.read_text().replace(row, false))

    assert reference.main(["--check"], docs) == 1
    assert capsys.readouterr().err == (
        f"These pages do not say what the code says: docs/reference/{page}. Run scripts/reference.\n"
    )


def test_a_page_that_is_renewed_is_what_it_was(reference: Any, docs: Path) -> None:
    page = docs / "reference/findings.md"
    before = page.read_text()
    page.write_text(before.replace("| `view-differs` | error |", "| `view-differs` | warning |"))

    assert reference.main([], docs) == 0
    assert page.read_text() == before


def test_a_table_that_is_on_no_page_is_found(
    reference: Any, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / "reference/reasons.md").unlink()

    assert reference.main(["--check"], docs) == 1
    assert capsys.readouterr().err == "No page of docs/ has a place for these tables: reasons.\n"


# ---- links, and what a page has to be ---------------------------------------------------------


def anchors(page: str) -> set[str]:
    """The anchors that GitHub makes of the headings."""
    found: list[str] = []
    for title in headings(page):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title)
        found.append(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return {f"{one}-{found[:n].count(one)}" if one in found[:n] else one for n, one in enumerate(found)}


def links(page: str) -> list[str]:
    """Where a page leads to within this repository."""
    return re.findall(r"\]\((?!https:)([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", without_code(page)))


def leads_to(name: str, link: str) -> tuple[str, str]:
    """The file and the anchor that a link on a page names."""
    target, _, anchor = link.partition("#")
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) if target else name, anchor


def broken(pages: Mapping[str, str]) -> list[str]:
    """Links that lead nowhere."""
    faults = []
    for name, page in pages.items():
        for link in links(page):
            target, anchor = leads_to(name, link)
            there = target in pages or (ROOT / target).exists()
            if not there or (anchor and anchor not in anchors(pages.get(target, ""))):
                faults.append(f"{name}: {link}")
    return faults


def test_every_link_and_every_anchor_leads_somewhere() -> None:
    assert broken(PAGES) == []


@pytest.mark.parametrize("link", ["docs/males.md", "docs/mail.md#seen-its", "#five-hours", "LICENSE#mit"])
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    assert broken(PAGES | {"README.md": f"{README}\n[Look]({link})\n"}) == [f"README.md: {link}"]


def test_an_anchor_is_made_as_github_makes_it() -> None:
    page = "# `[mail]`, or not?\n## Seen it?\n```\n# none\n```\n## A [link](x.md) of two_words\n## Seen it?\n"

    assert anchors(page) == {"mail-or-not", "seen-it", "seen-it-1", "a-link-of-two_words"}


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, todo = set(), ["docs/README.md"]
    while todo:
        name = todo.pop()
        if name in PAGES and name not in reached:
            reached.add(name)
            todo += [leads_to(name, link)[0] for link in links(PAGES[name])]

    assert set(PAGES) - reached == set()


def test_the_index_names_every_page() -> None:
    named = {leads_to("docs/README.md", link)[0] for link in links(PAGES["docs/README.md"])}

    assert {name for name in PAGES if name != "docs/README.md"} - named == set()


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_readme_begins_with_the_two_commands() -> None:
    assert re.findall(r"^    (\S+)", README, re.M)[:2] == ["./scripts/quickstart", "./scripts/test"]
    assert README.index("    ./scripts/test") < README.index("## ")


def test_readme_shows_the_way_to_the_recipe_that_the_help_of_export_promises() -> None:
    assert RECIPE in links(README)


def test_the_numbers_of_the_rules_are_those_that_the_tests_hold() -> None:
    held = {}
    for name in ("test_layers", "test_folders"):
        source = (ROOT / f"tests/{name}.py").read_text()
        held |= dict(re.findall(r"^([A-Z]+_[A-Z]+) = (\d+)", source, re.M))
    page = PAGES["docs/contributing.md"]

    assert f"a function has at most {held['LONGEST_FUNCTION']} lines" in page
    assert f"a module at most {held['LONGEST_MODULE']}" in page
    assert f"a folder holds at most {held['MOST_MODULES']} modules" in page
    assert all(version in page for version in RESTIC_VERSIONS)
