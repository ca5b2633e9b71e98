// How much is ticked: sizes that were seen, and for directories what the host measures, one after the other.

import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { measureQuery, type Place } from '../../api/trees'
import type { Snapshot } from '../../api/types.gen'
import { type Total, totalOf, type Weight } from '../../model/picks'
import { ROOT } from '../../model/rawPath'
import type { Wishing } from './wish'

/** More are not measured by themselves: each is work for the host. */
const MOST_MEASURED = 40

export interface Weights {
  total: Total
  weightOf: (path: string) => Weight | undefined
  /** The path that the host measures now. */
  measuring: string | null
}

export function useWeights(
  place: Place,
  { wish, sizes }: Wishing,
  { present, snapshot }: { present: boolean; snapshot: Snapshot | undefined },
): Weights {
  const queries = useQueryClient()
  const [measured, setMeasured] = useState<ReadonlyMap<string, Weight | null>>(new Map())
  const weightOf = useMemo(() => {
    const { size_bytes, files } = snapshot ?? { size_bytes: null, files: null }
    return (path: string): Weight | undefined => {
      const size = sizes[path]
      if (size !== undefined) return { files: 1, directories: 0, bytes: size }
      if (path === ROOT && size_bytes !== null && files !== null)
        return { files, directories: 0, bytes: size_bytes }
      return measured.get(path) ?? undefined
    }
  }, [sizes, measured, snapshot])
  const total = useMemo(() => totalOf(wish.picks, weightOf), [wish.picks, weightOf])
  const next = [...total.more, ...total.less].find((path) => !measured.has(path))
  const measuring = present && measured.size < MOST_MEASURED ? (next ?? null) : null
  const { agent, repository, snapshot: id } = place
  useEffect(() => {
    if (measuring === null) return
    let left = false
    queries.fetchQuery(measureQuery({ agent, repository, snapshot: id }, measuring)).then(
      (weight) => left || setMeasured((before) => new Map(before).set(measuring, weight)),
      // The total goes on saying that it is not measured.
      () => left || setMeasured((before) => new Map(before).set(measuring, null)),
    )
    return () => {
      left = true
    }
  }, [queries, agent, repository, id, measuring])
  return { total, weightOf, measuring }
}
