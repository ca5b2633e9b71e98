// The hosts of an open bundle: where their repositories are and, once asked for, what opens them.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hostQuery } from '../../api/queries'
import type { Backend, EscrowBundle, EscrowHost } from '../../api/types.gen'
import { matching, resticVariables, type Variable } from '../../model/escrow'
import { slotWords } from '../../model/plan'
import { locationOf } from '../../model/repository'
import { paths } from '../../paths'
import { type Kit, type Opened, openEscrow } from '../../seal'
import { Button, Cluster, CopyText, EmptyState, Facts, LinkButton, Notice, Stack, TextField } from '../../ui'
import { RestoreById } from './RestoreById'

/** More are found by name. */
const MOST_SHOWN = 50

interface Props {
  bundle: EscrowBundle
  kit: Kit
  onClose: () => void
}

export function OpenedHosts({ bundle, kit, onClose }: Props) {
  const [text, setText] = useState('')
  const found = matching(bundle.hosts, text)
  const shown = found.slice(0, MOST_SHOWN)
  return (
    <Stack>
      <Notice
        tone="ok"
        title="The kit opens this bundle"
        role="status"
        action={
          <Button small onClick={onClose} data-testid="close-bundle">
            Close it
          </Button>
        }
      >
        It is closed by itself when you leave this page, or after ten minutes.
      </Notice>
      {bundle.hosts.length > 5 && (
        <TextField label="Find a host" inputMode="search" value={text} onChange={setText} />
      )}
      {shown.map((host) => (
        <OneHost key={host.agent} host={host} bundle={bundle} kit={kit} />
      ))}
      {found.length > shown.length && (
        <p role="status">
          The first {shown.length} of {found.length}: type part of a name to see the others.
        </p>
      )}
      {found.length === 0 && (
        <EmptyState title={bundle.hosts.length === 0 ? 'No host is in it' : 'No host of that name'}>
          {bundle.hosts.length === 0
            ? 'The coordinator that made it had nothing in escrow yet.'
            : 'Try another part of it.'}
        </EmptyState>
      )}
    </Stack>
  )
}

function OneHost({ host, bundle, kit }: Omit<Props, 'onClose'> & { host: EscrowHost }) {
  const [opened, setOpened] = useState<Opened | null>(null)
  const [restoring, setRestoring] = useState<string | null>(null)
  const repositories = Object.entries(host.repositories)
  // Asked only where somebody looks at it: a bundle has as many hosts as a fleet.
  const known = useQuery({ ...hostQuery(host.agent), enabled: opened !== null, retry: false }).data
  return (
    <section aria-label={host.name} data-testid={`escrow-${host.name}`}>
      <Stack tight>
        <Cluster>
          <strong>
            <bdi>{host.name}</bdi>
          </strong>
          {host.hostname !== host.name && (
            <span>
              snapshots of <bdi>{host.hostname}</bdi>
            </span>
          )}
          {opened === null ? (
            <Button
              small
              icon="key"
              onClick={() => void openEscrow(kit, bundle.fleet, host).then(setOpened)}
              aria-label={`Show what opens the repositories of ${host.name}`}
            >
              Show what opens them
            </Button>
          ) : (
            <Button small onClick={() => setOpened(null)} aria-label={`Hide what opens them of ${host.name}`}>
              Hide
            </Button>
          )}
          {opened !== null && known !== undefined && (
            <LinkButton small to={paths.snapshots(host.agent)}>
              Its snapshots here
            </LinkButton>
          )}
        </Cluster>
        {repositories.length === 0 && <p>It does not say where any repository is.</p>}
        {repositories.map(([name, backend]) => (
          <OneRepository
            key={name}
            name={name}
            backend={backend}
            hostname={host.hostname}
            opened={opened}
            onRestore={() => setRestoring(name)}
          />
        ))}
        {opened !== null && opened.closed.length > 0 && (
          <Notice tone="warn" title="Not everything opens" role="status">
            <ul>
              {opened.closed.map(({ slot, reason }) => (
                <li key={slot}>
                  {slotWords(slot)}: {reason}
                </li>
              ))}
            </ul>
          </Notice>
        )}
      </Stack>
      {restoring !== null && (
        <RestoreById
          host={host}
          repository={restoring}
          kit={kit}
          fleet={bundle.fleet}
          known={known !== undefined}
          onClose={() => setRestoring(null)}
        />
      )}
    </section>
  )
}

interface RepositoryProps {
  name: string
  backend: Backend
  hostname: string
  opened: Opened | null
  onRestore: () => void
}

function OneRepository({ name, backend, hostname, opened, onRestore }: RepositoryProps) {
  if (opened === null) {
    return (
      <p>
        {name}: <code>{locationOf(backend)}</code>
      </p>
    )
  }
  return (
    <Facts
      items={[
        {
          name: 'Repository',
          value: (
            <Cluster>
              {name}
              <Button small onClick={onRestore} aria-label={`Restore from ${name} onto a host`}>
                Restore onto a host…
              </Button>
            </Cluster>
          ),
        },
        ...resticVariables(name, backend, opened.values, hostname).map((one) => ({
          name: one.name,
          value: <Value of={one} />,
        })),
      ]}
    />
  )
}

/** Over somebody's shoulder a secret is read faster than it is copied: it is shown one at a time. */
function Value({ of }: { of: Variable }) {
  const [shown, setShown] = useState(!of.secret)
  if (of.secret && !shown) {
    return (
      <Cluster>
        <CopyText text={of.value} shown="••••••••" what={of.name} />
        <Button small look="quiet" onClick={() => setShown(true)} aria-label={`Show ${of.name}`}>
          Show
        </Button>
      </Cluster>
    )
  }
  return <CopyText text={of.value} what={of.name} />
}
