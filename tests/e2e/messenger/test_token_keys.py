"""The token key is changed while people are signed in, one server after another, and nobody notices."""

from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.conftest import TestSide
from tests.e2e.messenger.authenticators import set_up_authenticator
from tests.e2e.messenger.client import PIN, register
from tests.e2e.messenger.conftest import on_one_side, serve, settings_for

pytestmark = on_one_side


async def test_each_step_of_changing_the_key_is_safe_while_servers_differ(
    side: TestSide, token_key: Path, tmp_path: Path
) -> None:
    new = Ed25519PrivateKey.generate()
    new_key, new_public = tmp_path / "new.pem", tmp_path / "new.pub.pem"
    new_key.write_bytes(new.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    new_public.write_bytes(new.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    before = settings_for(side, token_key=token_key)
    announced = before.model_copy(update={"accepted_token_keys_file": new_public, "root_key_file": token_key})
    changed = settings_for(side, token_key=new_key, accepted_token_keys_file=token_key, root_key_file=token_key)
    after = settings_for(side, token_key=new_key, root_key_file=token_key)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(serve(one)) for one in (before, announced, changed, after)]
        first, _, third, last = servers
        anna = await register(first, "Anna")
        authenticator, codes = await set_up_authenticator(anna)
        by_the_new_key = await finish(third, anna.email, code=authenticator.code())
        # Step 1 beside step 2: whoever asks either server with either token is served. Step 3: the former is over.
        assert [await status(one, anna.session["access_token"]) for one in servers] == [200, 200, 200, 401]
        assert [await status(one, by_the_new_key) for one in servers] == [401, 200, 200, 200]
        # What is derived from the root key stays: recovery codes, sealed authenticators.
        assert await status(last, await finish(last, anna.email, recovery_code=codes[0])) == 200
        kids = [
            [one["kid"] for one in (await server.get("/.well-known/jwks.json")).json()["keys"]] for server in servers
        ]
        assert kids == [kids[0], [*kids[0], *kids[3]], [*kids[3], *kids[0]], kids[3]]
        refresh = {"refresh_token": anna.session["refresh_token"]}
        renewed = (await last.post("/v1/sessions/refresh", json=refresh)).json()
        assert await status(last, renewed["access_token"]) == 200


async def finish(http: httpx.AsyncClient, email: str, **proof: str) -> str:
    """An access token of somebody with a second factor."""
    challenge = (await http.post("/v1/sessions", json={"email": email, "pin": PIN})).json()["challenge"]
    opened = await http.post("/v1/sessions/challenges", json={"challenge": challenge, **proof})
    assert opened.status_code == 201, opened.text
    return str(opened.json()["access_token"])


async def status(http: httpx.AsyncClient, token: str) -> int:
    return (await http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code
