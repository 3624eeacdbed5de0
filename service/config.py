"""Settings: every one once, with its type, its default and one sentence; the README's table is tested against this."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from environs import Env

#: The project's own files, which stand beside the package.
ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = ROOT / "migrations"
SEEDS = ROOT / "seeds"

#: Names that platforms set by convention; every other setting is POLICYTRAIL_<NAME>.
CONVENTIONAL_NAMES = {"database_url": "DATABASE_URL", "port": "PORT"}


def _setting(default: Any, sentence: str) -> Any:
    return field(default=default, metadata={"sentence": sentence})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be set from outside. Read once at start; passed on as a value."""

    database_url: str = _setting(
        "", "PostgreSQL to use, as a URL; empty means the embedded one under the data directory."
    )
    data_dir: Path = _setting(
        Path(".policytrail"), "Where `make run` keeps the embedded PostgreSQL's data and the admin key."
    )
    host: str = _setting("127.0.0.1", "Address the API listens on.")
    port: int = _setting(8000, "Port the API listens on.")
    workers: int = _setting(2, "API processes; one a core is a good start.")
    public_read: bool = _setting(False, "Whether reading works without a key; `make run` turns it on.")  # noqa: FBT003 (a default, not a flag argument)
    pool_size: int = _setting(10, "Database connections a process holds at most.")
    pool_wait: float = _setting(1.5, "Seconds a request waits for a database connection before it answers 503.")
    statement_timeout: float = _setting(5.0, "Seconds one SQL statement of a request may take.")
    max_body_bytes: int = _setting(1_048_576, "Bytes a request's body may have; more is 413.")
    page_size: int = _setting(20, "Events on a page when `limit` is not given.")
    max_page_size: int = _setting(200, "Events on a page at most.")
    log_level: str = _setting("INFO", "Least severity that is logged: DEBUG, INFO, WARNING or ERROR.")


def environment_name(name: str) -> str:
    """The environment variable that holds the setting `name`."""
    return CONVENTIONAL_NAMES.get(name, f"POLICYTRAIL_{name.upper()}")


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment, then `overrides`. A value of the wrong type raises environs.EnvError naming it."""
    env = Env()
    readers: dict[Any, Any] = {str: env.str, int: env.int, float: env.float, bool: env.bool, Path: env.path}
    values = {
        setting.name: readers[setting.type](environment_name(setting.name), setting.default)
        for setting in fields(Settings)
        if setting.name not in overrides
    }
    return Settings(**values, **overrides)
