// The two acts of an approval: the admission, then the first plan with sealed secrets (and the first backup).

import { approveHost, giveOrder } from '../../api/calls'
import type { Plan, SealedSecret } from '../../api/types.gen'
import { type Pen, sealSecret, signAdmission, signOrder, type TrustedAgent } from '../../seal'

export async function admit(
  agent: string,
  fields: { fingerprint: string; name: string; tags: readonly string[]; replaces?: string | null },
  pen: Pen,
): Promise<void> {
  await approveHost(agent, { admission: await signAdmission(fields, pen) })
}

interface FirstStart {
  /** A person compared its keys, or its admission was checked. */
  to: TrustedAgent
  plan: Plan
  secrets: readonly { slot: string; value: string }[]
}

export async function sendPlan({ to, plan, secrets: values }: FirstStart, pen: Pen): Promise<void> {
  const secrets: SealedSecret[] = []
  for (const { slot, value } of values) secrets.push(await sealSecret(slot, 1, value, to))
  const grave = await signOrder({ do: 'set_plan', base_revision: 0, plan, secrets }, to.agent, pen)
  await giveOrder(to.agent, { grave })
}

export async function runFirst(agent: string, plan: Plan): Promise<void> {
  const groups = Object.keys(plan.groups)
  if (groups.length === 0) return
  await giveOrder(agent, { routine: { do: 'run', groups, upload_kib_s: null } })
}
