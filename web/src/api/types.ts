/** The server's own types by short names; `schema.ts` is generated from docs/reference/openapi.json. */

import type { components } from "./schema";

type Schemas = components["schemas"];

// The server always sends every member; the schema calls those that have a default optional.
export type Person = Required<Schemas["Person"]>;
export type Me = Required<Schemas["Me"]>;
export type Session = Omit<Schemas["Session"], "person"> & { person: Person };
export type Message = Schemas["Message"];
export type Member = Schemas["Member"];
export type Mine = Schemas["Mine"];
export type Addresses = Schemas["Addresses"];
export type Chat = Required<Schemas["Chat"]>;
export type Changes = Schemas["Changes"];
export type Draft = Schemas["Draft"];
export type Edit = Schemas["Edit"];
export type Entity = Schemas["Entity"];
export type Forwarded = Schemas["Forwarded"];
export type Hit = Schemas["Hit"];
export type Hits = Schemas["Hits"];
export type GroupChanges = Schemas["GroupChanges"];
export type NewSettings = Schemas["NewSettings"];
export type Role = Schemas["NewRole"]["role"];
export type Ban = Schemas["Ban"];
export type Invite = Schemas["Invite"];
export type InvitePreview = Schemas["InvitePreview"];
export type MemberPage = Schemas["MemberPage"];
export type MemberPresence = Schemas["MemberPresence"];
export type ChatPrivacy = Required<Schemas["ChatPrivacy"]>;
export type QuietHours = Required<Schemas["QuietHours"]>;
export type Page = Schemas["Page"];
export type Registration = Schemas["Registration"];
export type Side = Schemas["Side"];
export type ServiceStand = Schemas["ServiceStand"];
export type Switchboard = Schemas["Standing"];
export type Privacy = Required<Schemas["Privacy"]>;
export type Notifications = Required<Schemas["Notifications"]>;
export type Added = Required<Schemas["FactorAdded"]>;
export type Challenge = Schemas["Challenge"];
export type Enrolment = Schemas["Enrolment"];
export type OwnFactors = Schemas["OwnFactors"];
export type OwnSession = Schemas["OwnSession"];
export type PasskeyRequest = Schemas["PasskeyRequest"];
