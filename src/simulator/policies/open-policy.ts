/** Open policy: by its name, with whoever counts its inversions. */
import type { Standing } from "../../figures/standing.ts";
import type { LoadTenant } from "../../workload/load.ts";
import { ProviderJudge } from "../judge/provider-judge.ts";
import { jitterBackoff, naiveBackoff } from "./backoff.ts";
import { fifoBucket, staticCaps } from "./lines.ts";
import type { OpenPolicy, Policy, PolicyName, Scene } from "./policy.ts";
import { openSharedSluice } from "./shared/shared-sluice.ts";
import { openSluiceInstances } from "./sluice/instances.ts";
import { openSluice } from "./sluice/sluice.ts";

export interface PolicySetting {
  readonly scene: Scene;
  readonly tenants: readonly LoadTenant[];
  readonly standing: Standing;
  /** Counts inversions, which takes time. */
  readonly isJudged: boolean;
}

export function openPolicy(name: PolicyName, setting: PolicySetting): OpenPolicy {
  const { scene, tenants, isJudged } = setting;
  switch (name) {
    case "sluice": {
      const { count, network } = scene.setting.instances;
      if (network !== null) return openSharedSluice(scene, tenants, isJudged, network);
      return (count === 1 ? openSluice : openSluiceInstances)(scene, tenants, isJudged);
    }
    case "naive-backoff":
      return judged(naiveBackoff(scene), setting);
    case "jitter-backoff":
      return judged(jitterBackoff(scene), setting);
    case "fifo-bucket":
      return judged(fifoBucket(scene), setting);
    case "static-caps":
      return judged(staticCaps(scene, tenants), setting);
  }
}

function judged(policy: Policy, { scene, standing, isJudged }: PolicySetting): OpenPolicy {
  if (!isJudged) return { policy, watchers: [], inversions: () => 0 };
  const bands = scene.setting.bands.scheduler.bands.length;
  const judge = new ProviderJudge(scene, standing.bandOf, bands);
  return { policy, watchers: [judge], inversions: () => judge.inversions };
}
