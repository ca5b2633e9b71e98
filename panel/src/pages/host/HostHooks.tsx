// The host's own hooks: what runs before and after every backup whose group does not say otherwise.

import { HOST_HOOKS, hooksOf, hookWords, USUAL_HOOK_LIMIT_S } from '../../model/plan'
import { formatDuration } from '../../model/time'
import { Button, Facts, Section, Stack } from '../../ui'
import { HookPart } from './HookPart'
import { usePlanEdit } from './planEdit'

export function HostHooks({ open, setOpen }: { open: boolean; setOpen: (name: string | null) => void }) {
  const { plan, edit, enabled } = usePlanEdit()
  const hooks = hooksOf(plan)
  const verb = open ? 'Close' : enabled ? 'Edit' : 'Details of'
  return (
    <Section
      title="Hooks of the host"
      lead="Run before and after every backup whose group does not say otherwise."
      data-testid="host-hooks"
      actions={
        <Button
          small
          icon={open ? 'up' : 'edit'}
          onClick={() => setOpen(open ? null : HOST_HOOKS)}
          aria-expanded={open}
          aria-label={`${verb} the hooks of the host`}
        >
          {verb === 'Details of' ? 'Details' : verb}
        </Button>
      }
    >
      {open ? (
        <Stack>
          <HookPart
            scope={HOST_HOOKS}
            hooks={hooks}
            onChange={(changed) => edit((before) => ({ ...before, hooks: changed }))}
          />
        </Stack>
      ) : (
        <Facts
          items={[
            { name: 'Before a backup', value: hookWords(hooks.pre, true) },
            { name: 'After a backup', value: hookWords(hooks.post, true) },
            {
              name: 'Time limit of each',
              value: formatDuration((hooks.timeout_s ?? USUAL_HOOK_LIMIT_S) * 1_000),
            },
          ]}
        />
      )}
    </Section>
  )
}
