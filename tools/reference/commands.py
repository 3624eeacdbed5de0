"""The commands, from click, as `--help` prints them."""

from collections.abc import Iterator, Mapping

import click

from service.cli.main import main

#: The width of the help texts, in characters.
_WIDTH = 100

#: The page that shows a command at work, and the operation over HTTP that does the same.
SEE: Mapping[str, str] = {
    "erase": "[Operate the service](../operate.md#erase-an-event).",
    "export": "[Export events](../export.md); over HTTP `GET /v1/events.ndjson` and [its like](http.md#exports).",
    "feed new-generation": "[Operate the service](../operate.md#restore-a-backup).",
    "import": "[Import events](../import.md); over HTTP [`POST /v1/imports`](http.md#imports).",
    "index": "[Operate the service](../operate.md#rebuild-the-search-index).",
    "keys create": "[Operate the service](../operate.md#create-api-keys); over HTTP [`POST /v1/keys`](http.md#keys).",
    "keys list": "Over HTTP [`GET /v1/keys`](http.md#keys).",
    "keys publish": "[Operate the service](../operate.md#create-api-keys).",
    "keys revoke": "Over HTTP [`DELETE /v1/keys/{key_id}`](http.md#keys).",
    "mapping check": "[Import any CSV with a mapping](../mappings.md).",
    "migrate": "[Operate the service](../operate.md#deploy).",
    "mirror": "[Follow changes](../follow.md#keep-a-copy); over HTTP [`GET /v1/changes`](http.md#changes).",
    "openapi": "[HTTP operations](http.md); over HTTP [`GET /openapi.yaml`](http.md#catalog).",
    "postman": "[HTTP operations](http.md).",
    "run": "[Quickstart](../quickstart.md).",
    "seed": "[Operate the service](../operate.md#deploy).",
    "status": "[Operate the service](../operate.md#check-the-state).",
    "synonyms": "[Operate the service](../operate.md#add-synonyms).",
    "work": "[Receive webhooks](../webhooks.md); [Operate the service](../operate.md#deploy).",
}


def commands() -> str:
    """Return a section for each command: its help text, and where to read on."""
    return "\n\n".join(
        f"## policytrail {name}\n\nSee {SEE[name]}\n\n```text\n{_help(name, command)}\n```"
        for name, command in leaf_commands()
    )


def leaf_commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command that is no group, with its name as typed after `policytrail`."""
    yield from _leaves("", main)


def _leaves(prefix: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _leaves(f"{prefix}{name} ", command)
        else:
            yield prefix + name, command


def _help(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"policytrail {name}", terminal_width=_WIDTH, max_content_width=_WIDTH)
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
