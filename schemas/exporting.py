"""In which form many records are asked for."""

from typing import Any

from schemas.base import RequestSchema
from schemas.representation import Choice, Flag

#: What events can be had as; `json` is pages of them.
EVENT_FORMATS = ("json", "ndjson", "csv", "parquet", "atom", "jsonfeed", "ical")
#: The same of figures, and of the agenda.
FIGURE_FORMATS = ("json", "ndjson", "csv", "parquet")
AGENDA_FORMATS = ("json", "csv", "ical")

_FORMAT = (
    "The form of the answer, before what Accept says. `ndjson`, `csv` and `parquet` hold all that match; `atom`,"
    " `jsonfeed` and `ical` are feeds of the newest."
)


def format_query(names: tuple[str, ...], description: str = _FORMAT) -> dict[str, Any]:
    """The parameters that choose a form among `names`."""
    return {
        "format": Choice(names, metadata={"description": description}),
        "bom": Flag(
            load_default=False,
            metadata={
                "description": "Begin CSV with a byte order mark, without which Excel takes it for another encoding."
            },
        ),
    }


class FormatQuerySchema(RequestSchema):
    """In what form events are asked for."""

    format, bom = format_query(EVENT_FORMATS).values()
