"""Search, presence, and what a person sets for themselves."""

from playwright.async_api import Response, expect

from tests.browser.conftest import OpenBrowser
from tests.browser.person import Device


async def test_a_message_is_found_by_its_words_and_shown_in_its_place(arrive: OpenBrowser) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind")
    await anna.start_chat_with(boris)
    await anna.write("The night train leaves from platform nine")
    await anna.sees_message("night train")
    page = anna.page
    await anna.write_elsewhere("Boris Lind", (f"And another thing\nnumber {number}." for number in range(30)))
    await anna.sees_status("number 29.", "delivered")
    await page.reload()
    await anna.sees_message("number 29.")
    await expect(anna.message("night train")).to_have_count(0)
    await page.keyboard.press("Control+k")
    words = page.get_by_role("combobox", name="Chats and messages")
    await expect(words).to_be_focused()
    await words.fill("trains")
    await expect(page.get_by_role("option").filter(has_text="night train")).to_be_visible()
    await anna.picture("search-laptop-light")
    await words.press("Enter")
    await expect(anna.message("night train")).to_be_in_viewport()
    await page.keyboard.press("Control+k")
    await words.fill("boris")
    await expect(page.get_by_role("option").filter(has_text="Boris Lind").first).to_be_visible()


def _is_saving(answer: Response) -> bool:
    return answer.request.method == "PUT" and "/v1/me/" in answer.url


async def test_who_is_here_is_shown_and_who_hides_it_is_not(arrive: OpenBrowser) -> None:
    anna, boris = (
        await arrive("Anna Petrova"),
        await arrive("Boris Lind", Device.PHONE, color_scheme="dark"),
    )
    await anna.start_chat_with(boris)
    await expect(anna.page.locator("[data-online=true]")).to_have_text("online")
    await boris.page.get_by_role("link", name="Profile").click()
    # Each is saved by itself; a reload would break off what is still on its way.
    async with boris.page.expect_response(_is_saving):
        await boris.page.get_by_label("Who sees when I am here").select_option("Nobody")
    async with boris.page.expect_response(_is_saving):
        await boris.page.get_by_role("switch", name="Quiet hours").click()
    async with boris.page.expect_response(_is_saving):
        await boris.page.get_by_label("From").fill("21:30")
    async with boris.page.expect_response(_is_saving):
        await boris.page.get_by_label("A notification shows").select_option("Who wrote")
    await boris.picture("settings-phone-dark")
    await boris.page.reload()
    await expect(boris.page.get_by_label("From")).to_have_value("21:30")
    await expect(boris.page.get_by_label("A notification shows")).to_have_value("name")
    await expect(boris.page.get_by_label("Who sees when I am here")).to_have_value("nobody")
    await anna.page.reload()
    await anna.sees_chats()
    await expect(anna.page.locator("[data-online]")).to_have_text(boris.cyphr_id)
