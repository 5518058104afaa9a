/** Choose attack: the attack of a seed; every third is no attack at all. */
import { pick, seeded } from "../gateway-random.ts";
import type { Attack, AttackMeans, MakeAttack } from "./attack.ts";
import { BODIES } from "./attacks/bodies.ts";
import { FRAMING } from "./attacks/framing.ts";
import { HEADS } from "./attacks/heads.ts";
import { DAWDLING, LEAVING } from "./attacks/leaving.ts";
import { ORDINARY } from "./attacks/ordinary.ts";
import { PIPELINES } from "./attacks/pipelines.ts";
import { PROTOCOLS } from "./attacks/protocols.ts";
import { TARGETS } from "./attacks/targets.ts";

const GROUPS: readonly (readonly [share: number, makers: readonly MakeAttack[]])[] = [
  [0.32, ORDINARY],
  [0.14, FRAMING],
  [0.13, BODIES],
  [0.1, TARGETS],
  [0.1, PIPELINES],
  [0.07, HEADS],
  [0.07, PROTOCOLS],
  [0.05, LEAVING],
  [0.02, DAWDLING],
];

export function chooseAttack(
  seed: number,
  { tenants, trap }: Pick<AttackMeans, "tenants" | "trap">,
): Attack & Pick<AttackMeans, "mark"> {
  const random = seeded(seed);
  const tenant = pick(random, tenants);
  const mark = `mk-${tenant.name}-${seed.toString(36)}`;
  const attack = pick(random, groupAt(random()))({ random, mark, tenant, tenants, trap });
  return { ...attack, mark };
}

function groupAt(point: number): readonly MakeAttack[] {
  let sum = 0;
  for (const [share, makers] of GROUPS) {
    sum += share;
    if (point < sum) return makers;
  }
  return ORDINARY;
}
