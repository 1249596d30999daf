/** The frames of the WebSocket by short names; `frames.ts` is generated from docs/reference/frames.schema.json. */

import type { components } from "./frames";

type Frames = components["schemas"];
type WithoutVersion<Frame> = Frame extends unknown ? Omit<Frame, "v"> : never;

export type ServerEvent = Frames["ServerFrame"];

/** Without `v`, which the connection adds. */
export type ClientFrame = WithoutVersion<Frames["ClientFrame"]>;

/** Close code of a socket whose token was refused. */
export const NOT_AUTHENTICATED = 4401;
