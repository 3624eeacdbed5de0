"""Answers, as tests read them."""

from typing import Any

from werkzeug.test import TestResponse


def body(answer: TestResponse) -> Any:
    """The JSON value that was answered."""
    return answer.json
