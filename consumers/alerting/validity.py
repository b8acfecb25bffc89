"""When a certificate ends: the one field that the rules need of X.509, read from its DER (RFC 5280 §4.1.2.5)."""

import base64
import binascii
import re
from datetime import UTC, datetime

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)

_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0
_FORMATS = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}


def ends_ms(pem: str) -> int | None:
    """The `notAfter` of the first certificate of a PEM chain, in ms since 1970; None where there is none to read."""
    found = _PEM.search(pem)
    if found is None:
        return None
    try:
        return _not_after_ms(base64.b64decode(found[1]))
    except (binascii.Error, IndexError, KeyError, ValueError):
        return None


def _not_after_ms(der: bytes) -> int:
    _, start, _ = _element(der, 0)  # Certificate
    _, at, _ = _element(der, start)  # TBSCertificate
    tag, _, end = _element(der, at)
    if tag == _VERSION:
        at = end
    for _ in ("serialNumber", "signature", "issuer"):
        _, _, at = _element(der, at)
    tag, at, _ = _element(der, at)
    if tag != _SEQUENCE:
        raise ValueError("no validity where it belongs")
    _, _, at = _element(der, at)  # notBefore
    tag, start, end = _element(der, at)
    # RFC 5280 reads the years of a UTCTime from 50 on as 19xx, as Python does from 69 on: none of either is left.
    ends = datetime.strptime(der[start:end].decode("ascii"), _FORMATS[tag]).replace(tzinfo=UTC)
    return int(ends.timestamp() * 1000)


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """The tag of the element at a place, where its content begins, and where it ends."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[start : start + size], "big"), start + size
    if start + length > len(der):
        raise ValueError("it is cut off")
    return tag, start, start + length
