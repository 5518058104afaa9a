/** Scenes: what happens to a fleet while it works. Each tells what it has measured, in milliseconds or numbers. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Fleet, timeUntil } from "./fleet.ts";

export interface Scene {
  readonly name: string;
  /** Redis keeps what it has over a restart. */
  readonly isDurable: boolean;
  /** Acts until the load has arrived; returns figures by name, of several events the worst. */
  act(fleet: Fleet, signal: AbortSignal): Promise<Readonly<Record<string, number>>>;
}

const EVERY_MS = 5_000;
const FENCE_MS = 1_500;
const LEASE_MS = 2_000;
/** What a machine that is busy may add. */
const SLACK_MS = 150;

type Figures = Record<string, number>;

function worst(figures: Figures, name: string, value: number): void {
  figures[name] = Math.max(figures[name] ?? 0, value);
}

async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}

const calm: Scene = {
  name: "calm",
  isDurable: false,
  act: async () => ({}),
};

/** One is killed every 5 s, and started again a second later. */
const crashes: Scene = {
  name: "crashes",
  isDurable: false,
  async act(fleet, signal) {
    const figures: Figures = { kills: 0 };
    for (let i = 1; await pause(EVERY_MS - 3_500, signal); i = 1 + (i % 3)) {
      const pid = await fleet.kill(i);
      figures["kills"]++;
      const isGone = async () =>
        [...(await fleet.grants())].every(([name]) => !name.includes(`-${pid}-`));
      const backMs = await timeUntil(isGone, 10_000);
      worst(figures, "grants_back_ms", backMs ?? Number.POSITIVE_INFINITY);
      await fleet.start(i);
      await pause(Math.max(0, 3_500 - (backMs ?? 0)), signal);
    }
    return figures;
  },
};

/** The first gateway's way to Redis is cut for four seconds, by closed connections and by silence in turn. */
const cut: Scene = {
  name: "cut",
  isDurable: false,
  async act(fleet, signal) {
    const figures: Figures = { cuts: 0, sent_after_fence: 0, open_after_lease: 0 };
    for (let i = 0; await pause(EVERY_MS, signal); i++) {
      const { child } = fleet.gateways[0] as NonNullable<(typeof fleet.gateways)[0]>;
      const from = Date.now();
      if (i % 2 === 0) fleet.proxy.cut();
      else fleet.proxy.swallow();
      figures["cuts"]++;
      await sleep(LEASE_MS + SLACK_MS);
      const { running } = await child.ask("state", null as never);
      figures["open_after_lease"] += running;
      await sleep(2_000 - SLACK_MS);
      const sent = { from: from + FENCE_MS + SLACK_MS, to: Date.now() };
      figures["sent_after_fence"] += await child.ask("sentBetween", sent);
      fleet.proxy.mend();
      const mendedAt = Date.now();
      const isBack = async () =>
        (await child.ask("sentBetween", { from: mendedAt, to: Date.now() })) > 0;
      worst(figures, "recovery_ms", (await timeUntil(isBack, 20_000)) ?? Number.POSITIVE_INFINITY);
    }
    return figures;
  },
};

function restart(name: string, isDurable: boolean): Scene {
  return {
    name,
    isDurable,
    async act(fleet, signal) {
      const figures: Figures = { restarts: 0, sent_while_down: 0 };
      while (await pause(2 * EVERY_MS, signal)) {
        await fleet.killRedis();
        const from = Date.now();
        figures["restarts"]++;
        await sleep(3_000);
        const sent = { from: from + 200, to: Date.now() };
        for (const { child } of fleet.alive) {
          figures["sent_while_down"] += await child.ask("sentBetween", sent);
        }
        await fleet.redis.run();
        worst(figures, "recovery_ms", await recovery(fleet));
      }
      return figures;
    },
  };
}

const paused: Scene = {
  name: "pause",
  isDurable: false,
  async act(fleet, signal) {
    const figures: Figures = { pauses: 0 };
    while (await pause(2 * EVERY_MS, signal)) {
      fleet.redis.pause();
      figures["pauses"]++;
      await sleep(5_000);
      fleet.redis.resume();
      worst(figures, "recovery_ms", await recovery(fleet));
    }
    return figures;
  },
};

/** Until every gateway sends again. */
async function recovery(fleet: Fleet): Promise<number> {
  const from = Date.now();
  const isBack = async () => {
    const states = await fleet.states();
    const sent = await Promise.all(
      fleet.alive.map(({ child }) => child.ask("sentBetween", { from, to: Date.now() })),
    );
    return states.every(({ store }) => store === "shared") && sent.every((count) => count > 0);
  };
  return (await timeUntil(isBack, 20_000)) ?? Number.POSITIVE_INFINITY;
}

export const SCENES: readonly Scene[] = [
  calm,
  crashes,
  cut,
  restart("restart-kept", true),
  restart("restart-lost", false),
  paused,
];
