"""The diagrams are drawn from the text beside them, and somebody shows them."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import PAGES
from tools.diagrams import LOOKS, is_current, picture_of, sources


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_a_diagram_was_drawn_from_its_text_as_it_is(source: Path) -> None:
    """``make diagrams`` draws them anew."""
    assert is_current(source)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_a_diagram_asks_nothing_of_other_servers(source: Path, look: str) -> None:
    picture = picture_of(source, look)

    for element in ET.parse(picture).iter():  # noqa: S314  # our own file
        assert not element.tag.endswith(("}foreignObject", "}image", "}script"))
        assert not any("//" in value for value in element.attrib.values())
        assert "url(http" not in (element.text or "")
        assert "@import" not in (element.text or "")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_a_diagram_is_on_a_page(source: Path, look: str) -> None:
    shown = f"images/{picture_of(source, look).name}#only-{look})"

    assert any(shown in page.read_text("utf-8") for page in PAGES)
