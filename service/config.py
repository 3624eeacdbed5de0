"""The settings: each with type, default and one sentence, which a test compares with the documentation."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from environs import Env

#: The project's root, which holds the package and its files.
ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = ROOT / "migrations"
SEEDS = ROOT / "seeds"

#: Names that platforms set by convention; every other variable is POLICYTRAIL_<NAME>.
CONVENTIONAL_NAMES = {"database_url": "DATABASE_URL", "port": "PORT"}


def _setting(default: Any, sentence: str) -> Any:
    return field(default=default, metadata={"sentence": sentence})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a process, read once at its start."""

    database_url: str = _setting(
        "", "URL of the PostgreSQL database; empty for the embedded one in the data directory."
    )
    data_dir: Path = _setting(
        Path(".policytrail"), "Directory for the data of the embedded PostgreSQL and the admin key of `make run`."
    )
    host: str = _setting("127.0.0.1", "Address on which the API listens.")
    port: int = _setting(8000, "Port on which the API listens.")
    workers: int = _setting(2, "API processes; start with one a core.")
    public_read: bool = _setting(False, "Allow reading without a key; `make run` turns it on.")  # noqa: FBT003 (a default, not a flag argument)
    public_deleted: bool = _setting(False, "Allow reading the versions of deleted events without a key, too.")  # noqa: FBT003 (as above)
    pool_size: int = _setting(
        10,
        "Maximum number of database connections a process; half as many searches for words run, a quarter without key.",
    )
    pool_wait: float = _setting(1.5, "Seconds a request waits for a database connection before it gets 503.")
    statement_timeout: float = _setting(5.0, "Timeout of one SQL statement in a request that reads, in seconds.")
    write_statement_timeout: float = _setting(
        10.0, "Timeout of one SQL statement in a request that writes, in seconds."
    )
    export_statement_timeout: float = _setting(300.0, "Timeout of one SQL statement in an export, in seconds.")
    export_timeout: float = _setting(3600.0, "Timeout of a whole export, in seconds, including a slow reader.")
    import_statement_timeout: float = _setting(60.0, "Timeout of one SQL statement in an import, in seconds.")
    max_import_bytes: int = _setting(
        10_737_418_240, "Maximum size of an import in bytes, compressed and decompressed; a larger one gets 413."
    )
    max_import_errors: int = _setting(
        100_000, "Maximum number of errors that the service stores for one import; further ones are only counted."
    )
    max_import_refused: int = _setting(
        10_000, "Number of refused rows from which an import ends if they are more than half of its rows."
    )
    max_imports: int = _setting(2, "Maximum number of concurrent imports a process; further ones get 503.")
    max_exports: int = _setting(4, "Maximum number of concurrent exports a process; each holds a database connection.")
    rate_limit: str = _setting("6000/minute", "Rate limit of a key; empty for no limit.")
    public_rate_limit: str = _setting("600/minute", "Rate limit of an address without a key; empty for no limit.")
    webhook_test_rate_limit: str = _setting(
        "60/minute", "Rate limit of the webhook tests of a key; empty for no limit."
    )
    rate_limit_storage: str = _setting(
        "memory://",
        "Counter of requests: `memory://` for each process by itself, or the URL of a Redis or Valkey for all.",
    )
    trusted_proxies: int = _setting(
        0, "Number of proxies in front that append to X-Forwarded-For and X-Forwarded-Proto; at 0 both are ignored."
    )
    client_timeout: float = _setting(
        60.0, "Seconds a client may stall while it sends or reads before its connection is closed."
    )
    body_timeout: float = _setting(
        30.0, "Seconds within which a whole request body must arrive, except that of an import; a slower one gets 408."
    )
    max_connections_per_address: int = _setting(
        800,
        "Maximum number of busy connections a process from one address; more get 429. 0, or proxies, for no limit.",
    )
    max_body_bytes: int = _setting(1_048_576, "Maximum size of a request body in bytes; a larger one gets 413.")
    max_nesting: int = _setting(64, "Maximum nesting of objects and arrays in a body; a deeper one gets 400.")
    max_array: int = _setting(
        10_000, "Maximum number of members of an array or object in a body; a larger one gets 422."
    )
    max_text: int = _setting(
        100_000, "Maximum length of a string in a body; a longer one gets 422. Most fields have lower limits."
    )
    max_request_line: int = _setting(
        8190, "Maximum length of a request's first line, with path and query, in bytes; a longer one gets 414."
    )
    max_headers: int = _setting(100, "Maximum number of headers in a request; more get 431.")
    max_header_bytes: int = _setting(8190, "Maximum size of one header in bytes; a larger one gets 431.")
    public_url: str = _setting("", "Public URL of the API for links in feeds; empty for the URL of each request.")
    page_size: int = _setting(20, "Default number of events on a page.")
    max_page_size: int = _setting(200, "Maximum number of events on a page.")
    feed_retention: int = _setting(90, "Days before an entry of the change feed is deleted; 0 for never.")
    max_followers: int = _setting(
        500, "Maximum number of requests a process that wait for changes, streams included; further ones get 503."
    )
    max_webhooks: int = _setting(1000, "Maximum number of webhooks a key; further ones get 409.")
    webhook_private_networks: str = _setting(
        "", "Networks that webhooks may reach beside the public internet, in CIDR notation, separated by commas."
    )
    webhook_http_networks: str = _setting(
        "",
        "Networks that webhooks may reach by plain HTTP, in the same notation; `make run` allows loopback.",
    )
    webhook_timeout: float = _setting(
        15.0, "Timeout of a delivery attempt, in seconds, from connect to complete response."
    )
    webhook_lease: float = _setting(
        30.0,
        "Seconds after which another worker takes over from a silent one; at least 1.25 and 1.25 times the timeout.",
    )
    webhook_slots: int = _setting(1000, "Maximum number of deliveries that a worker has in flight.")
    webhook_origin: str = _setting("policytrail", "Origin that a CloudEvents handshake sends to receivers.")
    delivery_retention: int = _setting(30, "Days before deliveries and their attempts are deleted; 0 for never.")
    secret_keys: str = _setting(
        "",
        "Keys that encrypt webhook secrets in the database, separated by commas: the first encrypts, all decrypt.",
    )
    worker_metrics_port: int = _setting(0, "Port on which a worker serves Prometheus metrics; 0 for none.")
    ranked_events: int = _setting(
        5_000, "Maximum number of events ranked per search (approximate); the rest are sorted by date."
    )
    synonyms: str = _setting(
        "", "Path of a file of synonyms for searches; a worker loads it, and again when it changes."
    )
    facet_exact: int = _setting(
        25_000, "Maximum number of matches with exact facet counts; above it, counts are estimated from a sample."
    )
    facet_sample: int = _setting(10_000, "Size of the sample for facet counts (approximate).")
    facet_patience: float = _setting(0.8, "Seconds for the facet counts of a request before a smaller sample is used.")
    cors_origins: str = _setting(
        "", "Origins whose pages may call the API from a browser, separated by commas; `*` for all, empty for none."
    )
    otel: bool = _setting(False, "Send OpenTelemetry spans; needs the extra `otel`.")  # noqa: FBT003 (as above)
    log_level: str = _setting("INFO", "Minimum severity of log lines: DEBUG, INFO, WARNING or ERROR.")


def environment_name(name: str) -> str:
    """Return the environment variable of the setting `name`."""
    return CONVENTIONAL_NAMES.get(name, f"POLICYTRAIL_{name.upper()}")


def load_settings(**overrides: Any) -> Settings:
    """Return settings from the environment and `overrides`. environs.EnvError names a variable of the wrong type."""
    env = Env()
    readers: dict[Any, Any] = {str: env.str, int: env.int, float: env.float, bool: env.bool, Path: env.path}
    values = {
        setting.name: readers[setting.type](environment_name(setting.name), setting.default)
        for setting in fields(Settings)
        if setting.name not in overrides
    }
    return Settings(**values, **overrides)
