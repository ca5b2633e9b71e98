// The frame of one group or schedule: name and state, run now, edit, more; what is wrong with it as a whole.

import type { ReactNode } from 'react'
import { problemsAt } from '../../model/plan'
import { StatusTitle } from '../../parts/StatusTitle'
import { Badge, Button, Menu, type MenuItem, Notice, Section, Stack } from '../../ui'
import { useHost } from './context'
import { usePlanEdit } from './planEdit'

interface ItemProps {
  area: 'group' | 'schedule'
  name: string
  /** Beside the name. */
  state?: ReactNode
  /** The host knows it: it can be run. */
  saved: boolean
  open: boolean
  setOpen: (name: string | null) => void
  run: () => void
  more: readonly MenuItem[]
  dialogs: ReactNode
  children: ReactNode
}

export function PlanItem({
  area,
  name,
  state,
  saved,
  open,
  setOpen,
  run,
  more,
  dialogs,
  children,
}: ItemProps) {
  const { enabled, problems } = usePlanEdit()
  const { mayOperate, routine } = useHost()
  const field = `${area}s.${name}`
  const wrong = problemsAt(problems, field, true).length > 0
  const verb = open ? 'Close' : enabled ? 'Edit' : 'Details'
  return (
    <Section
      title={
        <StatusTitle title={name}>
          {state}
          {!saved && <Badge tone="run">not saved yet</Badge>}
          {wrong && <Badge tone="bad">needs mending</Badge>}
        </StatusTitle>
      }
      data-testid={`${area}-${name}`}
      actions={
        <>
          {mayOperate && saved && (
            <Button
              small
              icon="play"
              busy={routine.busy !== null}
              onClick={run}
              aria-label={`Run now: ${name}`}
            >
              Run now
            </Button>
          )}
          <Button
            small
            icon={open ? 'up' : 'edit'}
            onClick={() => setOpen(open ? null : name)}
            aria-expanded={open}
            aria-label={`${verb}${verb === 'Details' ? ' of' : ''} ${name}`}
          >
            {verb}
          </Button>
          <Menu label={`More for ${name}`} items={more} />
        </>
      }
    >
      <Stack>
        {problemsAt(problems, field).map((problem) => (
          <Notice key={problem} tone="bad">
            {problem}
          </Notice>
        ))}
        {children}
      </Stack>
      {dialogs}
    </Section>
  )
}
