/** Fleet: short scenes of the benchmark, so that what it shows stays true. */
import { describe, expect, test } from "vitest";
import { runScene } from "../../../bench/fleet/bench.ts";
import { SCENES } from "../../../bench/fleet/scenes.ts";

const LONG = { timeout: 120_000 };

async function play(name: string, seconds: number) {
  const scene = SCENES.find((one) => one.name === name);
  if (scene === undefined) throw new Error(`no scene ${name}`);
  const figures = await runScene(scene, seconds, 1);
  // The provider is the judge of truth, and nothing is held by anybody at the end.
  expect(figures).toMatchObject({ provider_refusals: 0, overruns: 0, overdrawn: 0, inversions: 0 });
  expect(figures["held_at_end"]).toBe(0);
  // On a machine that stands still for 1.5 s an instance ends its calls, as it has to.
  if (figures["silences"] === 0) expect(figures["lost_at_the_living"]).toBe(0);
  expect(figures["peak_in_flight"]).toBeLessThanOrEqual(40);
  return figures;
}

describe("four gateways before one account, at three times its limits", () => {
  test("use all of it, and are refused nothing", LONG, async () => {
    const figures = await play("calm", 8);
    expect(figures["budget_used"]).toBeGreaterThan(0.9);
    if (figures["silences"] === 0) expect(figures["clients_lost"]).toBe(0);
  });

  test("go on when one of them is killed, and lose only its own clients", LONG, async () => {
    const figures = await play("crashes", 8);
    expect(figures["kills"]).toBeGreaterThan(0);
    expect(figures["grants_back_ms"]).toBeLessThan(4_000);
  });

  test("do without one that is cut off, which sends nothing", LONG, async () => {
    const figures = await play("cut", 12);
    expect(figures).toMatchObject({ sent_after_fence: 0, open_after_lease: 0 });
  });

  test("go on when Redis has lost everything", LONG, async () => {
    const figures = await play("restart-lost", 15);
    expect(figures["restarts"]).toBeGreaterThan(0);
    expect(figures["recovery_ms"]).toBeLessThan(6_000);
  });
});
