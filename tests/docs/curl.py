"""The few options of curl that quickstart and demo use, for machines without it."""

import argparse
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen


def main() -> int:
    """Send one request and print the answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-o", type=Path)
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data", action="append", default=[])
    parser.add_argument("--json")
    parser.add_argument("url")
    given = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in given.headers)
    headers["User-Agent"] = "curl/0"
    body = "&".join(given.data).encode() if given.data else None
    if given.json is not None:
        headers["Content-Type"] = "application/json"
        body = given.json.encode()
    url = f"http://{given.url.removeprefix('http://')}"
    request = Request(url, body, headers, method=given.method)
    try:
        with urlopen(request) as answer:  # noqa: S310  # http, as written
            content = answer.read()
    except HTTPError as error:
        content = error.read()
    except URLError:
        return 7
    if given.o is not None:
        given.o.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
