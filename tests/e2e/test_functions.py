"""The whole messenger as functions behind the AWS stand-in's API Gateway, as ``cyphr up --runtime aws`` runs it."""

from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from cyphr.embedded.stack import Stack
from tests.e2e.messenger.client import register


@pytest.mark.soak
async def test_people_talk_through_functions_and_find_it_all_again_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "up"
    async with Stack(folder, functions=True) as stack:
        await stack.start_messenger()
        async with httpx.AsyncClient(base_url=stack.address, timeout=60) as http:
            assert (await http.get("/readyz")).status_code == 200
            anna, boris = await register(http, "Anna"), await register(http, "Boris")
            chat = await anna.direct(boris)
            async with anna.socket() as hers, boris.socket() as his:
                await hers.send(chat, "hi")
                assert (await his.until("msg"))["d"]["message"]["content"] == "hi"
            async with connect(anna.websocket, origin=stack.address, open_timeout=60):  # type: ignore[arg-type]
                pass  # the web client's page may
    async with Stack(folder, functions=True) as stack:
        await stack.start_messenger()
        async with httpx.AsyncClient(base_url=stack.address, timeout=60) as http:
            again = (await http.get("/v1/addresses")).json()["websocket"]
            assert again == anna.websocket
            anna.http, anna.websocket = http, again
            async with anna.socket() as hers:
                assert [message["content"] for message in hers.messages()] == ["hi"]
