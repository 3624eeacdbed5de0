"""Imports in bulk: their parameters, and their reports."""

from marshmallow import fields

from schemas.base import Flag, RequestSchema, ResponseSchema
from schemas.fields import Identifier, Timestamp, Word
from schemas.representation import Choice
from schemas.vocabulary import Vocabulary

#: Ways to deal with refused rows.
MODES = ("partial", "atomic")

#: Errors in one report. `errors_url` has all that were recorded.
MAX_REPORT_ERRORS = 1_000


class ImportState(Vocabulary):
    """State of an import."""

    RUNNING = "running", "Rows are being imported."
    DONE = "done", "All rows were processed; see `rows` for the result."
    FAILED = "failed", "The file could not be read to its end, or `mode=atomic` and a row was refused; see `reason`."
    INTERRUPTED = "interrupted", "The import ended early. Send the same file again to resume it."


class ImportQuerySchema(RequestSchema):
    """Parameters of an import."""

    mode = Choice(
        MODES,
        load_default="partial",
        metadata={"description": "`partial`: import the valid rows. `atomic`: import all rows or none."},
    )
    dry_run = Flag(
        load_default=False, metadata={"description": "Report the result of each row without changing anything."}
    )
    keep_edits = Flag(
        load_default=False,
        metadata={
            "description": "Leave an event as others have edited it if its row was imported before and has not changed."
        },
    )


class RowCountsSchema(ResponseSchema):
    """Numbers of rows by their result."""

    created = fields.Integer(required=True, metadata={"minimum": 0, "description": "Rows that created an event."})
    updated = fields.Integer(required=True, metadata={"minimum": 0, "description": "Rows that updated an event."})
    unchanged = fields.Integer(required=True, metadata={"minimum": 0, "description": "Rows that changed nothing."})
    refused = fields.Integer(
        required=True, metadata={"minimum": 0, "description": "Rows with errors, which were not imported."}
    )


class RowErrorSchema(ResponseSchema):
    """An error of a row."""

    line = fields.Integer(required=True, metadata={"minimum": 1, "description": "Line on which the row begins."})
    pointer = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "JSON pointer into the record; null where the whole row is wrong."},
    )
    column = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Columns of the table, separated by commas; null for NDJSON."},
    )
    detail = fields.String(required=True, metadata={"description": "Description of the error."})


class ImportSummarySchema(ResponseSchema):
    """An import without its errors."""

    id = Identifier(required=True)
    state = Word(ImportState, required=True)
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "Reason for which it failed or was interrupted."}
    )
    mode = fields.String(required=True, metadata={"enum": list(MODES)})
    dry_run = fields.Boolean(required=True)
    format = fields.String(required=True, metadata={"enum": ["ndjson", "csv"]})
    name = fields.String(required=True, allow_none=True, metadata={"description": "Name of the file; null over HTTP."})
    key = Identifier(metadata={"description": "Id of the API key; null where none was needed."})
    created_at = Timestamp(required=True)
    finished_at = Timestamp()
    line = fields.Integer(
        required=True,
        metadata={
            "minimum": 0,
            "description": "Rows up to this line are imported, refused, or deferred until a related event is read.",
        },
    )
    bytes = fields.Integer(
        required=True, metadata={"minimum": 0, "description": "Bytes of the decompressed file up to that line."}
    )
    rows = fields.Nested(RowCountsSchema, required=True)
    topics_created = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Topics created for records that keep their version and times."},
    )
    error_count = fields.Integer(
        required=True,
        metadata={
            "minimum": 0,
            "description": "Number of errors; those beyond POLICYTRAIL_MAX_IMPORT_ERRORS are counted, not recorded.",
        },
    )
    errors_url = fields.String(
        required=True, metadata={"format": "uri-reference", "description": "Address of all recorded errors as NDJSON."}
    )


class ImportSchema(ImportSummarySchema):
    """An import: its progress, the result of its rows and the first errors."""

    errors = fields.List(
        fields.Nested(RowErrorSchema),
        required=True,
        metadata={"description": f"The first {MAX_REPORT_ERRORS:,} errors, in the order of lines."},
    )
