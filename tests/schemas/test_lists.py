"""The parameters of lists."""

from schemas.lists import MOST_SIZE, USUAL_SIZE
from service.config import Settings


def test_the_sizes_of_pages_in_descriptions_are_those_of_the_settings() -> None:
    settings = Settings(database_url="")
    assert (settings.page_size, settings.max_page_size) == (USUAL_SIZE, MOST_SIZE)
