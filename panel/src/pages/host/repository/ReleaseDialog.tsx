// Releases a login that may delete, for one forget and prune: sealed here to the host, held there in memory alone, good for ten
// minutes. Says first what that weakens.

import { useEffect, useId, useState } from 'react'
import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import { sealSecret, trustMember } from '../../../seal'
import {
  Dialog,
  describe,
  FieldStack,
  FormActions,
  Notice,
  PasswordField,
  TextField,
  toast,
} from '../../../ui'
import { useHost } from '../context'
import { useGrave } from '../grave'

interface Props {
  name: string
  /** Who does the same without this, if anybody. */
  keeper: string | null
  open: boolean
  onClose: () => void
}

interface Login {
  user: string
  password: string
  /** Empty: that of the plan. */
  url: string
}

const NOTHING: Login = { user: '', password: '', url: '' }

export function ReleaseDialog({ name, keeper, open, onClose }: Props) {
  const { agent, host, present } = useHost()
  const { operator, busy, give } = useGrave()
  const [login, setLogin] = useState(NOTHING)
  const [failure, setFailure] = useState<string | null>(null)
  const form = useId()
  // A fresh form each time, and nothing that lingers once it is closed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: opening and closing are the moments
  useEffect(() => {
    setLogin(NOTHING)
    setFailure(null)
  }, [open])
  const value = secretOf(login)
  const ready = mayAct(operator, 'admin') && present && value !== null

  async function submit() {
    if (!ready || operator.state !== 'ready') return
    setFailure(null)
    try {
      const to = trustMember(operator.trust, agent, host.binding, host.credential)
      const secret = await sealSecret(`repository/${name}/admin`, 1, value, to)
      const what = `release the admin credential of ${name}`
      const given = await give(what, { do: 'release', repository: name, secret }, () =>
        toast.ok('Released', 'The host forgets and prunes once, then it has no more of the credential.'),
      )
      if (given) onClose()
    } catch (error) {
      setFailure(describe(error))
    }
  }

  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`Release the admin credential of ${name}`}
      busy={busy}
      actions={
        <FormActions form={form} onCancel={onClose} busy={busy} disabled={!ready} look="danger" icon="key">
          Seal and release
        </FormActions>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <FieldStack>
          <OperatorNotice operator={operator} needed="admin" what="release a credential that may delete" />
          <Weakens keeper={keeper} />
          <LoginFields login={login} set={(change) => setLogin((before) => ({ ...before, ...change }))} />
          {!present && (
            <Notice tone="idle" title={`${host.row.name} is not connected`} role="status">
              What you typed is still here; it can be released once the host is back.
            </Notice>
          )}
          {failure !== null && (
            <Notice tone="bad" title="Not released; what you typed is still here" role="alert">
              {failure}
            </Notice>
          )}
        </FieldStack>
      </form>
    </Dialog>
  )
}

function Weakens({ keeper }: { keeper: string | null }) {
  const { host } = useHost()
  return (
    <>
      <Notice tone="warn" title="For these minutes the host can destroy its own backups">
        Append-only protects them from whoever takes over {host.row.name}. If somebody has already, they get
        this login. {keeper === null ? 'A keeper on another machine does' : `${keeper} does`} the same work
        without ever showing it to this host: prefer that.
      </Notice>
      <p>
        It is sealed here to {host.row.name}, kept there in memory for one forget and prune, written nowhere.
        What the host has not taken within ten minutes is void.
      </p>
    </>
  )
}

function LoginFields({ login, set }: { login: Login; set: (change: Partial<Login>) => void }) {
  return (
    <>
      <TextField
        label="User that may delete"
        mono
        name="admin-user"
        value={login.user}
        onChange={(user) => set({ user })}
      />
      <PasswordField
        label="Its password"
        name="admin-password"
        value={login.password}
        onChange={(password) => set({ password })}
      />
      <TextField
        label="Address, where it is another"
        mono
        name="admin-url"
        inputMode="url"
        value={login.url}
        onChange={(url) => set({ url })}
        error={isAddress(login.url) ? null : 'It begins with https:// or http://, without user and password.'}
        placeholder="https://backup.example.org:8001"
        help="Where the same repositories are served without --append-only. Empty: the address of the plan."
      />
    </>
  )
}

/** As wire's slot `repository/NAME/admin` wants it; `null` while something is missing or wrong. */
function secretOf(login: Login): string | null {
  const [user, url] = [login.user.trim(), login.url.trim()]
  if (user === '' || login.password === '' || !isAddress(url)) return null
  return JSON.stringify({ user, password: login.password, ...(url !== '' && { url }) })
}

function isAddress(text: string): boolean {
  return text.trim() === '' || /^https?:\/\/[^\s@?#]+$/.test(text.trim())
}
