import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const stub = (name: string) => fileURLToPath(new URL(`src/devtools/node/${name}.ts`, import.meta.url));

export default defineConfig(({ command }) => ({
  base: command === "build" ? "./" : "/console/", // built, it may be served below a path
  plugins: [react()],
  html: { cspNonce: "{{nonce}}" },
  resolve: {
    // @elastic/request-converter imports these and needs nothing of them in a browser, but for `URL`.
    alias: ["child_process", "fs", "fs/promises", "path", "url", "util"].map((name) => ({
      find: new RegExp(`^${name}$`),
      replacement: stub(name.replace("/", "-")),
    })),
  },
  build: {
    outDir: "../src/connote/console",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    license: { fileName: "static/licences.md" },
    chunkSizeWarningLimit: 2000,
  },
  // `npm run dev` shows changes at once, over a server that runs already.
  server: { proxy: { "^/(?!console/)": process.env.CONNOTE_URL ?? "http://127.0.0.1:9200" } },
  // In its own tests @elastic/request-converter reads templates that its package does not have: this is not one of them.
  test: { include: ["src/**/*.test.ts"], environment: "node", env: { NODE_ENV: "production" }, testTimeout: 60_000 },
}));
