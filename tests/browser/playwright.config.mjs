// Chromium at a phone's and at a desk's width, each against a school of its own.
import { defineConfig } from "@playwright/test";

const use = {
  locale: "zh-CN",
  timezoneId: "Asia/Shanghai",
  actionTimeout: 15_000,
  trace: "retain-on-failure",
  launchOptions: {
    executablePath: process.env.CHROMIUM || undefined,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.mjs",
  outputDir: "../../test-results",
  timeout: 180_000,
  expect: { timeout: 15_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  reporter: [["list"]],
  projects: [
    { name: "phone", use: { ...use, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } },
    // Whole clauses are played once, at the size at which most people use it.
    { name: "desk", testIgnore: "*.phone.spec.mjs", use: { ...use, viewport: { width: 1280, height: 800 } } },
  ],
});
