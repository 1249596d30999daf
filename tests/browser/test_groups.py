"""A group and its members, as those who administer it and those who come by a link see it; and the list of chats."""

from playwright.async_api import expect

from tests.browser.conftest import OpenBrowser
from tests.browser.person import Device


async def test_a_group_is_joined_by_a_link_administered_and_left(arrive: OpenBrowser) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind", Device.PHONE)
    await anna.start_chat_with(boris)
    await anna.start_group("Lisbon offsite", boris)
    about = anna.page.get_by_role("complementary", name="About this chat")
    await about.get_by_role("button", name="Create a link").click()
    link = await about.get_by_role("list", name="Links to join by").get_by_text("#/join/").text_content()

    members = about.get_by_role("list", name="Members")
    await about.get_by_role("button", name="Actions for Boris Lind").click()
    await anna.page.get_by_role("menuitem", name="Remove from the group").click()
    await anna.page.get_by_role("button", name="Remove from the group").click()
    await expect(members).not_to_contain_text("Boris Lind")
    await expect(boris.page.get_by_role("link", name="Lisbon offsite")).to_have_count(0)

    assert link is not None
    await boris.page.goto(link)
    await expect(boris.page.get_by_role("heading", name="Lisbon offsite")).to_be_visible()
    await boris.picture("join-phone-light")
    await boris.page.get_by_role("button", name="Join the group").click()
    await expect(
        boris.page.get_by_role("region", name="Messages with").get_by_text("You joined by a link")
    ).to_be_visible()
    await expect(members).to_contain_text("Boris Lind")

    await about.get_by_role("button", name="Rename").click()
    await about.get_by_label("Group name").fill("Porto offsite")
    await about.get_by_role("button", name="Save").click()
    await expect(boris.page.get_by_role("heading", name="Porto offsite")).to_be_visible()
    await about.get_by_role("button", name="Actions for Boris Lind").click()
    await anna.page.get_by_role("menuitem", name="Make an admin").click()
    await anna.page.get_by_role("button", name="Make an admin").click()
    await expect(members.get_by_role("listitem").filter(has_text="Boris Lind")).to_contain_text("admin")
    await about.get_by_label("Disappearing messages").select_option("After 24 hours")
    await expect(about.get_by_label("Disappearing messages")).to_have_value("86400")
    await about.get_by_role("button", name="Revoke the link").click()
    await expect(about.get_by_text("Whoever has a link can join.")).to_be_visible()
    await anna.picture("group-about-laptop-light")

    await boris.page.get_by_role("button", name="About this chat").click()
    await boris.page.get_by_role("button", name="Leave the group").click()
    await boris.page.get_by_role("dialog", name="Leave the group").get_by_role("button", name="Leave the group").click()
    await boris.sees_chats()
    await expect(boris.page.get_by_role("link", name="Porto offsite")).to_have_count(0)
    await expect(members).not_to_contain_text("Boris Lind")


async def test_chats_are_pinned_muted_archived_and_show_who_is_mentioned(arrive: OpenBrowser) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind")
    await boris.start_group("Lisbon offsite", anna)
    await boris.start_group("Choir", anna)
    rows = anna.page.get_by_role("region", name="Chats").get_by_role("listitem")
    await expect(rows.first).to_contain_text("Choir")
    await anna.choose_for_chat("Lisbon offsite", "Pin")
    await expect(rows.first).to_contain_text("Lisbon offsite")
    await anna.choose_for_chat("Choir", "Mute")
    await anna.choose_for_chat("Choir", "Archive")
    await expect(rows.filter(visible=True)).to_have_count(1)
    await boris.write(f"Where are you, {anna.cyphr_id}?")
    await anna.page.get_by_text("Archive · 1").click()  # muted, it stays there
    row = anna.page.get_by_role("link", name="Choir")
    await expect(row).to_contain_text("You are mentioned 1 time")
    await row.click()
    await expect(row).not_to_contain_text("mentioned")
    await anna.page.reload()
    await expect(rows.first).to_contain_text("Lisbon offsite")
    await expect(row).to_contain_text("Muted")


async def test_who_is_blocked_cannot_write(arrive: OpenBrowser) -> None:
    anna, boris = await arrive("Anna Petrova"), await arrive("Boris Lind")
    await anna.start_chat_with(boris)
    await anna.write("Hello")
    await boris.open_chat("Anna Petrova")
    await boris.page.get_by_role("button", name="Block").click()
    await expect(boris.page.get_by_role("button", name="Unblock")).to_be_visible()
    await anna.write("Are you there?")
    await anna.sees_status("Are you there?", "failed")
    await boris.page.get_by_role("button", name="Unblock").click()
    await expect(boris.page.get_by_role("button", name="Block", exact=True)).to_be_visible()
    await anna.page.get_by_role("button", name="Send again").click()
    await boris.sees_message("Are you there?")
