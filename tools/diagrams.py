"""Draws the diagrams of the documentation: ``docs/diagrams/*.mmd`` to ``docs/images/*.svg``.

The site must not fetch anything from elsewhere, and Material's own way of drawing
Mermaid does. So they are drawn once, by the Chromium of this machine, for light and for
dark pages. Each picture says of what text it was made, so that a test notices a change.

    python -m tools.diagrams path/to/mermaid.min.js
"""

import hashlib
import re
import sys
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
SOURCES = DOCS / "diagrams"
IMAGES = DOCS / "images"

LOOKS: dict[str, dict[str, str]] = {
    "light": {
        "primaryColor": "#e8eaf6",
        "primaryBorderColor": "#3f51b5",
        "primaryTextColor": "#1a1c2c",
        "lineColor": "#4a4f6a",
        "clusterBkg": "#f7f7fc",
        "clusterBorder": "#9fa8da",
        "edgeLabelBackground": "#ffffff",
    },
    "dark": {
        "primaryColor": "#2f3452",
        "primaryBorderColor": "#9fa8da",
        "primaryTextColor": "#eceef8",
        "lineColor": "#b6bbd6",
        "clusterBkg": "#252838",
        "clusterBorder": "#5c6bc0",
        "edgeLabelBackground": "#1f2129",
    },
}

_DRAW = """
async ([name, source, variables]) => {
    mermaid.initialize({
        startOnLoad: false, securityLevel: "strict", theme: "base", look: "classic",
        deterministicIds: true, htmlLabels: false, fontFamily: "system-ui, sans-serif",
        themeVariables: {...variables, fontSize: "15px"},
        flowchart: {
            htmlLabels: false, curve: "basis", padding: 10,
            nodeSpacing: 30, rankSpacing: 30, wrappingWidth: 500,
        },
    });
    return (await mermaid.render(name, source)).svg;
}
"""


def sources() -> list[Path]:
    """Return the diagrams as they are written."""
    return sorted(SOURCES.glob("*.mmd"))


def picture_of(source: Path, look: str) -> Path:
    """Return where the picture of a diagram is."""
    return IMAGES / f"{source.stem}-{look}.svg"


def mark_of(source: Path) -> str:
    """Return what a picture says of the text it was made of."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return f"<!-- {source.name} sha256 {digest} -->"


def is_current(source: Path) -> bool:
    """Whether both pictures of a diagram are of its text as it is."""
    pictures = [picture_of(source, look) for look in LOOKS]
    return all(
        picture.exists() and mark_of(source) in picture.read_text("utf-8") for picture in pictures
    )


def main(mermaid: Path) -> None:
    """Draw every diagram in both looks."""
    # tests look at the pictures without a browser
    from tools.browser import browser  # noqa: PLC0415

    with browser() as running:
        page = running.new_page()
        page.add_script_tag(path=str(mermaid))
        for source in sources():
            for look, variables in LOOKS.items():
                drawing = [f"{source.stem}-{look}", source.read_text("utf-8"), variables]
                picture = picture_of(source, look)
                picture.write_text(_kept(page.evaluate(_DRAW, drawing), source), "utf-8")
                print(picture.relative_to(DOCS.parent))


def _kept(svg: str, source: Path) -> str:
    """Give the picture a size of its own, which an ``<img>`` asks for, and its mark."""
    width, height = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', svg).groups()  # type: ignore[union-attr]  # Mermaid writes one
    sized = re.sub(
        r'\bwidth="100%"', f'width="{float(width):.0f}" height="{float(height):.0f}"', svg, count=1
    )
    return f"{sized}\n{mark_of(source)}\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
