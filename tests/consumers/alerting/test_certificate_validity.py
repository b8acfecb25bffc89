"""When a certificate ends is read as the library that knows X.509 reads it, and what is none tells nothing."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from consumers.alerting.validity import ends_ms

KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(ends: datetime, names: int = 1) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "s" * 60)] * names)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(ends - timedelta(days=1), datetime(2020, 1, 1, tzinfo=UTC)))
        .not_valid_after(ends)
        .sign(KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("year", [2021, 2049, 2050, 2126, 9999])  # from 2050 on another type of DER
def test_its_end_is_read(year: int) -> None:
    ends = datetime(year, 6, 30, 23, 59, 59, tzinfo=UTC)
    assert ends_ms(certificate(ends)) == int(ends.timestamp() * 1000)


def test_of_a_chain_the_first_counts_whatever_its_length() -> None:
    first, second = datetime(2030, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
    chain = "leaf:\n" + certificate(first, names=5) + certificate(second)
    assert ends_ms(chain) == int(first.timestamp() * 1000)


@given(st.text())
def test_what_is_none_tells_nothing(text: str) -> None:
    assert ends_ms(text) is None


@given(st.binary(max_size=400), st.integers(0, 500))
def test_a_broken_one_tells_nothing_or_some_time_but_raises_nothing(noise: bytes, cut: int) -> None:
    whole = base64.b64decode("".join(GOOD.splitlines()[1:-1]))
    body = base64.b64encode(whole[:cut] + noise).decode()
    told = ends_ms(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----")
    assert told is None or isinstance(told, int)


GOOD = certificate(datetime(2030, 1, 1, tzinfo=UTC))
