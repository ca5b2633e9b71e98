// A repository that the host may only add to: the switch and what it means, and who forgets and prunes then – a keeper, or
// this host once with a credential that is released to it.

import { useState } from 'react'
import { Link } from 'react-router'
import { paths } from '../../../paths'
import { Button, Cluster, Notice, Stack, SwitchField } from '../../../ui'
import { useHost } from '../context'
import { usePlanEdit } from '../planEdit'
import styles from '../Tabs.module.css'
import { keepersOf, type Sharer } from './charges'
import { ReleaseDialog } from './ReleaseDialog'

export function AppendOnly({ name, sharers }: { name: string; sharers: readonly Sharer[] }) {
  const { agent, host, mayOperate, present } = useHost()
  const { plan, view, edit, enabled } = usePlanEdit()
  const [releasing, setReleasing] = useState(false)
  const repository = plan.repositories[name]
  if (repository === undefined) return null
  const on = repository.append_only === true
  const saved = view.plan.repositories[name]?.append_only === true
  const keepers = keepersOf(agent, sharers)
  const set = (append_only: boolean) =>
    edit((before) => {
      const { append_only: _, ...rest } = before.repositories[name] ?? repository
      const changed = append_only ? { ...rest, append_only } : rest
      return { ...before, repositories: { ...before.repositories, [name]: changed } }
    })
  const releasable = repository.backend.kind === 'rest'
  return (
    <div className={styles.part}>
      <h3>Append-only</h3>
      <SwitchField
        label="The host may only add to it"
        help={
          on
            ? 'The server refuses this host’s credential to delete, so nobody who takes over the host can destroy its backups. Forget and prune do not run here.'
            : 'The host forgets and prunes by itself. Switch it on where the server lets its login only add, such as rest-server with --append-only.'
        }
        checked={on}
        disabled={!enabled}
        onChange={set}
        data-testid={`append-only-${name}`}
      />
      {saved && (
        <Stack tight>
          {keepers.length > 0 ? (
            <Notice tone="ok" title="Looked after by a keeper">
              <Cluster>
                {keepers.map(({ sharing }) => (
                  <Link key={sharing.agent} to={paths.repository(sharing.agent)}>
                    {sharing.name}
                  </Link>
                ))}
                <span>forgets and prunes here, by the policies of {host.row.name}’s plan.</span>
              </Cluster>
            </Notice>
          ) : (
            <Notice tone="warn" title="Nobody removes old snapshots here">
              Make a host without groups of its own the keeper: give it this repository with a login that may
              delete, and pick {host.row.name} on its repository page.
              {releasable && ' Or release the admin credential for one run.'}
            </Notice>
          )}
          {releasable && mayOperate && (
            <div>
              <Button
                small
                icon="key"
                disabled={!present}
                onClick={() => setReleasing(true)}
                data-testid={`release-${name}`}
              >
                Release the admin credential…
              </Button>
              {!present && (
                <p className={styles.hint}>
                  Only while the host is connected: such a credential waits nowhere.
                </p>
              )}
            </div>
          )}
        </Stack>
      )}
      <ReleaseDialog
        name={name}
        keeper={keepers[0]?.sharing.name ?? null}
        open={releasing}
        onClose={() => setReleasing(false)}
      />
    </div>
  )
}
