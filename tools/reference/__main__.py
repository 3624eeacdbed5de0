"""Write the generated parts of docs/. Run it through `make docs` or `make openapi`."""

from tools.reference.markdown import fill
from tools.reference.pages import RENDERERS, pages

if __name__ == "__main__":
    for page in pages():
        page.write_text(fill(page.read_text(), RENDERERS))
