"""The command in the tests' process, and a small mapping."""

from click.testing import CliRunner, Result

from service.cli.main import main

MAPPING = """
name = "A list of laws"

[event]
title = "{Name}"
event_type = "legislation"

[[event.external_ids]]
scheme = "laws"
value = "{No}"

[[event.participants]]
name = "{State}"
role = "party"
jurisdiction = { column = "State", as = "jurisdiction" }

[[event.dates]]
kind = "adopted"
edtf = { column = "Adopted", date = "dd.mm.yyyy" }
modality = "actual"

[[event.topics]]
id = "law"

[[event.sources]]
type = "data_set"

[topics]
law = "law"
"""


def command(database: str, *arguments: object, content: bytes = b"") -> Result:
    """Run `policytrail` with the arguments on a database, and return its result."""
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, words, input=content, env={"DATABASE_URL": database})
