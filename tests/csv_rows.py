"""Rows of CSV files, as another program reads them."""

import csv
import io
from typing import Any

from service.exports.export import FileFormat, write_documents
from service.strict_json import render


def rows_of(*records: dict[str, Any], bom: bool = False) -> list[dict[str, str]]:
    """Return the rows that another program reads from the records as CSV."""
    batches = [[render(record) for record in records]]
    text = b"".join(write_documents(FileFormat("csv", bom=bom), batches)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
