"""The columns of figures and of the agenda, whose rows are flat already. docs/export.md has the same tables."""

from service.exports.columns import Column, Kind


def _column(name: str, sentence: str, kind: Kind = Kind.TEXT) -> Column:
    return Column(name, kind, lambda row: row[name], sentence, is_read=False)


_EVENT = (
    _column("event_id", "The event's id."),
    _column("event_title", "The event's title."),
    _column("event_type", "Kind of event."),
    _column("event_status", "Where the policy stands."),
)

FIGURES: tuple[Column, ...] = (
    *_EVENT,
    _column("event_date", "The event's main date, EDTF."),
    _column("event_date_earliest", "First day that the main date can mean.", Kind.DAY),
    _column("event_date_latest", "Last day that the main date can mean.", Kind.DAY),
    _column("figure_id", "The figure's id within the event."),
    _column("measure", "What the figure measures."),
    _column("label", "The same in words."),
    _column("comparator", "How the true value relates to the value."),
    _column("value", "The value, exact."),
    _column("currency", "The currency, ISO 4217."),
    _column("unit", "The unit."),
    _column("value_type", "How the value is meant: actual, estimate, target, commitment, forecast."),
    _column("period", "The period that it is of, EDTF."),
    _column("period_earliest", "First day of the period.", Kind.DAY),
    _column("period_latest", "Last day of the period.", Kind.DAY),
    _column("subject", "Id of the participant whom it is about."),
    _column("subject_name", "Name of the participant."),
    _column("subject_jurisdiction", "Jurisdiction of the participant."),
    _column("as_reported", "The figure in the words of its source."),
    _column("source_title", "Title of the first source that supports it."),
    _column("source_publisher", "Publisher of that source."),
    _column("source_url", "Address of that source."),
    _column("source_published", "When that source was published, EDTF."),
    _column("quote", "Its words."),
)

AGENDA: tuple[Column, ...] = (
    *_EVENT,
    _column("group", "overdue, this_month, later or undated."),
    _column("item", "The fact that is open: dates/launch, statements/promise."),
    _column("kind", "What is to happen on the date, or commitment."),
    _column("modality", "expected or deadline; pending of a commitment."),
    _column("edtf", "The date as far as it is known, EDTF."),
    _column("earliest", "First day that the date can mean.", Kind.DAY),
    _column("due", "Last day that the date can mean; overdue after it.", Kind.DAY),
    _column("days", "Days from today until then; below zero where it is overdue.", Kind.INTEGER),
    _column("text", "What was promised."),
    _column("speaker", "Who promised it."),
    _column("parties", "Jurisdictions of the event's parties.", Kind.LIST),
)
