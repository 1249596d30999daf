"""Register, sign in, chat: the whole way over real sockets, on either side."""

import httpx

from tests.e2e.messenger.client import PIN
from tests.e2e.messenger.conftest import Register


async def test_two_people_register_sign_in_and_talk(http: httpx.AsyncClient, join: Register) -> None:
    anna, boris = await join("Anna", cyphr_id="@anna"), await join("Boris")
    again = await http.post("/v1/sessions", json={"email": anna.email.upper(), "pin": PIN, "device": "laptop"})
    assert again.status_code == 201
    assert again.json()["person"] == anna.session["person"]

    found = await boris.get("/v1/people", cyphr_id="@anna")
    assert found["id"] == anna.id
    chat = await boris.direct(anna)
    assert await anna.direct(boris) == chat

    async with anna.socket() as annas, boris.socket() as boriss:
        client_id = await annas.send(chat, "Привет, Борис!")
        ack = await annas.until("ack")
        assert (ack["id"], ack["chat"], ack["d"]["seq"]) == (client_id, chat, 1)
        event = await boriss.until("msg")
        assert (event["chat"], event["seq"], event["from"]) == (chat, 1, anna.id)
        assert event["d"]["message"]["content"] == "Привет, Борис!"
        assert event["d"]["message"]["id"] == ack["d"]["message_id"]

        answered = await boris.send(chat, "Здравствуй")
        assert answered.status_code == 201
        assert (await annas.until("msg"))["d"]["message"]["id"] == answered.json()["message_id"]

        await boriss.say("read", chat=chat, d={"seq": 2})
        receipt = await annas.until("receipt")
        assert receipt["d"] == {"user_id": boris.id, "received_seq": 2, "read_seq": 2}

    history = await boris.get(f"/v1/chats/{chat}/messages")
    assert [message["seq"] for message in history["messages"]] == [1, 2]
    assert history["more"] is False
    listed = await anna.get("/v1/chats")
    assert listed[0]["last_message"]["content"] == "Здравствуй"
    assert {member["user_id"]: member["read_seq"] for member in listed[0]["members"]} == {anna.id: 0, boris.id: 2}
