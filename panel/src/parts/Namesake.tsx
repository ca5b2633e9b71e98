// That another host of the fleet is called the same: no mistake, but two that people take for one another.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { hostsQuery } from '../api/queries'
import { isName } from '../model/plan'
import { paths } from '../paths'
import { Notice } from '../ui'

/** `name` as it is meant, `agent`: who is to bear it. Says nothing while it does not know. */
export function Namesake({ name, agent }: { name: string; agent: string }) {
  const { data } = useInfiniteQuery({ ...hostsQuery({ q: name, sort: 'name' }), enabled: isName(name) })
  // As the coordinator compares names.
  const same = (other: string) => other.toLowerCase() === name.toLowerCase()
  const other = data?.pages.flatMap(({ items }) => items).find((row) => row.agent !== agent && same(row.name))
  return (
    other !== undefined && (
      <Notice tone="warn" role="status">
        Another host of the fleet is called <Link to={paths.host(other.agent)}>{other.name}</Link> already.
        Both work, but people take one for the other.
      </Notice>
    )
  )
}
