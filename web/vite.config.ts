import react from "@vitejs/plugin-react";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => {
  // `scripts/web.py dev` passes API calls on to a running messenger.
  const server = loadEnv(mode, ".", "CYPHR_")["CYPHR_SERVER"] ?? "http://127.0.0.1:8080";
  return {
    plugins: [react()],
    build: {
      target: "es2023",
      // The server's Content-Security-Policy allows files of its own origin only, so nothing is inlined as data:.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
    server: { proxy: { "/v1": { target: server, ws: true }, "/mailbox": server } },
    test: { environment: "node", include: ["src/**/*.test.ts"] },
  };
});
