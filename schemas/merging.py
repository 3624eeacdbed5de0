"""What a merge is asked with."""

from schemas.base import RequestSchema
from schemas.fields import Identifier


class MergeSchema(RequestSchema):
    """Which event the one in the address was found to be."""

    into = Identifier(required=True, metadata={"description": "The event that stays."})
