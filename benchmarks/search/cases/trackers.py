"""A database of the three trackers, kept from one run to the next."""

import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from itertools import chain
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Literal

from benchmarks.search.databases import kept_database
from service.config import MIGRATIONS, ROOT
from service.db.embedded_postgres import Server
from service.db.migrations import migrate
from service.feed.sequencer import catch_up
from service.search.suggest.indexer import index_names_once

#: The file of each tracker, by the name of its mapping.
FILES = {
    "climate-policy-database": "climate-policy-database/policies.csv",
    "climate-laws": "climate-laws/laws-and-policies.csv",
    "coronanet": "coronanet/policies.csv",
}

MAPPINGS = ROOT / "examples" / "mappings"

#: The folder of the trackers, unless another is named.
FOLDER = ROOT.parent / "shared" / "data"

_SEARCH = (ROOT / "service" / "search", ROOT / "service" / "store" / "search")


def tracker_database(on: Server, folder: Path) -> str:
    """Return the URL of a database with the trackers in `folder`, indexed by the search of today.

    A tracker without its file is left out.
    """
    files = {name: folder / file for name, file in FILES.items() if (folder / file).exists()}

    def fill(url: str) -> None:
        with psycopg.connect(url) as conn:
            migrate(conn, MIGRATIONS)
        for name, file in files.items():
            print(f"Importing {name} …", flush=True)
            _run(url, "import", "--mapping", str(MAPPINGS / f"{name}.toml"), str(file))

    url = kept_database(on, "trackers", _digest(chain(MAPPINGS.glob("*.toml"), files.values())), fill)
    _update(url, _digest(chain(MIGRATIONS.glob("*.sql"), *(folder.rglob("*.py") for folder in _SEARCH))))
    return url


def _update(url: str, label: str) -> None:
    """Migrate and index the events again if the search has changed since a former run, as an upgrade does.

    A comment on the table of events has the label of the last run.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        [[comment]] = conn.execute("SELECT obj_description('event'::regclass)").fetchall()
        if comment not in (None, label):
            print("Indexing again …", flush=True)
            _run(url, "migrate")
            _run(url, "index", "--again")
        conn.execute(SQL("COMMENT ON TABLE event IS {}").format(Literal(label)))
        _index_names(conn)
        conn.execute("VACUUM (ANALYZE)")


def _index_names(conn: psycopg.Connection) -> None:
    catch_up(conn)
    is_behind = True
    while is_behind:
        with conn.transaction():
            is_behind = index_names_once(conn) > 0


def _run(url: str, *arguments: str) -> None:
    """Run `policytrail`; an import that refuses rows exits with 1."""
    command = [str(Path(sys.executable).parent / "policytrail"), *arguments]
    environment = {"DATABASE_URL": url, "PATH": "/usr/bin:/bin"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode and "done." not in result.stdout:
        raise AssertionError(result.stderr[-1000:])


def _digest(files: Iterable[Path]) -> str:
    """Return a digest of the contents of files."""
    digest = sha256()
    for file in sorted(files, key=lambda file: file.parts[-2:]):
        digest.update(file.read_bytes())
    return digest.hexdigest()
