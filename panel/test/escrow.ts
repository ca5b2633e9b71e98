// What a host leaves in escrow, as it would seal it to the kit of its fleet.

import type { Backend, EscrowBox, EscrowBundle, EscrowHost } from '../src/api/types.gen'
import { kitFromWords } from '../src/seal'
import { sealBox } from '../src/seal/box'
import { utf8 } from '../src/seal/bytes'

export async function escrowOf(
  words: readonly string[],
  host: { agent: string; name: string; hostname?: string; repositories: Record<string, Backend> },
  values: Record<string, string>,
): Promise<EscrowHost> {
  const kit = kitFromWords(words.join(' '))
  const { recoveryKey: recovery, fleet } = kit
  kit.wipe()
  const boxes: EscrowBox[] = []
  for (const [slot, value] of Object.entries(values)) {
    const context = { purpose: 'escrow', recipient: recovery, fleet, agent: host.agent, slot } as const
    boxes.push({ slot, revision: 3, recovery, box: await sealBox({ ...context, revision: 3 }, utf8(value)) })
  }
  return { hostname: host.name, ...host, boxes }
}

export function bundleOf(fleet: string, hosts: EscrowHost[]): EscrowBundle {
  return { format: 'restic-manager escrow', version: 1, fleet, made_at: Date.UTC(2026, 10, 20), hosts }
}
