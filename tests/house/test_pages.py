"""Every command that docs/ shows is run, and prints the output that the page shows beneath it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from service import store
from service.ids import digest, new_key, uuid7
from tests.faults.workers import run_worker
from tests.house.pages import ADDRESS, DOCS, block_of, make_checkout, run_steps, steps_of
from tests.servers import ROOT, free_port, serving

ALL = sorted(DOCS.rglob("*.md"))

#: The page that sets a service up itself, and the one that needs a worker.
OPERATE, WEBHOOKS = DOCS / "operate.md", DOCS / "webhooks.md"

#: Pages that only read can share one service; each of the others has its own, since it counts the entries of the feed.
READ_ONLY = [DOCS / "reference" / "errors.md", DOCS / "find.md", DOCS / "export.md"]

PAGES = [page for page in ALL if steps_of(page) and page not in (OPERATE, *READ_ONLY)]

LOOPBACK: dict[str, Any] = {
    "POLICYTRAIL_WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8",
    "POLICYTRAIL_WEBHOOK_HTTP_NETWORKS": "127.0.0.0/8",
}

#: Commands that would have to be run if a page showed them outside of a block.
TYPED = "policytrail|curl|make|python3?|docker|gunicorn|git|pip"

#: Blocks of code that another test runs or reads: on which page, in which language.
RUN_ELSEWHERE = {
    ("follow.md", "python"),  # below
    ("mappings.md", "csv"),  # below, and in test_mapping_docs.py
    ("mappings.md", "toml"),
    ("mappings.md", "json"),
    ("quickstart.md", "console"),  # in tests/faults/test_fresh_clone.py
    ("reference/filters.md", "json"),  # in test_reference.py
    ("webhooks.md", "bash"),  # in test_webhook_docs.py
    ("webhooks.md", "js"),
    ("webhooks.md", "python"),
}


@pytest.fixture
def admin_key(seeded: str) -> str:
    """The key that `make run` makes."""
    secret = new_key()
    with psycopg.connect(seeded) as conn:
        store.keys.insert_key(
            conn, id=uuid7(), name="admin of make run", prefix=secret[:8], digest=digest(secret), scopes=["admin"]
        )
    return secret


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_prints_the_output_beneath_it(page: Path, seeded: str, admin_key: str, tmp_path: Path) -> None:
    steps, checkout = steps_of(page), make_checkout(tmp_path, admin_key)
    if page.name == "mappings.md":
        for language in ("csv", "toml"):
            (checkout / f"subsidies.{language}").write_text(block_of(page, language))
    with ExitStack() as running:
        api = running.enter_context(serving(seeded, **LOOPBACK))
        if page == WEBHOOKS:
            running.enter_context(run_worker(seeded, **LOOPBACK))
        outputs = run_steps(steps, url=api.url, checkout=checkout, DATABASE_URL=seeded, PORT=str(api.port))
    assert outputs == [step.output for step in steps]


def test_every_page_that_only_reads_prints_what_it_shows(seeded: str, tmp_path: Path) -> None:
    steps = [step for page in READ_ONLY for step in steps_of(page)]
    with serving(seeded) as api:
        outputs = run_steps(steps, url=api.url, checkout=make_checkout(tmp_path), DATABASE_URL=seeded)
    assert outputs == [step.output for step in steps]


@pytest.fixture
def empty_database(database: str) -> Iterator[str]:
    """The URL of a database without a table."""
    name = f"{conninfo_to_dict(database)['dbname']}_empty"
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(database, dbname=name)
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_service_is_set_up_and_operated_as_the_page_shows(empty_database: str, tmp_path: Path) -> None:
    steps, port = steps_of(OPERATE), str(free_port())
    outputs = run_steps(
        steps,
        url=f"http://127.0.0.1:{port}",
        checkout=make_checkout(tmp_path),
        DATABASE_URL=empty_database,
        PORT=port,
        POLICYTRAIL_WORKERS="1",
    )
    assert outputs == [step.output for step in steps]


def test_the_loop_that_follows_the_feed_prints_its_entries(seeded: str) -> None:
    with serving(seeded) as api:
        command = [sys.executable, "-u", "-c", f"api = {api.url!r}\n{block_of(DOCS / 'follow.md', 'python')}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
            assert follower.stdout
            line = follower.stdout.readline()
            follower.kill()
    assert line.startswith("1 create ")


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.stem)
def test_no_block_of_code_is_left_unrun(page: Path) -> None:
    name = str(page.relative_to(DOCS))
    languages = re.findall(r"^```(\w*)$\n(?:.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    help_texts = "text" if name == "reference/commands.md" else None
    outputs = sum(bool(step.output) for step in steps_of(page))
    assert [language for language in languages if language not in ("sh", "text")] == [
        language for language in languages if (name, language) in RUN_ELSEWHERE
    ]
    assert languages.count("sh") == len(steps_of(page))
    assert help_texts or languages.count("text") == outputs
    indented = re.findall(rf"^    (?:{TYPED}) .*$", page.read_text(), re.MULTILINE)
    assert help_texts or indented == []


def test_a_console_block_holds_nothing_but_the_two_commands() -> None:
    blocks = [text for page in [ROOT / "README.md", *ALL] for text in _console_blocks(page)]
    assert set("".join(blocks).splitlines()) <= {"make run", "make test"}


def _console_blocks(page: Path) -> list[str]:
    return re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def test_there_are_twenty_recipes_each_with_its_request_and_output() -> None:
    recipes = re.findall(
        r"^## (\d+)\. [^\n]+\n\n(?:[^\n]+\n+)*?```sh\n[^`]*curl -s[^`]*```\n```text\n[^`]+```$",
        (DOCS / "recipes.md").read_text(),
        re.MULTILINE,
    )
    assert recipes == [str(number) for number in range(1, 21)]


def test_every_page_names_the_service_by_one_address() -> None:
    text = "\n".join(page.read_text() for page in ALL)
    assert set(re.findall(r"https?://127\.0\.0\.1:\d+", text)) == {ADDRESS}
