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
    statement_timeout: float = _setting(5.0, "Seconds one SQL statement may take when a request reads.")
    write_statement_timeout: float = _setting(10.0, "Seconds one SQL statement may take when a request writes.")
    export_statement_timeout: float = _setting(300.0, "Seconds one SQL statement may take when much is read at once.")
    export_timeout: float = _setting(3600.0, "Seconds an export may take in all, its slowest reader's included.")
    import_statement_timeout: float = _setting(60.0, "Seconds one SQL statement may take when rows are imported.")
    max_import_bytes: int = _setting(10_737_418_240, "Bytes an import may have, sent and unpacked; more is 413.")
    max_import_errors: int = _setting(100_000, "Errors that are kept of one import; more are counted.")
    max_imports: int = _setting(2, "Imports that a process runs at once; more is 503.")
    max_exports: int = _setting(4, "Exports that a process runs at once; each holds a database connection.")
    rate_limit: str = _setting("6000/minute", "Requests a key may make; empty for any number.")
    public_rate_limit: str = _setting("600/minute", "Requests an address may make without a key; empty for any number.")
    rate_limit_storage: str = _setting(
        "memory://", "Where requests are counted: in each process for itself, or in Redis or Valkey by URL for all."
    )
    trusted_proxies: int = _setting(
        0, "Proxies in front that add the address they were called from to X-Forwarded-For; it is ignored at 0."
    )
    client_timeout: float = _setting(
        60.0, "Seconds a client may take over one part of what it sends or reads before its connection is closed."
    )
    max_body_bytes: int = _setting(1_048_576, "Bytes a request's body may have; more is 413.")
    max_nesting: int = _setting(64, "Levels that objects and arrays of a body may be nested; more is 400.")
    max_array: int = _setting(10_000, "Members an array or object of a body may have; more is 422.")
    max_text: int = _setting(100_000, "Characters any text of a body may have; more is 422, and fields allow less.")
    max_request_line: int = _setting(8190, "Bytes of a request's first line, with path and query; more is 414.")
    max_headers: int = _setting(100, "Headers a request may have; more is 431.")
    max_header_bytes: int = _setting(8190, "Bytes of one header; more is 431.")
    public_url: str = _setting(
        "", "Address of the API as its readers know it, which feeds hold; empty for that of each request."
    )
    page_size: int = _setting(20, "Events on a page when `limit` is not given.")
    max_page_size: int = _setting(200, "Events on a page at most.")
    feed_retention: int = _setting(90, "Days for which the change feed keeps its entries; 0 for ever.")
    max_followers: int = _setting(
        500, "Requests that a process lets wait for changes at most, streams included; more is 503."
    )
    max_webhooks: int = _setting(1000, "Webhooks that a key may have; more is 409.")
    webhook_private_networks: str = _setting(
        "", "Networks that webhooks may go to beside the public internet, in CIDR form, joined by commas."
    )
    webhook_http_networks: str = _setting(
        "",
        "Networks that webhooks may go to by plain http, in CIDR form, joined by commas; `make run` allows loopback.",
    )
    webhook_timeout: float = _setting(15.0, "Seconds a webhook's receiver has to be reached and to answer in whole.")
    webhook_lease: float = _setting(
        30.0,
        "Seconds after which another worker takes over from a silent one; 1.25 times the timeout and 1.25 at least.",
    )
    webhook_slots: int = _setting(1000, "Webhook deliveries that a worker has under way at once.")
    webhook_origin: str = _setting("policytrail", "Name by which a CloudEvents handshake asks receivers for consent.")
    delivery_retention: int = _setting(30, "Days for which webhook deliveries and their attempts are kept; 0 for ever.")
    secret_keys: str = _setting(
        "",
        "Keys, joined by commas, that seal webhook secrets in the database: the first seals, all open; empty for none.",
    )
    worker_metrics_port: int = _setting(0, "Port on which a worker serves its metrics for Prometheus; 0 for none.")
    ranked_events: int = _setting(5_000, "Events that a search ranks at most, about; others follow by date.")
    facet_exact: int = _setting(25_000, "Matches up to which facets are counted one by one; of more a part is.")
    facet_sample: int = _setting(10_000, "Matches that are counted for facets where they stand for more, about.")
    facet_patience: float = _setting(0.8, "Seconds that counting all facets may take before a small part will do.")
    cors_origins: str = _setting(
        "", "Origins whose pages may call the API from a browser, joined by commas; `*` means all, empty none."
    )
    otel: bool = _setting(False, "Whether spans are sent by OpenTelemetry; needs the extra `otel`.")  # noqa: FBT003 (as above)
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
