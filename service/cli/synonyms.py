"""`policytrail synonyms`: a check of the operator's file of synonyms."""

from pathlib import Path

import click


@click.command("synonyms")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def synonyms_command(file: Path) -> None:
    """Check FILE, a file of synonyms, and print the number of its terms. Nothing is stored.

    Exits with 1 and all wrong lines if the service would refuse the file.
    """
    from service.search.synonyms.synonym_file import read_synonyms

    pairs = read_synonyms(file)
    keys = {key for key, other in pairs if other}
    without = {key for key, other in pairs if not other}
    click.echo(f"{len(keys):,} terms have synonyms, and {len(without):,} have none whatever the events say.")
