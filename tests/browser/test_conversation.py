"""Two people, two browsers, one messenger."""

import pytest
from playwright.async_api import WebSocketRoute, expect

from cyphr.foundation.postgres import connect
from tests.browser.conftest import OpenBrowser
from tests.browser.person import Device
from tests.conftest import TestSide


async def test_two_people_register_and_chat_live_both_ways_and_a_reload_keeps_the_history(
    open_browser: OpenBrowser,
) -> None:
    anna = await open_browser("Anna Petrova", reduced_motion="no-preference")
    boris = await open_browser("Boris Lind", Device.PHONE, color_scheme="dark")
    await anna.register()
    await boris.register()

    await anna.start_chat_with(boris)
    await anna.write("Did the rehearsal finish?")
    await boris.open_chat("Anna Petrova")
    await boris.sees_message("Did the rehearsal finish?")
    await anna.sees_status("Did the rehearsal finish?", "read")

    await boris.write("Да, ничего не потеряно 🎉")
    await anna.sees_message("Да, ничего не потеряно 🎉")
    await boris.sees_status("Да, ничего не потеряно", "read")

    for person in (anna, boris):
        await person.page.reload()
        await person.sees_message("Did the rehearsal finish?")
        await person.sees_message("Да, ничего не потеряно 🎉")
    await anna.picture("conversation-laptop-light")
    await boris.picture("conversation-phone-dark")


async def test_typing_is_seen_and_unread_messages_are_counted(arrive: OpenBrowser) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind", color_scheme="dark")
    await anna.start_chat_with(boris)
    await anna.write("One")
    await anna.write("Two")
    row = boris.page.get_by_role("link", name="Anna Petrova")
    await expect(row).to_contain_text("2 unread messages")
    await anna.sees_status("Two", "delivered")
    await boris.open_chat("Anna Petrova")
    await expect(boris.page.get_by_text("New messages")).to_be_visible()
    await boris.page.get_by_role("textbox", name="Message").press_sequentially("Three")
    await expect(anna.page.get_by_role("link", name="Boris Lind")).to_contain_text("typing…")
    await expect(row).not_to_contain_text("unread")
    await anna.sees_status("Two", "read")
    await boris.picture("conversation-laptop-dark")


async def test_a_group_shows_who_said_what(arrive: OpenBrowser) -> None:
    anna, boris, chiara = [await arrive(name) for name in ("Anna Petrova", "Boris Lind", "Chiara Conti")]
    await anna.start_group("Lisbon offsite", boris, chiara)
    await anna.write("Flights are booked")
    await boris.open_chat("Lisbon offsite")
    await boris.sees_message("Flights are booked")
    await anna.sees_status("Flights are booked", "delivered")  # by all, and read by Boris alone
    await chiara.open_chat("Lisbon offsite")
    await anna.sees_status("Flights are booked", "read")
    await chiara.write("Thank you, Anna")
    await expect(anna.message("Thank you, Anna")).to_contain_text("Chiara Conti")
    await anna.picture("group-laptop-light")


async def test_a_message_written_without_a_connection_survives_a_reload_and_arrives_once(
    arrive: OpenBrowser,
) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind")
    await anna.start_chat_with(boris)
    await anna.write("With a connection")
    await boris.open_chat("Anna Petrova")

    async def cut(socket: WebSocketRoute) -> None:
        await socket.close(code=1013)

    await anna.page.route_web_socket("**/v1/ws", cut)
    await anna.page.reload()
    await expect(anna.page.get_by_text("The connection was lost")).to_be_visible()
    await anna.write("Without a connection")
    await anna.sees_status("Without a connection", "queued")
    await anna.page.reload()
    await anna.sees_status("Without a connection", "queued")
    await expect(boris.message("Without a connection")).to_have_count(0)

    async def mend(socket: WebSocketRoute) -> None:
        socket.connect_to_server()

    await anna.page.route_web_socket("**/v1/ws", mend)
    await boris.sees_message("Without a connection")
    await anna.sees_status("Without a connection", "read")
    await anna.page.reload()
    await anna.sees_message("Without a connection")


async def test_a_message_is_repeated_under_its_id_until_it_is_acknowledged(arrive: OpenBrowser) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind")
    await anna.start_chat_with(boris)
    await boris.open_chat("Anna Petrova")
    swallowed: list[str] = []

    async def lose_first_acks(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if '"t":"ack"' in str(frame).replace(" ", "") and len(swallowed) < 2:
                swallowed.append(str(frame))
            else:
                socket.send(frame)

        server.on_message(pass_on)

    await anna.page.route_web_socket("**/v1/ws", lose_first_acks)
    await anna.page.reload()
    await anna.write("Say it until it is heard")
    await anna.sees_status("Say it until it is heard", "read")
    assert len(swallowed) >= 1
    await boris.sees_message("Say it until it is heard")


async def test_the_bar_follows_a_service_that_moves(open_browser: OpenBrowser, side: TestSide) -> None:
    anna = await open_browser("Anna Petrova")
    bar = anna.page.get_by_role("status", name="Where each service runs")
    files = bar.locator("[data-service=files]")
    await expect(files).to_contain_text("Supabase")
    async with await connect(side.superuser) as connection:
        await connection.execute("update cyphr.switchboard set side = 'aws' where service = 'files'")
        try:
            await expect(files).to_contain_text("AWS")
            await expect(bar).to_contain_text("Files moved from Supabase to AWS")
            await anna.picture("switchboard-moved")
        finally:
            await connection.execute("update cyphr.switchboard set side = 'supabase' where service = 'files'")


async def test_a_wrong_pin_is_told_and_the_right_one_opens(arrive: OpenBrowser) -> None:
    anna = await arrive("Anna Petrova")
    await anna.page.get_by_role("link", name="Profile").click()
    await anna.page.get_by_role("button", name="Sign out").click()
    await expect(anna.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await anna.sign_in(pin="000000")
    await expect(anna.page.get_by_text("do not belong together")).to_be_visible()
    assert anna.errors.pop().endswith("401 (Unauthorized)")  # the browser's own note of the refusal
    await anna.page.goto(anna.address)
    await anna.sign_in()
    await anna.sees_chats()


async def test_who_forgot_the_pin_chooses_another_with_a_code_by_mail(arrive: OpenBrowser) -> None:
    olga = await arrive("Olga")
    api = olga.page.request
    await olga.page.get_by_role("link", name="Profile").click()
    await olga.page.get_by_role("button", name="Sign out").click()
    await olga.page.get_by_role("button", name="Forgot your PIN?").click()
    await olga.page.get_by_label("Email").fill(olga.email)
    await olga.page.get_by_role("button", name="Send me a code").click()
    await expect(olga.page.get_by_role("link", name="mail-box")).to_be_visible()
    letters = await api.get(
        f"{olga.address}/mailbox", params={"email": olga.email}, headers={"Accept": "application/json"}
    )
    await olga.page.get_by_label("Code from the email").fill((await letters.json())["messages"][0]["code"])
    await olga.page.get_by_label("New PIN").fill("7410")
    await olga.picture("forgotten-pin")
    await olga.page.get_by_role("button", name="Set the PIN").click()
    await expect(olga.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await olga.page.goto(olga.address)
    await olga.sign_in(pin="7410")
    await olga.sees_chats()


@pytest.mark.parametrize("language", ["en-GB", "ru-RU"])
async def test_the_interface_speaks_the_language_of_the_browser(open_browser: OpenBrowser, language: str) -> None:
    anna = await open_browser("Anna Petrova", locale=language)
    title = {"en-GB": "Sign in", "ru-RU": "Войти"}[language]
    await expect(anna.page.get_by_role("heading", name=title)).to_be_visible()
    assert await anna.page.evaluate("document.documentElement.lang") == language[:2]


async def test_who_has_scrolled_up_stays_there_until_writing_something(arrive: OpenBrowser) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind")
    await anna.start_chat_with(boris)
    await anna.write("Where it all began")
    await anna.write_elsewhere("Boris Lind", (f"And another thing\nnumber {number}." for number in range(30)))
    await expect(anna.message("number 29.")).to_be_in_viewport()
    await anna.message("number 29.").hover()
    await anna.page.mouse.wheel(0, -10_000)
    await expect(anna.message("Where it all began")).to_be_in_viewport()
    await boris.open_chat("Anna Petrova")
    await boris.write("Still there?")
    await expect(anna.page.get_by_role("button", name="1 new message")).to_be_visible()
    await expect(anna.message("Where it all began")).to_be_in_viewport()
    await anna.write("I was reading")
    await expect(anna.message("I was reading")).to_be_in_viewport()
    await expect(anna.message("Still there?")).to_be_in_viewport()
