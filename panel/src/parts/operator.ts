// This browser as an operator: its key, and the fleet as it verified it. Knows session, fleet and the key store; pages
// ask here before they sign or seal.

import { queryOptions, useQuery } from '@tanstack/react-query'
import { isApiError } from '../api/error'
import { fleetQuery, key, sessionQuery } from '../api/queries'
import type { FleetView, Role } from '../api/types.gen'
import {
  isSecure,
  keepSeen,
  operatorOf,
  type Pen,
  readDevice,
  readSeen,
  type Trust,
  verifyChain,
} from '../seal'

export type Operator =
  | { state: 'loading' }
  /** `role` is that of this browser's key in the fleet statement, not of the signed-in person. */
  | { state: 'ready'; trust: Trust; pen: Pen; role: Role; deviceName: string }
  /** Nothing can be signed here; the sentence says why, and what to do. */
  | {
      state: 'unable'
      title: string
      reason: string
      trust: Trust | null
      /** Where this browser could get a key that counts: it has none, or none that an admin approved. */
      keyless?: true
    }
  /** The fleet's statements do not hold: nothing that the coordinator says may be signed. */
  | { state: 'distrust'; error: unknown }

/** The verified fleet. What was seen is remembered once the chain holds. */
const trustQuery = (fleet: FleetView | undefined) =>
  queryOptions({
    queryKey: [...key.fleet, 'trust', fleet?.statements.length ?? 0, fleet?.statements.at(-1)?.sig ?? ''],
    enabled: fleet !== undefined,
    queryFn: async (): Promise<Trust> => {
      const trust = verifyChain(fleet?.statements ?? [], await readSeen())
      await keepSeen(trust)
      return trust
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** This browser's key of that person, if it has one. */
export const deviceQuery = (user: string | undefined) =>
  queryOptions({
    queryKey: ['device', user ?? ''],
    enabled: user !== undefined,
    queryFn: () => readDevice(user ?? ''),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })

export function useTrust() {
  const fleet = useQuery(fleetQuery)
  return { fleet, trust: useQuery(trustQuery(fleet.data)) }
}

export function useOperator(): Operator {
  const session = useQuery(sessionQuery)
  const { fleet, trust } = useTrust()
  const device = useQuery(deviceQuery(session.data?.user))

  if (trust.isError) return { state: 'distrust', error: trust.error }
  if (!isSecure()) {
    return {
      state: 'unable',
      title: 'This page cannot take secrets',
      reason:
        'It came over plain http. Open the panel over https, or through `ssh -L 7700:127.0.0.1:7700 HOST` at http://localhost:7700.',
      trust: trust.data ?? null,
    }
  }
  if (fleet.isError) {
    const hint = isApiError(fleet.error) ? fleet.error.hint : 'Reload the page.'
    return { state: 'unable', title: 'The fleet’s statements are not here', reason: hint, trust: null }
  }
  if (device.isError) {
    return {
      state: 'unable',
      title: 'No access to this browser’s key',
      reason: device.error.message,
      trust: trust.data ?? null,
    }
  }
  if (session.data === undefined || trust.data === undefined || device.data === undefined)
    return { state: 'loading' }
  if (session.data === null) {
    return { state: 'unable', title: 'Nobody is signed in', reason: 'Sign in again.', trust: trust.data }
  }
  if (device.data === null) {
    return {
      state: 'unable',
      title: 'This browser has no operator key',
      reason: `Approvals, plans and secrets are signed by a key that only its own browser has. Use the browser that has ${session.data.user}’s, or make a key here and have an admin approve it.`,
      trust: trust.data,
      keyless: true,
    }
  }
  const { signer, name } = device.data
  const standing = operatorOf(trust.data, signer.key)
  if (standing === undefined) {
    return {
      state: 'unable',
      title: 'This browser’s operator key is not in the fleet statement',
      reason:
        'It waits for an admin’s approval, was revoked, or belongs to a fleet that was here before. Until it is approved, use a browser whose key is in the statement.',
      trust: trust.data,
      keyless: true,
    }
  }
  const pen: Pen = { fleet: trust.data.fleet, person: session.data.user, signer }
  return { state: 'ready', trust: trust.data, pen, role: standing.role, deviceName: name }
}

export { covers } from '../model/roles'
