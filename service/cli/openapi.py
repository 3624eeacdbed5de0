"""`policytrail openapi` and `policytrail postman`: descriptions of the API for other tools."""

from pathlib import Path

import click

from service.cli.common import output_option, print_or_write
from service.config import Settings


@click.command("openapi")
@output_option
def openapi_command(output: Path | None) -> None:
    """Print the OpenAPI description of the API."""
    from service import create_app
    from service.openapi.spec import to_yaml

    print_or_write(to_yaml(create_app(Settings())), output)


@click.command("postman")
@output_option
def postman_command(output: Path | None) -> None:
    """Print a Postman collection of the API."""
    from service import create_app
    from service.openapi.postman import render_collection
    from service.openapi.spec import build_spec

    print_or_write(render_collection(build_spec(create_app(Settings()))), output)
