import i18next from "i18next";
import { expect, test } from "vitest";
import en from "../../lib/i18n/en.json";
import { noticeText } from "./notices";

await i18next.init({ lng: "en", resources: { en: { translation: en } }, interpolation: { escapeValue: false } });

const say = (content: string, sender_id = "anna") =>
  noticeText(i18next.t, { content, sender_id }, { anna: "Anna", boris: "Boris" }, "me");

test("a notice tells who did what to whom", () => {
  expect(say('{"event":"member_added","user_ids":["boris","me"]}')).toBe("Anna added Boris, You");
  expect(say('{"event":"member_left","user_ids":["me"]}', "me")).toBe("You left the group");
  expect(say('{"event":"role_changed","user_ids":["boris"],"role":"owner"}')).toBe("Anna handed the group over to Boris");
  expect(say('{"event":"chat_changed","changes":{"name":"Garden"}}')).toBe("Anna renamed the group to “Garden”");
  expect(say('{"event":"chat_changed","changes":{"avatar_url":null}}')).toBe("Anna changed the group’s picture");
  expect(say('{"event":"chat_changed","changes":{"who_may_send":"admin"}}')).toBe("Anna changed the group’s settings");
  expect(say('{"event":"chat_changed","changes":{"disappear_after":604800}}')).toBe("Anna set messages to disappear after 7 days");
  expect(say('{"event":"chat_changed","changes":{"disappear_after":null}}')).toBe("Anna let messages stay");
});

test("whoever is not known here is somebody, and what is not understood is still a line of text", () => {
  expect(say('{"event":"member_removed","user_ids":["gone"]}')).toBe("Anna removed Someone");
  for (const content of ['{"event":"from the future"}', "null", "[", ""]) expect(say(content)).toBe("Anna changed the group");
});
