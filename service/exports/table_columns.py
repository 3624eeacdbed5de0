"""The columns of figures and of the agenda, whose rows are flat. docs/export.md has the same tables."""

from service.exports.columns import Column, ColumnKind


def _column(name: str, sentence: str, kind: ColumnKind = ColumnKind.TEXT) -> Column:
    return Column(name, kind, lambda row: row[name], sentence, is_read=False)


_EVENT = (
    _column("event_id", "The event's id."),
    _column("event_title", "The event's title."),
    _column("event_type", "Kind of event."),
    _column("event_status", "Status of the policy."),
)

FIGURES: tuple[Column, ...] = (
    *_EVENT,
    _column("event_date", "The event's main date, EDTF."),
    _column("event_date_earliest", "First possible day of the main date.", ColumnKind.DAY),
    _column("event_date_latest", "Last possible day of the main date.", ColumnKind.DAY),
    _column("figure_id", "The figure's id within the event."),
    _column("measure", "Measure of the figure."),
    _column("label", "The measure in words."),
    _column("comparator", "Relation of the true value to the value."),
    _column("value", "The value, exact; of a range the least."),
    _column("value_max", "The greatest value of a range."),
    _column("currency", "The currency, ISO 4217."),
    _column("unit", "The unit."),
    _column("value_type", "Type of the value: actual, estimate, target, commitment, forecast."),
    _column("period", "Period of the figure, EDTF."),
    _column("period_earliest", "First day of the period.", ColumnKind.DAY),
    _column("period_latest", "Last day of the period.", ColumnKind.DAY),
    _column("subject", "Id of the participant that the figure is about."),
    _column("subject_name", "Name of the participant."),
    _column("subject_jurisdiction", "Jurisdiction of the participant."),
    _column("as_reported", "The figure in the words of its source."),
    _column("source_title", "Title of the first source that supports it."),
    _column("source_publisher", "Publisher of that source."),
    _column("source_url", "Address of that source."),
    _column("source_published", "Publication date of that source, EDTF."),
    _column("quote", "Quote from that source."),
)

AGENDA: tuple[Column, ...] = (
    *_EVENT,
    _column("group", "overdue, this_month, later or undated."),
    _column("item", "The open fact, such as dates/launch or statements/promise."),
    _column("kind", "Kind of the date, or commitment."),
    _column("modality", "expected or deadline; pending of a commitment."),
    _column("edtf", "The date, EDTF."),
    _column("earliest", "First possible day of the date.", ColumnKind.DAY),
    _column("due", "Last possible day of the date; the item is overdue after it.", ColumnKind.DAY),
    _column("days", "Days from today until `due`; negative if overdue.", ColumnKind.INTEGER),
    _column("text", "Text of the commitment."),
    _column("speaker", "Speaker of the commitment."),
    _column("parties", "Jurisdictions of the event's parties.", ColumnKind.LIST),
)
