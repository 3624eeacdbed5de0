"""The settings, from service/config.py."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path

from service.config import Settings, environment_name
from tools.reference.markdown import table

#: The settings in the groups in which a reader looks for them.
GROUPS: Mapping[str, Sequence[str]] = {
    "Process and address": (
        *("data_dir", "host", "port", "workers", "public_url", "public_read", "public_deleted"),
        *("log_level", "otel"),
    ),
    "Database": (
        *("database_url", "pool_size", "pool_wait", "statement_timeout", "write_statement_timeout"),
        *("export_statement_timeout", "import_statement_timeout"),
    ),
    "Request limits": (
        *("rate_limit", "public_rate_limit", "rate_limit_storage", "trusted_proxies", "client_timeout"),
        *("body_timeout", "max_connections_per_address"),
        *("max_body_bytes", "max_nesting", "max_array", "max_text", "max_request_line", "max_headers"),
        *("max_header_bytes", "cors_origins"),
    ),
    "Lists and search": (
        *("page_size", "max_page_size", "ranked_events", "synonyms", "facet_exact", "facet_sample", "facet_patience"),
    ),
    "Imports and exports": (
        *(
            "max_imports",
            "max_import_bytes",
            "max_import_errors",
            "max_import_refused",
            "max_exports",
            "export_timeout",
        ),
    ),
    "Change feed": ("feed_retention", "max_followers"),
    "Webhooks": (
        *(
            "max_webhooks",
            "webhook_test_rate_limit",
            "webhook_timeout",
            "webhook_lease",
            "webhook_slots",
            "webhook_origin",
        ),
        *("webhook_private_networks", "webhook_http_networks", "delivery_retention", "secret_keys"),
        *("worker_metrics_port",),
    ),
}

_TYPES = {str: "text", int: "integer", float: "number", bool: "true or false", Path: "path"}


def settings() -> str:
    """Return a table of settings for each group."""
    known = {setting.name: setting for setting in fields(Settings)}
    return "\n\n".join(
        f"## {title}\n\n{table(('Variable', 'Type', 'Default', 'Meaning'), [_row(known[name]) for name in names])}"
        for title, names in GROUPS.items()
    )


def _row(setting: Field[object]) -> tuple[str, str, str, str]:
    default = str(setting.default).lower() if isinstance(setting.default, bool) else str(setting.default)
    return (
        f"`{environment_name(setting.name)}`",
        _TYPES[setting.type],  # type: ignore[index]  # the settings' annotations are types
        f"`{default}`" if default else "",
        setting.metadata["sentence"],
    )
