import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests that talk to real servers: these folders, and any file named so. The rest needs nothing but Node. */
const live: string[] = [
  "test/{transports,stores,backends,worker,gateway,cli,conformance,e2e}/**/*.test.ts",
  "test/**/*.live.test.ts",
];

const config: ViteUserConfig = defineConfig({
  test: {
    environment: "node",
    pool: "forks",
    // Many tests wait for timers and for processes to start.
    maxWorkers: 3,
    teardownTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: { name: "unit", testTimeout: 15_000, include: ["test/**/*.test.ts"], exclude: live },
      },
      {
        extends: true,
        test: {
          name: "live",
          include: live,
          globalSetup: ["test/helpers/services-setup.ts", "scripts/lib/dashboard.mjs"],
          // The first test that needs RabbitMQ waits for its start: 8 s, on a busy machine three times that.
          testTimeout: 60_000,
          hookTimeout: 90_000,
          // scripts/lib/second-go.mjs names those that needed it.
          retry: 1,
        },
      },
    ],
  },
});

export default config;
