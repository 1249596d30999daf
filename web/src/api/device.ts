import { uuid7 } from "../lib/uuid7";

const DEVICE_KEY = "cyphr.device";

/** An id that this browser keeps, so that the server knows it again. */
export function deviceId(): string {
  const kept = localStorage.getItem(DEVICE_KEY) ?? uuid7();
  localStorage.setItem(DEVICE_KEY, kept);
  return kept;
}

/** What this browser calls itself and is known by. */
export const device = () => ({ device: navigator.userAgent.slice(0, 200), device_id: deviceId() });
