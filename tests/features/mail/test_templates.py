"""How messages are worded, and by whom."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import jinja2
import pytest

from fastauth_kit import ConfigurationError
from fastauth_kit.features import password_reset
from fastauth_kit.features.mail import Mail, RecordingMailer, Template
from tests.mailing import PUBLIC_URL, text_of

RESET = Template("password_reset", password_reset.__name__)
LINK = "https://pages.example.com/reset#token=t"


def mail(folder: Path | None = None, **options: Any) -> Mail:
    given = {
        "mailer": RecordingMailer(),
        "sender": "Example <no-reply@example.com>",
        "public_url": PUBLIC_URL,
        "product_name": "Example",
        "templates": folder,
    }
    return Mail(**{**given, **options})


def compose(feature: Mail, locale: str | None = None, **values: Any) -> EmailMessage:
    return feature.compose(
        RESET,
        to="ada@example.com",
        locale=locale,
        now=datetime(2026, 11, 23, 12, tzinfo=UTC),
        values={"link": LINK, "minutes": 30, **values},
    )


def write(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def test_a_built_in_message_has_text_and_html() -> None:
    message = compose(mail())

    assert message["Subject"] == "Choose a new password for Example"
    assert f"\n{LINK}\n" in text_of(message)
    assert f'href="{LINK}"' in text_of(message, "html")
    assert "<title>Choose a new password for Example</title>" in text_of(message, "html")


def test_its_head_says_what_it_is() -> None:
    message = compose(mail())

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert sorted(message.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
        ]
    )


def test_two_messages_have_two_ids() -> None:
    assert compose(mail())["Message-ID"] != compose(mail())["Message-ID"]


def test_html_is_escaped_and_text_is_not() -> None:
    message = compose(mail(product_name="A <b> & B"))

    assert "A <b> & B" in text_of(message)
    assert "A &lt;b&gt; &amp; B" in text_of(message, "html")
    assert "<b>" not in text_of(message, "html")


def test_a_template_of_the_callers_comes_first(tmp_path: Path) -> None:
    write(tmp_path, "password_reset.txt", "Subject: Mine\n\nHere: {{ link }}\n")

    message = compose(mail(tmp_path))

    assert (message["Subject"], text_of(message)) == ("Mine", f"Here: {LINK}\n")


def test_html_is_never_of_another_origin_than_the_text(tmp_path: Path) -> None:
    write(tmp_path, "password_reset.txt", "Subject: Mine\n\nHere: {{ link }}\n")

    assert compose(mail(tmp_path)).get_body(("html",)) is None


def test_html_of_the_callers_is_taken_with_their_text(tmp_path: Path) -> None:
    write(tmp_path, "password_reset.txt", "Subject: Mine\n\nHere: {{ link }}\n")
    page = '{% extends "layout.html" %}{% block content %}<i>{{ link }}</i>{% endblock %}'
    write(tmp_path, "password_reset.html", page)

    html = text_of(compose(mail(tmp_path)), "html")

    assert f"<i>{LINK}</i>" in html
    assert "<title>Mine</title>" in html


def test_a_layout_of_the_callers_is_around_built_in_messages(tmp_path: Path) -> None:
    write(tmp_path, "layout.html", "<main>{% block content %}{% endblock %}</main>")

    html = text_of(compose(mail(tmp_path)), "html")

    assert html.startswith("<main>")
    assert LINK in html


@pytest.mark.parametrize(
    ("locale", "subject"),
    [
        ("de", "Deutsch"),
        ("de-AT", "Österreichisch"),
        ("de_CH", "Deutsch"),
        ("fr", "Mine"),
        (None, "Mine"),
        ("../de", "Mine"),
        ("de/../de", "Mine"),
        ("", "Mine"),
    ],
)
def test_the_language_of_the_user_comes_first(
    tmp_path: Path, locale: str | None, subject: str
) -> None:
    write(tmp_path, "password_reset.txt", "Subject: Mine\n\n-\n")
    write(tmp_path, "de/password_reset.txt", "Subject: Deutsch\n\n-\n")
    write(tmp_path, "de-AT/password_reset.txt", "Subject: Österreichisch\n\n-\n")

    assert compose(mail(tmp_path), locale)["Subject"] == subject


def test_what_is_not_translated_is_built_in(tmp_path: Path) -> None:
    write(tmp_path, "de/other.txt", "Subject: Deutsch\n\n-\n")

    assert compose(mail(tmp_path), "de")["Subject"] == "Choose a new password for Example"


def test_a_missing_folder_is_found_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no folder"):
        mail(tmp_path / "missing")


@pytest.mark.parametrize("name", ["password_reset.txt", "de/password_reset.txt", "layout.html"])
def test_a_template_that_cannot_be_read_is_found_at_start(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "Subject: x\n\n{{ link")

    with pytest.raises(ConfigurationError, match=f"the template {name} is wrong"):
        mail(tmp_path)


def test_html_without_text_is_found_at_start(tmp_path: Path) -> None:
    write(tmp_path, "de/password_reset.html", "<p>{{ link }}</p>")

    with pytest.raises(ConfigurationError, match=r"needs de/password_reset\.txt beside it"):
        mail(tmp_path)


def test_a_text_must_begin_with_a_subject(tmp_path: Path) -> None:
    write(tmp_path, "password_reset.txt", "Hello {{ link }}\n")

    with pytest.raises(ValueError, match="first line"):
        compose(mail(tmp_path))


def test_a_name_that_nobody_gives_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "password_reset.txt", "Subject: x\n\n{{ lnik }}\n")

    with pytest.raises(jinja2.UndefinedError):
        compose(mail(tmp_path))


@pytest.mark.parametrize(
    "hostile",
    [
        "x\r\nBcc: eve@example.com",
        "x\nBcc: eve@example.com",
        "x\rBcc: e",
        "x\x00y",
        "x\u2028Bcc: e",
    ],
)
def test_nothing_in_a_subject_becomes_a_header(tmp_path: Path, hostile: str) -> None:
    write(tmp_path, "password_reset.txt", "Subject: {{ link }}\n\nText\n")

    message = compose(mail(tmp_path), link=hostile)

    assert "Bcc" not in message
    assert b"\nBcc" not in message.as_bytes().partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    "hostile",
    ["a@example.com\r\nBcc: eve@example.com", "a\n@example.com", "a@example.com\nBcc:e@x"],
)
def test_an_address_with_a_line_break_is_no_address(hostile: str) -> None:
    feature = mail()
    with pytest.raises(ValueError, match="CR or LF"):
        feature.compose(
            RESET, to=hostile, locale=None, now=datetime.now(UTC), values={"link": "", "minutes": 1}
        )


def test_a_list_of_addresses_is_one_address() -> None:
    message = mail().compose(
        RESET,
        to="ada@example.com, eve@example.com",
        locale=None,
        now=datetime.now(UTC),
        values={"link": "", "minutes": 1},
    )

    (only,) = message["To"].addresses
    assert only.domain == "example.com"


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "Example",
        "a@example.com, b@example.com",
        "Example <no-reply@example.com>\r\nBcc: eve@example.com",
        "Example <no-reply@",
        "<>",
    ],
)
def test_a_sender_that_is_no_address_is_found_at_start(sender: str) -> None:
    with pytest.raises(ConfigurationError, match="sender must be one address"):
        mail(sender=sender)


def test_a_sender_needs_no_name() -> None:
    assert compose(mail(sender="no-reply@example.com"))["From"] == "no-reply@example.com"


@pytest.mark.parametrize("name", ["", "a\nb", "a\r"])
def test_the_name_of_the_product_is_a_line(name: str) -> None:
    with pytest.raises(ConfigurationError, match="product_name must be a line"):
        mail(product_name=name)


def test_the_mailer_must_be_one() -> None:
    with pytest.raises(ConfigurationError, match="mailer must be a Mailer"):
        mail(mailer=RecordingMailer)
