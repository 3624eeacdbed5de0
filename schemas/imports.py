"""Imports in bulk: what is asked for, and what became of the rows."""

from marshmallow import fields

from schemas.base import Flag, RequestSchema, ResponseSchema
from schemas.fields import Identifier, Timestamp, Word
from schemas.representation import Choice
from schemas.vocabulary import Vocabulary

#: How rows that are refused are dealt with.
MODES = ("partial", "atomic")


class ImportState(Vocabulary):
    """What became of an import."""

    RUNNING = "running", "Rows are being taken."
    DONE = "done", "All rows were looked at; `rows` says what became of them."
    FAILED = "failed", "What was sent cannot be read on, or with `mode=atomic` a row was refused; `reason` says why."
    INTERRUPTED = "interrupted", "It ended before its end. Send the same again: it goes on where it ended."


class ImportQuerySchema(RequestSchema):
    """On what terms rows are taken."""

    mode = Choice(
        MODES,
        load_default="partial",
        metadata={"description": "`partial`: rows that are valid are taken. `atomic`: all rows, or none."},
    )
    dry_run = Flag(load_default=False, metadata={"description": "Only say what would become of each row."})
    keep_edits = Flag(
        load_default=False,
        metadata={"description": "A row that came before leaves its event as it is, whoever has changed it since."},
    )


class RowCountsSchema(ResponseSchema):
    """How many rows were taken, and how."""

    created = fields.Integer(required=True, metadata={"minimum": 0, "description": "Rows that made a new event."})
    updated = fields.Integer(required=True, metadata={"minimum": 0, "description": "Rows that changed an event."})
    unchanged = fields.Integer(
        required=True, metadata={"minimum": 0, "description": "Rows that say what their event says already."}
    )
    refused = fields.Integer(required=True, metadata={"minimum": 0, "description": "Rows that were not taken."})


class RowErrorSchema(ResponseSchema):
    """One thing wrong with a row."""

    line = fields.Integer(required=True, metadata={"minimum": 1, "description": "On which the row begins."})
    pointer = fields.String(
        required=True, allow_none=True, metadata={"description": "JSON pointer to the place in the record, if one."}
    )
    column = fields.String(
        required=True, allow_none=True, metadata={"description": "The columns of a table that it comes from."}
    )
    detail = fields.String(required=True)


class ImportSummarySchema(ResponseSchema):
    """An import without its errors."""

    id = Identifier(required=True)
    state = Word(ImportState, required=True)
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "Why it failed or was interrupted."}
    )
    mode = fields.String(required=True, metadata={"enum": list(MODES)})
    dry_run = fields.Boolean(required=True)
    format = fields.String(required=True, metadata={"enum": ["ndjson", "csv"]})
    name = fields.String(required=True, allow_none=True, metadata={"description": "Of the file, if it had one."})
    key = Identifier(metadata={"description": "Who sent it; null where no key was needed."})
    created_at = Timestamp(required=True)
    finished_at = Timestamp()
    line = fields.Integer(
        required=True,
        metadata={
            "minimum": 0,
            "description": "Up to this line each row was taken or refused, or waits for an event further down.",
        },
    )
    bytes = fields.Integer(
        required=True, metadata={"minimum": 0, "description": "Of the file, unpacked, up to that line."}
    )
    rows = fields.Nested(RowCountsSchema, required=True)
    topics_created = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Topics that records brought along which were restored with version and times."},
    )
    error_count = fields.Integer(
        required=True, metadata={"minimum": 0, "description": "Errors found; the first 100,000 are kept."}
    )
    errors_url = fields.String(
        required=True, metadata={"format": "uri-reference", "description": "Where they are read, as NDJSON."}
    )


class ImportSchema(ImportSummarySchema):
    """An import: how far it came, and what became of its rows."""

    errors = fields.List(
        fields.Nested(RowErrorSchema), required=True, metadata={"description": "The first 1,000, in order of lines."}
    )
