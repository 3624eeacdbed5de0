"""/problems: what the `type` of a problem points at."""

from flask import Blueprint, Response

from schemas.meta import ProblemTypeSchema
from service.errors import NotFound
from service.http.operation import JSON, operation
from service.http.problems import STATUS, title_of
from service.strict_json import render

problem_types = Blueprint("problem_types", __name__, url_prefix="/problems")

_TYPES = {
    error.code: render({"type": f"/problems/{error.code}", "title": title_of(error), "status": status})
    for error, status in STATUS.items()
}


@problem_types.get("/<code>")
@operation(returns=(200, ProblemTypeSchema), also=[NotFound])
def get_problem_type(code: str) -> Response:
    """Say what a type of problem means."""
    if code not in _TYPES:
        raise NotFound(f"There is no type of problem {code}.")
    return Response(_TYPES[code], content_type=JSON, headers={"Cache-Control": "public, max-age=300"})
