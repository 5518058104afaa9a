/**
 * Shared Sluice: many programs, each the runtime's own account with a clock that is wrong, share a
 * store over a network. Their promises are let run after whatever concerns a program, so that the
 * same seed gives the same history.
 */
import type { AccountTenant } from "../../../runtime/account/ask.ts";
import type { LoadTenant } from "../../../workload/load.ts";
import type { StoreNetwork as NetworkSetting } from "../../setting.ts";
import type { Traffic } from "../../store-traffic.ts";
import { draw, PURPOSE } from "../../world/draw.ts";
import { micros } from "../../world/timing.ts";
import type { AnswerHead, OpenPolicy, Policy, Scene } from "../policy.ts";
import { Refusals } from "../sluice/refusals.ts";
import { Program } from "./program.ts";
import { StoreNetwork } from "./store-network.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Requests that are told again in another life have two places for a while. */
const SPARE_SEATS = 1_000;

export function openSharedSluice(
  scene: Scene,
  tenants: readonly LoadTenant[],
  isJudged: boolean,
  network: NetworkSetting,
): OpenPolicy {
  const policy = new SharedSluice(scene, tenants, isJudged, network);
  return {
    policy,
    watchers: [],
    inversions: () => policy.inversions,
    traffic: () => policy.traffic,
  };
}

class SharedSluice implements Policy {
  readonly readsHeaders = true;
  readonly wakeAt = Number.POSITIVE_INFINITY;
  readonly #scene: Scene;
  readonly #network: StoreNetwork;
  readonly #programs: readonly Program[];
  #isStirred = true;

  constructor(
    scene: Scene,
    tenants: readonly LoadTenant[],
    isJudged: boolean,
    network: NetworkSetting,
  ) {
    this.#scene = scene;
    const stir = () => {
      this.#isStirred = true;
    };
    const { tasks, models } = scene;
    const size = isJudged ? { paths: models.length, tasks: 2 * tasks.length + SPARE_SEATS } : null;
    this.#network = new StoreNetwork(scene, network, size, stir);
    const { count, clockOffsetsMs } = scene.setting.instances;
    const shared = { tenants: tenantsOf(scene, tenants), refusals: new Refusals(tasks.length) };
    this.#programs = Array.from({ length: count }, (_, number) => {
      const clock = new VirtualClock(scene, micros(clockOffsetsMs[number] ?? 0), stir);
      const connection = this.#network.connection();
      return new Program(scene, { ...shared, name: `i${number}`, clock, connection });
    });
  }

  get inversions(): number {
    return this.#network.store.inversions;
  }

  get traffic(): Traffic {
    return this.#network.traffic;
  }

  takeStir(): boolean {
    const wasStirred = this.#isStirred;
    this.#isStirred = false;
    return wasStirred;
  }

  arrived(task: number): void {
    this.#isStirred = true;
    this.#programOf(task).arrived(task);
  }

  answered(task: number, head: AnswerHead): void {
    this.#isStirred = true;
    this.#programOf(task).answered(task, head);
  }

  ended(task: number): void {
    this.#isStirred = true;
    this.#programOf(task).ended(task);
  }

  timer(): void {}

  wake(): void {}

  #programOf(task: number): Program {
    const share = draw(this.#scene.setting.seed, PURPOSE.instance, task);
    return this.#programs[Math.floor(share * this.#programs.length)];
  }
}

function tenantsOf(
  { setting }: Scene,
  tenants: readonly LoadTenant[],
): ReadonlyMap<string, AccountTenant> {
  return new Map(
    tenants.map(({ name, tier, weight }) => {
      const tenant = { id: name, weight: setting.tiers[tier].weight * weight, meters: [] };
      return [name, tenant] as const;
    }),
  );
}
