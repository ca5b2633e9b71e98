// What every tab of a host's page shares.

import { createContext, useContext } from 'react'
import type { WholeHost } from '../../api/queries'
import type { Routine, RunLimits } from './orders'

export interface HostContext {
  agent: string
  host: WholeHost
  /** The host is connected: orders are answered within a second. */
  present: boolean
  /** The signed-in person may give routine orders. */
  mayOperate: boolean
  routine: Routine
  runNow: (groups: readonly string[], limits?: RunLimits) => Promise<void>
}

export const Host = createContext<HostContext | null>(null)

export function useHost(): HostContext {
  const host = useContext(Host)
  if (host === null) throw new Error('useHost is for the tabs of HostPage')
  return host
}
