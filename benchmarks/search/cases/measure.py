"""The queries and titles, searched in the database of the trackers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import servers
from benchmarks.databases import make_key
from benchmarks.search.cases.answers import Result, searcher, try_kind
from benchmarks.search.cases.queries import read_kinds
from benchmarks.search.cases.titles import TitleRecall, find_titles, read_titles
from benchmarks.search.client import Client


@dataclass(frozen=True)
class Answers:
    """The results of queries by kind, and of titles by tracker."""

    kinds: Sequence[Result]
    titles: Mapping[str, TitleRecall]


def run(url: str, *, names: Collection[str] = (), step: int = 1) -> Answers:
    """Search the trackers at `url` for the queries of some kinds, or of all, and for each `step`-th title.

    With 0 as `step` no title is searched.
    """
    with servers.service(url) as address, Client(address, make_key(url)) as client:
        search = searcher(client)
        kinds = [try_kind(kind, search) for kind in read_kinds() if not names or kind.name in names]
        titles = {name: find_titles(all_[::step], search) for name, all_ in read_titles(url).items()} if step else {}
    return Answers(kinds, titles)
