"""SRP-6a as Cognito speaks it: proves a password to the pool without sending it there.

The group is the 3072-bit one of RFC 5054, with the generator 2; the hash is SHA-256; the key that signs the answer is
derived by HKDF. Numbers are hashed as two's complement big-endian, hence the leading zero byte of some.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

_N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
_G = 2
# RFC 5054 asks for 256 or more; as many as N has would be no safer, and six times the work of every sign-in.
_SECRET_BITS = 512
_INFO = b"Caldera Derived Key"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Question:
    """What the pool answers to the client's public number. Its user id is part of what is hashed."""

    user_id: str
    salt: str
    b: str
    secret_block: str


class SrpClient:
    """One proof of one password."""

    def __init__(self, pool_id: str, password: str) -> None:
        self._pool = pool_id.partition("_")[2]
        self._password = password
        self._a = secrets.randbits(_SECRET_BITS)
        self._public = pow(_G, self._a, _N)

    @property
    def public(self) -> str:
        """What the pool is told at first, in hexadecimal."""
        return format(self._public, "x")

    def answer(self, question: Question, at: datetime) -> tuple[str, str]:
        """The signature that proves the password, and the time as it was signed.

        Raises ValueError for numbers that no honest pool sends: with them anybody could know the key.
        """
        b = int(question.b, 16)
        if b % _N == 0:
            raise ValueError("the pool's public number is a multiple of N")
        u = _hash(_padded(self._public), _padded(b))
        if u == 0:
            raise ValueError("the pool's public number makes a scrambler of zero")
        timestamp = cognito_time(at)
        signed = (self._pool + question.user_id).encode() + b64decode(question.secret_block) + timestamp.encode()
        signature = hmac.digest(self._key(question, b, u), signed, "sha256")
        return b64encode(signature).decode(), timestamp

    def _key(self, question: Question, b: int, u: int) -> bytes:
        identity = hashlib.sha256(f"{self._pool}{question.user_id}:{self._password}".encode()).digest()
        x = _hash(_padded(int(question.salt, 16)), identity)
        k = _hash(_padded(_N), _padded(_G))
        shared = pow((b - k * pow(_G, x, _N)) % _N, self._a + u * x, _N)
        extracted = hmac.digest(_padded(u), _padded(shared), "sha256")
        return hmac.digest(extracted, _INFO + b"\x01", "sha256")[:16]


def cognito_time(at: datetime) -> str:
    """``at`` (in UTC) as Cognito wants to read it, in English whatever the locale: ``Tue Nov 4 09:05:06 UTC 2025``."""
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day} {at:%H:%M:%S} UTC {at.year}"


def _padded(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")
