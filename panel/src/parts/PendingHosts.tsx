// Hosts at the door, with their fingerprints, to be approved or sent away. Also says when there are none and somebody
// waits for one.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { rejectHost } from '../api/calls'
import { pendingQuery } from '../api/queries'
import type { PendingView } from '../api/types.gen'
import { paths } from '../paths'
import {
  Badge,
  Button,
  ConfirmDialog,
  CopyText,
  EmptyState,
  ErrorState,
  LinkButton,
  RelativeTime,
  Section,
  Skeleton,
  StatusDot,
  toast,
} from '../ui'
import styles from './PendingHosts.module.css'

/** `always`: also while nobody waits, with a sentence instead of the list. */
export function PendingHosts({ admin, always = false }: { admin: boolean; always?: boolean }) {
  const pending = useQuery(pendingQuery)
  const hosts = pending.data ?? []
  if (!always && hosts.length === 0) return null
  return (
    <Section
      flush={hosts.length > 0}
      title={
        hosts.length === 0
          ? 'Hosts at the door'
          : `${hosts.length} ${hosts.length === 1 ? 'host waits' : 'hosts wait'} to be approved`
      }
      data-testid="pending"
    >
      {pending.isError && pending.data === undefined ? (
        <ErrorState error={pending.error} retry={() => void pending.refetch()} />
      ) : pending.data === undefined ? (
        <Skeleton rows={2} label="Loading the waiting hosts" />
      ) : hosts.length === 0 ? (
        <EmptyState title="Nobody is waiting yet">
          As soon as a host announces itself it appears here by itself; leave this page open.
        </EmptyState>
      ) : (
        <ul className={styles.list}>
          {hosts.map((host) => (
            <Pending key={host.agent} host={host} admin={admin} />
          ))}
        </ul>
      )}
    </Section>
  )
}

function Pending({ host, admin }: { host: PendingView; admin: boolean }) {
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)

  async function reject() {
    setBusy(true)
    try {
      await rejectHost(host.agent)
      toast.ok(`${host.hostname} was sent away`, 'Its terminal says so.')
      setAsking(false)
    } catch (error) {
      toast.failed(`${host.hostname} was not sent away`, error)
    } finally {
      setBusy(false)
    }
  }

  return (
    <li className={styles.host} data-testid={`pending-${host.hostname}`}>
      <div className={styles.who}>
        <div className={styles.name}>
          <StatusDot tone={host.connected ? 'ok' : 'idle'} hollow={!host.connected}>
            <strong>
              <bdi>{host.hostname}</bdi>
            </strong>
          </StatusDot>
          {!host.connected && <Badge>not connected now</Badge>}
          {host.collides_with !== null && (
            <Badge tone="warn">
              same name as <bdi>{host.collides_with}</bdi>
            </Badge>
          )}
          {host.restic_version === null && <Badge tone="warn">no restic found</Badge>}
        </div>
        <div className={styles.detail}>
          <bdi>{host.os}</bdi> · <bdi>{host.arch}</bdi> · agent <bdi>{host.agent_version}</bdi>
          {host.restic_version !== null && (
            <>
              {' '}
              · restic <bdi>{host.restic_version}</bdi>
            </>
          )}{' '}
          · from {host.address} · <RelativeTime at={host.since} /> · gives up{' '}
          <RelativeTime at={host.expires_at} />
        </div>
        <div className={styles.print}>
          <CopyText text={host.words.join(' ')} what="the fingerprint in words" />
        </div>
      </div>
      <div className={styles.verbs}>
        {admin ? (
          <>
            <Button small onClick={() => setAsking(true)}>
              Send away
            </Button>
            <LinkButton small look="primary" to={paths.approve(host.agent)}>
              Compare and approve
            </LinkButton>
          </>
        ) : (
          <span className={styles.detail}>An admin has to approve it.</span>
        )}
      </div>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Send ${host.hostname} away?`}
        verb="Send away"
        danger
        busy={busy}
        onConfirm={() => void reject()}
      >
        <p>Its terminal will say that it was rejected. It can announce itself again.</p>
      </ConfirmDialog>
    </li>
  )
}
