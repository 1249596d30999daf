/** The HTTP API of what one shows of oneself, and how one is notified. */

import { answer, signedIn } from "./client";
import type { ChatPrivacy, Notifications, Privacy } from "./types";

export const readPrivacy = (): Promise<Privacy> => answer(signedIn.GET("/v1/me/privacy"));
export const putPrivacy = (privacy: Privacy): Promise<Privacy> => answer(signedIn.PUT("/v1/me/privacy", { body: privacy }));

export const readChatPrivacy = (): Promise<ChatPrivacy> => answer(signedIn.GET("/v1/me/chat-privacy"));
export const putChatPrivacy = (privacy: ChatPrivacy): Promise<ChatPrivacy> =>
  answer(signedIn.PUT("/v1/me/chat-privacy", { body: privacy }));

export const readNotifications = (): Promise<Notifications> => answer(signedIn.GET("/v1/me/notifications"));
export const putNotifications = (wanted: Notifications): Promise<Notifications> =>
  answer(signedIn.PUT("/v1/me/notifications", { body: wanted }));
