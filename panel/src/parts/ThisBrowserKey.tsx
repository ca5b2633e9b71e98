// This browser's operator key, from nothing to approved: made here, announced, compared by an admin, in the statement.
// For the account page and the page of operator keys.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { announceKey } from '../api/calls'
import { key, ownKeysQuery, sessionQuery } from '../api/queries'
import type { DeviceKeyView, MeView } from '../api/types.gen'
import { type DeviceKey, deviceFingerprint, isSecure, makeDevice, operatorOf, proveKey } from '../seal'
import { Button, ErrorState, FieldStack, Notice, Section, Skeleton, Stack, StatusDot, TextField } from '../ui'
import { deviceName } from './deviceName'
import { FingerprintView } from './FingerprintView'
import { covers, deviceQuery, useTrust } from './operator'

/** How often one that waits looks whether it was approved; events tell it sooner. */
const WAITING_MS = 10_000

export function ThisBrowserKey() {
  const session = useQuery(sessionQuery)
  const me = session.data ?? undefined
  return (
    <Section
      title="This browser’s key"
      lead="Whatever a host should not do on the coordinator’s word alone is signed by a key that never leaves its browser."
      data-testid="this-browser-key"
    >
      {!isSecure() ? (
        <Notice tone="warn" title="This page cannot make a key">
          It came over plain http. Open the panel over https, or through{' '}
          <code>ssh -L 7700:127.0.0.1:7700 HOST</code> at http://localhost:7700.
        </Notice>
      ) : me === undefined ? (
        <Skeleton rows={2} label="Looking for this browser’s key" />
      ) : (
        <OfPerson me={me} />
      )}
    </Section>
  )
}

function OfPerson({ me }: { me: MeView }) {
  const device = useQuery(deviceQuery(me.user))
  const { fleet, trust } = useTrust()
  const own = useQuery({
    ...ownKeysQuery,
    refetchInterval: ({ state }) => (state.data?.some(({ role }) => role === null) ? WAITING_MS : false),
  })
  const failed = [device, fleet, trust, own].find(({ isError }) => isError)
  if (failed !== undefined) return <ErrorState error={failed.error} retry={() => void failed.refetch()} />
  if (device.data === undefined || trust.data === undefined || own.data === undefined)
    return <Skeleton rows={2} label="Looking for this browser’s key" />
  const announced = own.data.find((one) => one.key === device.data?.signer.key)
  const standing = device.data === null ? undefined : operatorOf(trust.data, device.data.signer.key)
  if (device.data === null || (announced === undefined && standing === undefined))
    return <Announce me={me} fleet={trust.data.fleet} device={device.data} />
  return (
    <Stack>
      {standing !== undefined ? (
        <StatusDot tone="ok" wrap>
          “{device.data.name}” is approved: it may sign as {standing.role}.
        </StatusDot>
      ) : (
        <Waiting announced={announced} role={me.role} />
      )}
      <FingerprintView
        hex={deviceFingerprint(device.data.signer.key)}
        what="fingerprint of this browser’s key"
        data-testid="own-fingerprint"
      />
      {announced === undefined && <Announce me={me} fleet={trust.data.fleet} device={device.data} />}
    </Stack>
  )
}

function Waiting({ announced, role }: { announced: DeviceKeyView | undefined; role: MeView['role'] }) {
  return (
    <Notice tone="run" title={`“${announced?.name ?? 'This browser'}” waits for an admin`} role="status">
      {covers(role, 'operator')
        ? 'Tell an admin these six words, by telephone or side by side: under Settings, Operator keys, they compare them and approve. This page notices by itself.'
        : 'A viewer signs nothing, so there is nothing to approve until your role is another one.'}
    </Notice>
  )
}

/** Makes the key where there is none, and tells the coordinator whose it is. */
function Announce({ me, fleet, device }: { me: MeView; fleet: string; device: DeviceKey | null }) {
  const queries = useQueryClient()
  const [name, setName] = useState(device?.name ?? deviceName())
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const isMissing = name.trim() === ''

  async function announce() {
    setBusy(true)
    setError(null)
    try {
      const made = device ?? (await newDevice(me.user, name.trim()))
      const proof = await proveKey(fleet, me.user, made.signer)
      await announceKey({ key: made.signer.key, name: name.trim(), proof })
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
      await queries.invalidateQueries({ queryKey: deviceQuery(me.user).queryKey })
      await queries.invalidateQueries({ queryKey: key.keys })
    }
  }

  if (device === null && !covers(me.role, 'operator')) {
    return <p>A viewer signs nothing, so this browser needs no key.</p>
  }
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (!isMissing) void announce()
      }}
    >
      <FieldStack>
        <p>
          {device === null
            ? 'This browser has no key yet. Make one; then an admin compares its fingerprint and approves it.'
            : 'This browser has a key that nobody announced as yours: the list of operator keys cannot say whose it is.'}
        </p>
        <TextField
          label="What this browser is called"
          help="So that you and the admins know it among your others."
          value={name}
          onChange={setName}
          maxLength={60}
          error={isMissing ? 'Give it a name.' : undefined}
        />
        {error !== null && <ErrorState error={error} title="The key was not announced" />}
        <div>
          <Button type="submit" look="primary" icon="key" busy={busy} data-testid="announce-key">
            {device === null ? 'Make a key and announce it' : 'Announce this key as mine'}
          </Button>
        </div>
      </FieldStack>
    </form>
  )
}

/** Kept before it is announced: a key that an admin approves must not be lost with the tab. */
async function newDevice(user: string, name: string): Promise<DeviceKey> {
  const { device, keep } = await makeDevice(user, name)
  await keep()
  return device
}
