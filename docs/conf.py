"""The documentation as a site. `make docs` builds it with Sphinx from the Markdown files of the repository."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version as version_of

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "Policytrail"
release = version = version_of("policytrail")
html_title = f"{project} {release}"

extensions = ["myst_parser"]
myst_heading_anchors = 3
# The changelog and the decisions stand at the top of the repository, so the source is all of it.
include_patterns = [
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md"),
    *("docs/*.md", "docs/reference/*.md", "benchmarks/README.md", "benchmarks/*/README.md"),
]
exclude_patterns = [".*", "build", "tools"]

root_doc = "docs/index"
html_theme = "furo"
html_extra_path = ["site"]
html_copy_source = False
html_show_copyright = False

#: The pages in the order of the sidebar. The Markdown files hold no directives, so that they stay readable as they are.
NAVIGATION: Mapping[str, Sequence[str]] = {
    "Start": ("quickstart", "recipes"),
    "Tasks": ("find", "follow", "import", "mappings", "export", "webhooks", "operate"),
    "Reference": (
        *("reference/filters", "reference/query-syntax", "reference/columns", "reference/mapping-file"),
        *("reference/errors", "reference/http", "reference/commands", "reference/configuration"),
        "reference/monitoring",
    ),
    "Project": (
        *("upgrade", "/CHANGELOG", "/README", "/CONTRIBUTING", "/DECISIONS"),
        *("/benchmarks/README", "/benchmarks/search/README", "/benchmarks/feed/README"),
        *("/benchmarks/webhooks/README", "/benchmarks/bulk/README"),
    ),
}


def setup(app: Sphinx) -> None:
    """Add the navigation to the index, and show CSV as plain text."""
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", _add_navigation)


def _add_navigation(_: Sphinx, page: str, source: list[str]) -> None:
    if page == root_doc:
        source[0] += "".join(
            "\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(pages) + "\n```\n"
            for caption, pages in NAVIGATION.items()
        )
