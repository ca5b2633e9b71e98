// The two acts of an approval: the admission, then the first plan with sealed secrets (and the first backup).

import { approveHost, giveOrder } from '../../api/calls'
import type { KeyBinding, Plan, SealedSecret } from '../../api/types.gen'
import type { Operator } from '../../parts/operator'
import { type Pen, sealSecret, signAdmission, signOrder, trustCompared } from '../../seal'

export async function admit(
  agent: string,
  fields: { fingerprint: string; name: string; tags: readonly string[]; replaces?: string | null },
  pen: Pen,
): Promise<void> {
  await approveHost(agent, { admission: await signAdmission(fields, pen) })
}

interface FirstStart {
  binding: KeyBinding
  /** That a person compared. */
  fingerprint: string
  plan: Plan
  secrets: readonly { slot: string; value: string }[]
}

export async function sendPlan(
  first: FirstStart,
  operator: Extract<Operator, { state: 'ready' }>,
): Promise<void> {
  const { binding, fingerprint, plan } = first
  const to = trustCompared(operator.trust, binding, fingerprint)
  const secrets: SealedSecret[] = []
  for (const { slot, value } of first.secrets) secrets.push(await sealSecret(slot, 1, value, to))
  const grave = await signOrder({ do: 'set_plan', base_revision: 0, plan, secrets }, binding.id, operator.pen)
  await giveOrder(binding.id, { grave })
}

export async function runFirst(agent: string, plan: Plan): Promise<void> {
  const groups = Object.keys(plan.groups)
  if (groups.length === 0) return
  await giveOrder(agent, { routine: { do: 'run', groups, upload_kib_s: null } })
}
