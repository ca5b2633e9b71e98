// What the signed-in person's role is enough for, and the sentence that says so where it is not. For a button, give the
// reason as its `blocked`; for a whole page or section, put it inside `Allowed`.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { sessionQuery } from '../api/queries'
import type { Role } from '../api/types.gen'
import { lackOf, roleWithArticle } from '../model/roles'
import { EmptyState, Section } from '../ui'

/** Nothing while nobody knows yet who is here: the page behind shows that itself. */
export function useRole(): Role | undefined {
  return useQuery(sessionQuery).data?.role
}

/** Why the person may not do `what` ("invite people"), or nothing. */
export function useLack(needed: Role, what: string): string | undefined {
  const role = useRole()
  return role === undefined ? undefined : (lackOf(role, needed, what) ?? undefined)
}

/** Its children for who may, a reason in their place for everybody else. `what`: "manage people". */
export function Allowed({ needed, what, children }: { needed: Role; what: string; children: ReactNode }) {
  const role = useRole()
  if (role === undefined) return null
  const lack = lackOf(role, needed, what)
  if (lack === null) return children
  return (
    <Section>
      <EmptyState title={`Not for ${roleWithArticle(role)}`}>{lack}</EmptyState>
    </Section>
  )
}
