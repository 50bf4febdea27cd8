"""Which texts are keys, and what is said of those that must not be used."""

import json
import subprocess
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from fastauth_kit import ConfigurationError
from fastauth_kit.features.signing_keys import (
    SYMMETRIC,
    Algorithm,
    SigningKeys,
    generate_key,
    public_half,
)
from fastauth_kit.features.signing_keys.key import read_key
from tests.features.signing_keys.samples import ALGORITHMS, jwk, kid, pem, public_pem, raw, sample

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

RFC_7638 = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJ"
    "ECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY36"
    "8QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lF"
    "d2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
}

RFC_8037 = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


def signs(text: str | bytes) -> bool:
    """Whether what a key signs is good by its public half."""
    key = read_key(text, where="it")
    assert key.signer is not None
    token = jwt.encode({"sub": "1"}, key.signer.jwk, algorithm=key.signer.algorithm)
    return bool(jwt.decode(token, key.verifier.jwk, algorithms=[key.verifier.algorithm]))


@pytest.mark.parametrize(
    ("kind", "traditional", "algorithm"),
    [
        ("Ed25519", False, "EdDSA"),
        ("P-256", False, "ES256"),
        ("P-256", True, "ES256"),
        ("RSA 2048", False, "RS256"),
        ("RSA 2048", True, "RS256"),
    ],
)
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_pem_is_a_key_and_decides_the_algorithm(
    kind: str, traditional: bool, algorithm: str, as_bytes: bool
) -> None:
    text = pem(raw(kind), traditional=traditional)

    key = read_key(text.encode() if as_bytes else text, where="it")

    assert key.verifier.algorithm == algorithm
    assert signs(text)


@pytest.mark.parametrize("kind", ["Ed25519", "P-256", "RSA 2048"])
def test_both_halves_have_one_id_in_either_form(kind: str) -> None:
    private, public = pem(raw(kind)), public_pem(raw(kind))

    ids = {read_key(text, where="it").id for text in (private, public, public_half(private))}

    assert len(ids) == 1
    assert read_key(public, where="it").signer is None


def test_the_id_is_the_thumbprint_of_the_rfcs() -> None:
    """RFC 7638, section 3.1, and RFC 8037, appendix A.3."""
    rsa, ed25519 = (read_key(json.dumps(key), where="it") for key in (RFC_7638, RFC_8037))

    assert rsa.id == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert ed25519.id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_generated_key_is_one_line_and_one_of_a_kind(algorithm: Algorithm) -> None:
    one = sample(algorithm)

    assert "\n" not in one
    assert signs(one)
    assert kid(one) == read_key(one, where="it").id
    assert kid(one) != kid(sample(algorithm, "two"))


def test_a_generated_rsa_key_has_3072_bits() -> None:
    key = read_key(generate_key("RS256"), where="it")

    assert key.verifier.jwk.key.key_size == 3072


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"algorithm": "HS256"}, "algorithm must be one of EdDSA, ES256, RS256, not 'HS256'"),
        ({"algorithm": "RS256", "rsa_bits": 2047}, "rsa_bits must be at least 2048"),
    ],
)
def test_no_weak_key_is_generated(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        generate_key(**arguments)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_public_half_holds_nothing_private(algorithm: Algorithm) -> None:
    public = json.loads(public_half(sample(algorithm)))

    members = {"EdDSA": {"crv", "x"}, "ES256": {"crv", "x", "y"}, "RS256": {"n", "e"}}
    assert set(public) == {"kty", "kid", "alg", "use"} | members[algorithm]


@pytest.mark.parametrize("name", ["EdDSA", "Ed25519", None])
def test_a_jwk_may_call_its_algorithm_by_either_name(name: str | None) -> None:
    """RFC 9864 renames it."""
    assert read_key(jwk(sample(), alg=name), where="it").verifier.algorithm == "EdDSA"


NOT_A_KEY = (
    "current is not a key: give the PEM or the JWK of one Ed25519, P-256 or RSA key, not encrypted"
)


def bad_keys() -> dict[str, tuple[str | bytes, str]]:
    """Return texts that must be refused, and the sentence that says so."""
    one, other = sample(), sample("EdDSA", "two")
    ed25519 = "current is a Ed448PrivateKey; give an Ed25519, P-256 or RSA key"
    two = "current holds more than one key; give each as a text of its own"
    wrong = "current names another algorithm in alg than its own, "
    oct_key = '{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}'
    zero = urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()
    return {
        "RSA 1024": (
            pem(raw("RSA 1024")),
            "current is an RSA key of 1024 bits and needs 2048; better use Ed25519",
        ),
        "RSA 1024, public": (
            public_pem(raw("RSA 1024")),
            "current is an RSA key of 1024 bits and needs 2048; better use Ed25519",
        ),
        "RSA e=3": (
            pem(raw("RSA e=3")),
            "current is an RSA key whose public exponent is less than 65537",
        ),
        "P-384": (pem(raw("P-384")), "current is on the curve secp384r1; ES256 takes P-256"),
        "secp256k1": (
            pem(raw("secp256k1")),
            "current is on the curve secp256k1; ES256 takes P-256",
        ),
        "Ed448": (pem(raw("Ed448")), ed25519),
        "encrypted": (pem(raw("P-256"), password=b"sesame"), NOT_A_KEY),
        "two": (pem(raw("P-256")) + pem(raw("Ed25519")), two),
        "two with CRLF": ((public_pem(raw("P-256")) * 2).replace("\n", "\r\n"), two),
        "set": (
            json.dumps({"keys": []}),
            "current is a set of keys; give each as a text of its own",
        ),
        "oct": (
            oct_key,
            "current is a symmetric key: give it as AuthSettings(signing_key=...), "
            "and SYMMETRIC here",
        ),
        "alg of another type": (jwk(one, alg="ES256"), wrong + "EdDSA"),
        "alg HS256": (jwk(public_half(sample("RS256")), alg="HS256"), wrong + "RS256"),
        "alg of another curve": (jwk(sample("ES256"), alg="ES384"), wrong + "ES256"),
        "curve of another key": (jwk(sample("ES256"), crv="P-384"), NOT_A_KEY),
        "use": (jwk(one, use="enc"), "current is not meant for signatures: its use is not 'sig'"),
        "kid": (
            jwk(one, kid="../../etc/passwd"),
            f"current has a kid that is not its thumbprint (RFC 7638), {kid(one)}; leave kid out",
        ),
        "halves, EdDSA": (jwk(one, kid=None, x=json.loads(other)["x"]), NOT_A_KEY),
        "halves, ES256": (
            jwk(
                sample("ES256"),
                kid=None,
                x=json.loads(sample("ES256", "two"))["x"],
                y=json.loads(sample("ES256", "two"))["y"],
            ),
            NOT_A_KEY,
        ),
        "a point that is none": (jwk(public_half(sample("ES256")), x=zero, y=zero), NOT_A_KEY),
        "no kty": (jwk(one, kty=None), NOT_A_KEY),
        "a list as kty": (jwk(one, kty=["OKP"]), NOT_A_KEY),
        "a number as x": (jwk(one, x=7), NOT_A_KEY),
        "no x": (jwk(one, x=None), NOT_A_KEY),
        "half of an RSA key": (jwk(sample("RS256"), p=None), NOT_A_KEY),
        "another prime": (jwk(sample("RS256"), p="AQAB"), NOT_A_KEY),
        "empty": ("", NOT_A_KEY),
        "words": ("a secret that is no key", NOT_A_KEY),
        "bytes": (b"\xff\xfe", NOT_A_KEY),
        "surrogate": ("\ud800", NOT_A_KEY),
        "NUL": ("{\x00", NOT_A_KEY),
        "broken PEM": (
            "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
            NOT_A_KEY,
        ),
        "a path": ("/run/secrets/key.pem", NOT_A_KEY),
        "one line of PEM": (pem(raw("P-256")).replace("\n", "\\n"), NOT_A_KEY),
        "a number": (7, NOT_A_KEY),  # type: ignore[dict-item]  # what somebody may write
    }


BAD = bad_keys()


@pytest.mark.parametrize(("text", "sentence"), BAD.values(), ids=BAD)
def test_what_is_no_fit_key_is_refused_with_a_sentence_that_does_not_show_it(
    text: str, sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_key(text, where="current")

    assert str(caught.value) == sentence
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_nothing_of_a_key_is_printed() -> None:
    text = sample()
    private = json.loads(text)["d"]

    keys = SigningKeys(current=text, retired=[public_half(sample("EdDSA", "two"))])

    assert private not in repr(keys) + repr(read_key(text, where="it")) + str(vars(keys)["_keys"])


def test_what_openssl_makes_is_a_key(tmp_path: Path) -> None:
    """The commands that people know; the second writes the name of the curve before the key."""
    made = {
        "EdDSA": ["genpkey", "-algorithm", "ed25519"],
        "ES256": ["ecparam", "-name", "prime256v1", "-genkey"],
    }
    for algorithm, arguments in made.items():
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True)

        assert read_key(done.stdout, where="it").verifier.algorithm == algorithm
        assert signs(done.stdout)


# -- options ---------------------------------------------------------------------------


def bad_options() -> dict[str, tuple[dict[str, Any], str]]:
    """Return options that must be refused, and the sentence that says so."""
    one, two = sample(), sample("EdDSA", "two")
    twice = f"SigningKeys(...) names the key {kid(one)} more than once"
    return {
        "public current": (
            {"current": public_half(one)},
            "SigningKeys(current=...) must be private: it is to sign",
        ),
        "private retired": (
            {"current": one, "retired": [two]},
            "SigningKeys(retired=...) takes public keys: it signs nothing any more. Give "
            f"public_half(...) of the key {kid(two)}, and destroy its private half",
        ),
        "twice, upcoming": ({"current": one, "upcoming": [public_half(one)]}, twice),
        "twice, retired": ({"current": one, "retired": [public_half(one)]}, twice),
        "symmetric twice": (
            {"retired": [SYMMETRIC]},
            "SigningKeys(...) names the key symmetric more than once",
        ),
        "upcoming as text": (
            {"upcoming": one},
            "SigningKeys(upcoming=...) must be a list of keys, not one key",
        ),
        "retired as bytes": (
            {"current": one, "retired": public_half(two).encode()},
            "SigningKeys(retired=...) must be a list of keys, not one key",
        ),
        "weak upcoming": (
            {"upcoming": [pem(raw("RSA 1024"))]},
            "SigningKeys(upcoming=...) is an RSA key of 1024 bits and needs 2048; "
            "better use Ed25519",
        ),
        "no retired": (
            {"current": one, "retired": ["x"]},
            NOT_A_KEY.replace("current", "SigningKeys(retired=...)"),
        ),
        "age below 0": ({"jwks_max_age": -SECOND}, "jwks_max_age must be between 0 and a day"),
        "age above": ({"jwks_max_age": DAY + SECOND}, "jwks_max_age must be between 0 and a day"),
    }


BAD_OPTIONS = bad_options()


@pytest.mark.parametrize(("options", "sentence"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SigningKeys(**options)

    assert str(caught.value) == sentence


@pytest.mark.parametrize("age", [timedelta(0), DAY])
def test_the_limits_of_the_age_are_taken(age: timedelta) -> None:
    assert SigningKeys(jwks_max_age=age).jwks_max_age == age
