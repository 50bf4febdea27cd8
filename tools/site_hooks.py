"""What MkDocs does besides: pages that are files of the repository's root."""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

INCLUDED = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Put the file in place of the page that stands for it."""
    name = INCLUDED.get(page.file.src_uri)
    if name is None:
        return markdown
    text = (ROOT / name).read_text("utf-8").replace("](docs/", "](")
    for own, included in INCLUDED.items():
        text = text.replace(f"]({included})", f"]({own})")
    return text
