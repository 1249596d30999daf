"""What journeys of the messenger and of the services have in common, made once for the run."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cyphr.embedded.aws import AwsStandIn


@pytest.fixture(scope="session")
def token_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "token.pem"
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest_asyncio.fixture(scope="session")
async def stand_in(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AwsStandIn]:
    """The AWS stand-in; each test makes what it needs in it, and users of its own in its pool."""
    started = AwsStandIn(tmp_path_factory.mktemp("aws"))
    await started.start()
    try:
        yield started
    finally:
        await started.discard()
