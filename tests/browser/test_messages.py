"""What is done with messages: answering, editing, deleting, reacting, forwarding, formatting, mentioning, drafts."""

from playwright.async_api import expect

from tests.browser.conftest import OpenBrowser
from tests.browser.person import Device


async def test_a_message_is_answered_reacted_to_edited_forwarded_and_deleted(arrive: OpenBrowser) -> None:
    anna = await arrive("Anna Petrova")
    boris = await arrive("Boris Lind", Device.PHONE, color_scheme="dark")
    await anna.start_group("Lisbon offsite", boris)
    await anna.write("Flights are **booked** at `07:40`")
    await boris.open_chat("Lisbon offsite")
    await expect(boris.message("Flights are").locator("strong")).to_have_text("booked")
    await expect(boris.message("Flights are").locator("code")).to_have_text("07:40")

    await boris.choose("Flights are booked", "Reply")
    await expect(boris.page.get_by_role("textbox", name="Message")).to_be_focused()
    await boris.page.keyboard.type("Thanks @an")
    await expect(boris.page.get_by_role("option", name="Anna Petrova")).to_be_visible()
    await boris.page.keyboard.press("Enter")
    await boris.write("and what about trains?")
    await expect(anna.message("what about trains?").get_by_role("button")).to_contain_text(
        "Flights are booked at 07:40"
    )
    await expect(anna.message(f"Thanks {anna.cyphr_id} and what about trains?")).to_have_count(1)

    await anna.choose("what about trains?", "React with ❤️", role="menuitemcheckbox")
    heart = boris.page.get_by_role("button", name="❤️ 1: Anna Petrova")
    await expect(heart).to_have_attribute("aria-pressed", "false")
    await heart.click()
    await expect(anna.page.get_by_role("button", name="❤️ 2: You, Boris Lind")).to_have_attribute("aria-pressed", "true")
    await anna.picture("messages-laptop-light")
    await boris.picture("messages-phone-dark")

    await anna.page.get_by_role("textbox", name="Message").press("ArrowUp")
    field = anna.page.get_by_role("textbox", name="Message")
    await expect(field).to_have_value("Flights are **booked** at `07:40`")
    await field.fill("Flights are **booked** at `08:15`")
    await field.press("Enter")
    # The answer quotes it as it is now.
    await expect(boris.message("what about trains?").get_by_role("button")).to_contain_text("08:15")
    await boris.sees_message("08:15edited")

    await anna.start_chat_with(boris)
    await anna.page.get_by_role("link", name="Lisbon offsite").click()
    await anna.choose("08:15edited", "Forward")
    await anna.page.get_by_role("dialog").get_by_role("button", name="Boris Lind").click()
    await expect(anna.message("08:15")).to_contain_text("Forwarded from Anna Petrova")
    await anna.choose("08:15", "Delete")
    await anna.page.get_by_role("button", name="Delete for everyone").click()
    await expect(anna.message("This message was deleted")).to_have_count(1)
    await boris.sees_message("08:15edited")  # in the group it stays


async def test_a_draft_follows_its_writer_to_another_device(arrive: OpenBrowser, open_browser: OpenBrowser) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind")
    await anna.start_chat_with(boris)
    await anna.write("Hello")
    tablet = await open_browser("Anna Petrova", Device.TABLET)
    await tablet.sign_in()
    await tablet.sees_chats()
    await anna.page.get_by_role("textbox", name="Message").press_sequentially("To be continu")
    await expect(tablet.page.get_by_role("link", name="Boris Lind")).to_contain_text("Draft: To be continu")
    await tablet.open_chat("Boris Lind")
    await tablet.write("ed")
    await boris.open_chat("Anna Petrova")
    await boris.sees_message("To be continued")
    await expect(anna.page.get_by_role("textbox", name="Message")).to_have_value("")
