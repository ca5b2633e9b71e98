// Operator keys: this browser's own, those that wait for an admin's comparison, and those that hosts believe.

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { keysQuery, ownKeysQuery } from '../../api/queries'
import type { DeviceKeyView } from '../../api/types.gen'
import { approvalReason, keyDoubt, keyName } from '../../model/people'
import { useRole } from '../../parts/Allowed'
import { useTrust } from '../../parts/operator'
import { ThisBrowserKey } from '../../parts/ThisBrowserKey'
import { isLastAdmin, type Trust } from '../../seal'
import {
  Badge,
  Button,
  Cluster,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  RelativeTime,
  Section,
  Skeleton,
  Stack,
} from '../../ui'
import { ApproveKeyDialog } from './ApproveKeyDialog'
import { ForgetKeyDialog, LowerKeyDialog, RevokeKeyDialog } from './KeyDialogs'
import styles from './Keys.module.css'
import { KeyWords } from './KeyWords'

type Asking = { what: 'approve' | 'forget' | 'revoke' | 'lower'; of: DeviceKeyView } | null

export default function KeysPage() {
  const role = useRole()
  return (
    <Stack>
      <ThisBrowserKey />
      {role === 'admin' ? <Everybodys /> : role === undefined ? null : <OwnKeys />}
    </Stack>
  )
}

/** What the fleet's statement says, as this browser verified it, counts more than what the coordinator shows. */
function asVerified(keys: readonly DeviceKeyView[], trust: Trust): DeviceKeyView[] {
  const { operators } = trust.statement
  const known = keys.map((one) => ({
    ...one,
    role: operators.find(({ key }) => key === one.key)?.role ?? null,
  }))
  const unknown = operators.filter(({ key }) => !keys.some((one) => one.key === key))
  return [
    ...known,
    ...unknown.map(({ key, name, role }) => ({
      ...{ key, name, role, fingerprint: '', words: [], person: null, person_id: null, person_role: null },
      ...{ person_disabled: false, announced_at: null, used_at: null },
    })),
  ]
}

function Everybodys() {
  const keys = useQuery(keysQuery)
  const { trust } = useTrust()
  const [asking, setAsking] = useState<Asking>(null)
  const all = useMemo(
    () => (keys.data === undefined || trust.data === undefined ? null : asVerified(keys.data, trust.data)),
    [keys.data, trust.data],
  )
  const close = () => setAsking(null)
  if (keys.isError && keys.data === undefined)
    return <ErrorState error={keys.error} retry={() => void keys.refetch()} />
  // That the statements do not hold is told on top of every page.
  if (all === null || trust.data === undefined)
    return trust.isError ? null : <Skeleton rows={5} label="Loading the keys" />
  const waiting = all.filter(({ role }) => role === null)
  return (
    <>
      <Waiting keys={waiting} ask={setAsking} />
      <Section
        flush
        title="Keys that count"
        lead={`Named by the fleet’s statement ${trust.data.statement.version}: hosts do what these sign.`}
      >
        <DataTable
          label="Keys that count"
          rows={all.filter(({ role }) => role !== null)}
          columns={columns(trust.data, setAsking)}
          rowKey={({ key }) => key}
          rowTestId={({ name }) => `key-${name}`}
        />
      </Section>
      <ApproveKeyDialog of={asking?.what === 'approve' ? asking.of : null} onClose={close} />
      <ForgetKeyDialog of={asking?.what === 'forget' ? asking.of : null} onClose={close} />
      <RevokeKeyDialog of={asking?.what === 'revoke' ? asking.of : null} onClose={close} />
      <LowerKeyDialog of={asking?.what === 'lower' ? asking.of : null} onClose={close} />
    </>
  )
}

function Waiting(props: { keys: readonly DeviceKeyView[]; ask: (asking: Asking) => void }) {
  const { keys, ask } = props
  return (
    <Section
      flush
      title="Waiting for approval"
      lead="Compare the words with whoever announced it before you approve: anybody who has their password could have."
      data-testid="waiting-keys"
    >
      {keys.length === 0 ? (
        <EmptyState title="No key waits">
          When somebody opens the panel in a new browser, its key appears here.
        </EmptyState>
      ) : (
        <ul className={styles.list}>
          {keys.map((one) => (
            <li key={one.key} className={styles.waiting}>
              <div className={styles.who}>
                <div className={styles.name}>
                  <strong>
                    <bdi>{one.person ?? 'Nobody known'}</bdi> · <bdi>{one.name}</bdi>
                  </strong>
                  {one.person_role !== null && <Badge>{one.person_role}</Badge>}
                </div>
                <div className={styles.words}>
                  <KeyWords of={one} />
                </div>
                <div className={styles.detail}>
                  announced <RelativeTime at={one.announced_at} />
                </div>
              </div>
              <Cluster end>
                <Button
                  small
                  look="primary"
                  blocked={approvalReason(one)}
                  onClick={() => ask({ what: 'approve', of: one })}
                  aria-label={`Compare and approve ${keyName(one)}`}
                >
                  Compare and approve…
                </Button>
                <Button
                  small
                  look="danger"
                  onClick={() => ask({ what: 'forget', of: one })}
                  aria-label={`Forget ${keyName(one)}`}
                >
                  Forget…
                </Button>
              </Cluster>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function columns(trust: Trust, ask: (asking: Asking) => void): Column<DeviceKeyView>[] {
  return [
    {
      id: 'key',
      header: 'Key',
      cell: (one) => (
        <div>
          <strong>
            {one.person !== null && (
              <>
                <bdi>{one.person}</bdi> ·{' '}
              </>
            )}
            <bdi>{one.name}</bdi>
          </strong>
          <Doubt text={keyDoubt(one)} />
        </div>
      ),
    },
    { id: 'role', header: 'May sign as', width: '8rem', cell: ({ role }) => role },
    {
      id: 'words',
      header: 'Fingerprint',
      width: '24rem',
      hideBelow: 'lg',
      cell: (one) => (
        <span className={styles.words}>
          <KeyWords of={one} />
        </span>
      ),
    },
    {
      id: 'used',
      header: 'Last used',
      width: '9rem',
      hideBelow: 'md',
      cell: ({ used_at }) => <RelativeTime at={used_at} />,
    },
    {
      id: 'act',
      header: 'What one can do',
      headerHidden: true,
      width: '17rem',
      align: 'end',
      cell: (one) => (
        <Cluster end>
          {one.role === 'admin' && one.person_role === 'operator' && (
            <Button
              small
              blocked={lastAdmin(trust, one)}
              onClick={() => ask({ what: 'lower', of: one })}
              aria-label={`Lower ${keyName(one)} to operator`}
            >
              Lower…
            </Button>
          )}
          <Button
            small
            look="danger"
            blocked={lastAdmin(trust, one)}
            onClick={() => ask({ what: 'revoke', of: one })}
            aria-label={`Revoke ${keyName(one)}`}
          >
            Revoke…
          </Button>
        </Cluster>
      ),
    },
  ]
}

/** Why the fleet cannot do without this key's being an admin's; nothing: it can. */
function lastAdmin(trust: Trust, { key }: DeviceKeyView): string | null {
  if (!isLastAdmin(trust, key)) return null
  return 'It is the only admin’s key: without it nobody could approve hosts or keys. Approve another admin’s first.'
}

function Doubt({ text }: { text: string | null }) {
  if (text === null) return null
  return <p className={styles.doubt}>{text}</p>
}

/** One's own, for whom the others' are none of their business. */
function OwnKeys() {
  const own = useQuery(ownKeysQuery)
  return (
    <Section
      flush
      title="My keys"
      lead="One per browser. It takes an admin to approve or revoke one; ask them about what you lost."
    >
      {own.data === undefined && own.isError ? (
        <ErrorState error={own.error} retry={() => void own.refetch()} />
      ) : own.data === undefined ? (
        <Skeleton rows={3} label="Loading your keys" />
      ) : (
        <DataTable
          label="My keys"
          rows={own.data}
          columns={OWN_COLUMNS}
          rowKey={({ key }) => key}
          empty={<EmptyState title="No key of yours is known here" />}
        />
      )}
    </Section>
  )
}

const OWN_COLUMNS: readonly Column<DeviceKeyView>[] = [
  { id: 'name', header: 'Browser', cell: ({ name }) => <bdi>{name}</bdi> },
  {
    id: 'role',
    header: 'May sign as',
    width: '12rem',
    cell: ({ role }) => role ?? 'nothing yet: it waits',
  },
  {
    id: 'words',
    header: 'Fingerprint',
    width: '24rem',
    hideBelow: 'lg',
    cell: (one) => (
      <span className={styles.words}>
        <KeyWords of={one} />
      </span>
    ),
  },
  {
    id: 'used',
    header: 'Last used',
    width: '9rem',
    cell: ({ used_at }) => <RelativeTime at={used_at} />,
  },
]
