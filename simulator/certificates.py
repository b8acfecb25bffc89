"""The certificates a station says it holds. It looks into none: their hashes are those of their text."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.facts import Payload

# A real request for the name SIMULATOR (EC P-256); its private key was thrown away.
SIGNING_REQUEST = """\
-----BEGIN CERTIFICATE REQUEST-----
MIHtMIGTAgEAMDExEjAQBgNVBAMMCVNJTVVMQVRPUjEbMBkGA1UECgwSU2ltdWxh
dGVkIHN0YXRpb25zMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/OhTTqXXFS49
hAHtZX+1/qkaV1R8jAYw5UhS4N0N/dWcbW2R5+ubKUGoS9kt0+wI30ovgLF86BnG
AfEk65yB66AAMAoGCCqGSM49BAMCA0kAMEYCIQCqQephcPw6jQCg+YQp0zVCO+Vv
DP3fRmMd2vC5gIgHuAIhAOgKTonQoVASZUoWja5v/6t4Z1hMwg+UA3ywjqN14ch3
-----END CERTIFICATE REQUEST-----
"""


def hash_data(certificate: str) -> Payload:
    """CertificateHashDataType for a certificate, recognisable again by the same text."""
    digest = sha256(certificate.encode()).hexdigest()
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": digest,
        "issuerKeyHash": digest,
        "serialNumber": digest[:16],
    }
