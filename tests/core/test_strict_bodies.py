"""JSON and forms that are read the way RFC 8259 and RFC 6749 have them."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from fastauth_kit.core.forms import document_body
from tests.core.test_auth_route import FORM, JSON, Body, assert_problem, build

SECRET = "s3cret-that-is-not-echoed"
GOOD = {"email": "ada@example.com", "password": SECRET}
BOUNDARY = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an app that needs no database."""
    transport = httpx2.ASGITransport(build())
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client


def part(name: str, value: str, extra: str = "") -> str:
    disposition = f'Content-Disposition: form-data; name="{name}"{extra}'
    return f"--b\r\n{disposition}\r\n\r\n{value}\r\n"


# -- JSON ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/json", "/either"])
async def test_good_json_is_read(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.post(path, json=GOOD)).json() == GOOD


BAD_JSON = {
    "not JSON": b"{",
    "NaN": b'{"email": NaN, "password": "s3cret-that-is-not-echoed"}',
    "Infinity": b'{"email": -Infinity}',
    "a field twice": b'{"email": "a", "email": "b"}',
    "not UTF-8": b'{"email": "\xff"}',
    "UTF-16": '{"email": "a"}'.encode("utf-16"),
    "33 levels": b"[" * 33 + b"]" * 33,
    "30000 levels": b"[" * 30000 + b"]" * 30000,
    "5000 digits": b'{"email": ' + b"9" * 5000 + b"}",
    "NUL": b'{"email": "a", "password": "s3cret-that-is-not-echoed\\u0000"}',
    "NUL in a name": b'{"a\\u0000": "s3cret-that-is-not-echoed"}',
    "half a pair": b'{"email": "\\ud800", "password": "s3cret-that-is-not-echoed"}',
    "half a pair, deep": b'{"email": ["\\udfff"]}',
    "a list": b"[]",
    "null": b"null",
    "a number for text": b'{"email": 1, "password": "s3cret-that-is-not-echoed"}',
    "a field missing": b'{"password": "s3cret-that-is-not-echoed"}',
}


@pytest.mark.parametrize("path", ["/json", "/either"])
@pytest.mark.parametrize("content", BAD_JSON.values(), ids=BAD_JSON)
async def test_bad_json_is_a_422_that_repeats_nothing(
    client: httpx2.AsyncClient, path: str, content: bytes
) -> None:
    answer = await client.post(path, content=content, headers=JSON)

    assert_problem(answer, 422, "validation_error")
    assert SECRET not in answer.text
    assert not [item for item in answer.json()["detail"] if "input" in item]


async def test_the_place_of_bad_text_is_named(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/json", content=b'{"email": ["a", "\\u0000"]}', headers=JSON)

    assert [item["loc"] for item in answer.json()["detail"]] == [["body", "email", 1]]


@pytest.mark.parametrize(
    "content",
    [
        b'{"%s": [%s]}' % (b"k" * 32_000, b",".join([b'"\\u0000"'] * 3500)),
        b'{"%s": [%s]}' % (b"k" * 60, b",".join([b'"\\ud800"'] * 7000)),
        b'{"%s": "\\u0000"}' % (b"\\u001b" * 10_000),
    ],
)
async def test_the_answer_to_bad_text_stays_small(
    client: httpx2.AsyncClient, content: bytes
) -> None:
    """Every bad place with its whole path was two thousand times the request."""
    answer = await client.post("/json", content=content, headers=JSON)

    assert_problem(answer, 422, "validation_error")
    assert len(answer.json()["detail"]) == 1
    assert len(answer.content) < 500


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", ""])
@pytest.mark.parametrize("path", ["/json", "/either"])
async def test_json_under_another_name_is_refused(
    client: httpx2.AsyncClient, path: str, media_type: str
) -> None:
    """A page of another origin can send text/plain without asking (CORS)."""
    content = b'{"email": "a", "password": "s3cret-that-is-not-echoed"}'
    answer = await client.post(path, content=content, headers={"Content-Type": media_type})

    assert_problem(answer, 422, "validation_error")
    assert SECRET not in answer.text


@pytest.mark.parametrize("media_type", ["application/problem+json", "Application/JSON; charset=x"])
async def test_json_with_a_longer_name_is_read(client: httpx2.AsyncClient, media_type: str) -> None:
    content = b'{"email": "a", "password": "b"}'
    answer = await client.post("/either", content=content, headers={"Content-Type": media_type})

    assert answer.json() == {"email": "a", "password": "b"}


# -- forms -----------------------------------------------------------------------------


async def test_a_form_is_read_under_its_own_names(client: httpx2.AsyncClient) -> None:
    fields = {"grant_type": "password", "username": "ada@example.com", "password": SECRET}

    assert (await client.post("/either", data=fields)).json() == GOOD


async def test_a_multipart_form_is_read(client: httpx2.AsyncClient) -> None:
    content = part("username", "ada@example.com") + part("password", SECRET) + "--b--\r\n"
    answer = await client.post("/either", content=content.encode(), headers=BOUNDARY)

    assert answer.json() == GOOD


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"Utf-8"'])
async def test_a_multipart_form_may_say_that_it_is_utf_8(
    client: httpx2.AsyncClient, charset: str
) -> None:
    content = part("username", "é") + part("password", SECRET) + "--b--\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"}
    answer = await client.post("/either", content=content.encode(), headers=headers)

    assert answer.json() == {**GOOD, "email": "é"}


CODECS = ["undefined", "punycode", "idna", '"IDNA"', "utf-8; CHARSET=idna", "rot13", "latin-1", ""]


@pytest.mark.parametrize("charset", CODECS)
async def test_a_client_does_not_pick_the_codec_of_a_multipart_form(
    client: httpx2.AsyncClient, charset: str
) -> None:
    """Python has codecs that raise errors of their own, and ``idna`` takes minutes."""
    content = part("username", "a" * 60_000) + part("password", "\xff") + "--b--\r\n"
    headers = {"Content-Type": f"Multipart/Form-Data; boundary=b; charset={charset}"}
    answer = await client.post("/either", content=content.encode("latin-1"), headers=headers)

    assert_problem(answer, 422, "validation_error")
    assert [item["loc"] for item in answer.json()["detail"]] == [["header", "content-type"]]


async def test_the_parts_of_a_form_do_not_pick_a_codec_either(client: httpx2.AsyncClient) -> None:
    typed = '"\r\nContent-Type: text/plain; charset=punycode'
    disposition = 'Content-Disposition: form-data; name="'
    content = part("_charset_", "punycode") + part("password", SECRET)
    content += f"--b\r\n{disposition}username{typed}\r\n\r\né\r\n--b--\r\n"
    answer = await client.post("/either", content=content.encode(), headers=BOUNDARY)

    assert answer.json() == {**GOOD, "email": "é"}


async def test_a_form_with_a_field_under_both_of_its_names_is_ambiguous(
    client: httpx2.AsyncClient,
) -> None:
    """A limiter that reads one of them must not be shown another account's."""
    fields = {"username": "ada@example.com", "email": "bob@example.com", "password": SECRET}
    answer = await client.post("/either", data=fields)

    assert_problem(answer, 400, "ambiguous_credentials")


async def test_a_form_has_no_field_under_its_name_in_json(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/either", data={"email": "ada@example.com", "password": SECRET})

    assert_problem(answer, 422, "validation_error")
    assert [(item["type"], item["loc"]) for item in answer.json()["detail"]] == [
        ("missing", ["body", "username"])
    ]


async def test_another_grant_is_refused(client: httpx2.AsyncClient) -> None:
    fields = {"grant_type": "client_credentials", "username": "a", "password": "b"}
    answer = await client.post("/either", data=fields)

    assert_problem(answer, 400, "unsupported_grant_type")


@pytest.mark.parametrize("field", ["username", "password", "grant_type"])
async def test_a_repeated_field_is_ambiguous(client: httpx2.AsyncClient, field: str) -> None:
    content = f"username=a&password=b&grant_type=password&{field}=x"
    answer = await client.post("/either", content=content.encode(), headers=FORM)

    assert_problem(answer, 400, "ambiguous_credentials")


MANY = "".join(part(f"a{number}", "") for number in range(1001)) + "--b--\r\n"

BAD_FORMS = {
    "NUL": ("username=a%00&password=s3cret-that-is-not-echoed", FORM),
    "NUL in a name": ("a%00=s3cret-that-is-not-echoed", FORM),
    "a field missing": ("password=s3cret-that-is-not-echoed", FORM),
    "nothing": ("", FORM),
    "a file": (part("password", SECRET, '; filename="f"') + "--b--\r\n", BOUNDARY),
    "no boundary": ("--b", {"Content-Type": "multipart/form-data"}),
    "another boundary": ("--c\r\n\r\n", BOUNDARY),
    "no disposition": ("--b\r\n\r\nx\r\n--b--\r\n", BOUNDARY),
    "an unknown encoding": (
        part("password", SECRET) + "--b--\r\n",
        {"Content-Type": "multipart/form-data; boundary=b; charset=none"},
    ),
    "1001 fields": (MANY, BOUNDARY),
}


@pytest.mark.parametrize(("content", "headers"), BAD_FORMS.values(), ids=BAD_FORMS)
async def test_a_bad_form_is_a_422_that_repeats_nothing(
    client: httpx2.AsyncClient, content: str, headers: dict[str, str]
) -> None:
    answer = await client.post("/either", content=content.encode(), headers=headers)

    assert_problem(answer, 422, "validation_error")
    assert SECRET not in answer.text
    assert not [item for item in answer.json()["detail"] if "input" in item]


async def test_a_refused_form_is_refused_again(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/stubborn", content=b"a=1&a=2", headers=FORM)

    assert_problem(answer, 400, "ambiguous_credentials")


# -- OpenAPI ---------------------------------------------------------------------------


def test_a_body_in_either_encoding_is_documented_twice() -> None:
    body = document_body(Body, grant_type="password", renamed={"username": "email"})

    content = body["requestBody"]["content"]
    form = content["application/x-www-form-urlencoded"]["schema"]
    assert set(form["properties"]) == {"grant_type", "username", "password"}
    assert form["required"] == ["username", "password"]
    assert set(content["application/json"]["schema"]["properties"]) == {"email", "password"}
