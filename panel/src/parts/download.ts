// Downloads of this tab: begun from any page, they go on while one looks at others. What is under way is shown by
// `Downloads`, which the shell mounts.

import { useSyncExternalStore } from 'react'
import { toast } from '../ui'
import { runDownload, type Wanted } from './downloads/run'
import { useOperator } from './operator'

export type { Wanted } from './downloads/run'

export interface Running {
  id: number
  name: string
  /** That are here. */
  bytes: number
  size?: number
  stop: () => void
}

let running: readonly Running[] = []
let lastId = 0
const listeners = new Set<() => void>()
/** The tray does not draw every chunk. */
const TELL_EVERY_MS = 200

function set(next: readonly Running[]) {
  running = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** What is under way in this tab, oldest first. */
export function useRunning(): readonly Running[] {
  return useSyncExternalStore(subscribe, () => running)
}

class NoKeyError extends Error {
  override readonly name = 'NoKeyError'
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

export interface Downloading {
  /** Resolves when it is over, well or not. Never throws: failures are told. */
  start: (wanted: Wanted) => Promise<void>
  running: readonly Running[]
}

export function useDownload(): Downloading {
  const operator = useOperator()
  const shown = useRunning()
  return {
    running: shown,
    start: async (wanted) => {
      const { name } = wanted
      if (operator.state !== 'ready') {
        const [why, hint] =
          operator.state === 'unable'
            ? [operator.title, operator.reason]
            : operator.state === 'distrust'
              ? [
                  'This browser does not trust what the coordinator shows',
                  'See the notice on top of the page.',
                ]
              : ['This browser’s key is not read yet', 'Try it once more.']
        toast.failed(`Not downloaded: ${name}`, new NoKeyError(`${why}.`, hint))
        return
      }
      lastId += 1
      const id = lastId
      const abort = new AbortController()
      const entry: Running = {
        id,
        name,
        bytes: 0,
        ...(wanted.size !== undefined && { size: wanted.size }),
        stop: () => abort.abort(),
      }
      set([...running, entry])
      let told = 0
      try {
        await runDownload(wanted, operator.pen, abort.signal, (bytes) => {
          const now = performance.now()
          if (now - told < TELL_EVERY_MS) return
          told = now
          set(running.map((one) => (one.id === id ? { ...one, bytes } : one)))
        })
        toast.ok(`Downloaded: ${name}`)
      } catch (error) {
        if (abort.signal.aborted) toast.ok(`Stopped: ${name}`, 'Nothing of it was kept.')
        else toast.failed(`Not downloaded: ${name}`, error)
      } finally {
        set(running.filter((one) => one.id !== id))
      }
    },
  }
}
