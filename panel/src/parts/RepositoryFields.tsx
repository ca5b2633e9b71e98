// A repository to be filled in: kind, its own fields, its credentials, its password typed or made.

import { useEffect, useState } from 'react'
import type { CredentialKind } from '../model/credentials'
import { ENVIRONMENT } from '../model/environment'
import {
  type BackendKind,
  backendOf,
  FIELDS,
  type FieldText,
  KINDS,
  keeps,
  locationOf,
  mayKeep,
  type RepositoryDraft,
  restUser,
  withKind,
} from '../model/repository'
import { generatePassword } from '../seal'
import {
  Button,
  CheckField,
  CopyText,
  FieldRow,
  FieldStack,
  PasswordField,
  SelectField,
  TextField,
} from '../ui'
import { htpasswdLine } from './htpasswd'
import styles from './RepositoryFields.module.css'

interface Props {
  draft: RepositoryDraft
  onChange: (draft: RepositoryDraft) => void
  /** By the names of the draft's fields and of the environment. */
  problems: Record<string, string>
  /** The host's name, or null where it is not known yet (a token). */
  hostname: string | null
}

export function RepositoryFields({ draft, onChange, problems, hostname }: Props) {
  const set = (changes: Partial<RepositoryDraft>) => onChange({ ...draft, ...changes })
  const host = hostname ?? ''
  return (
    <FieldStack>
      <SelectField<BackendKind>
        label="Where the backups go"
        value={draft.kind}
        choices={KINDS}
        onChange={(kind) => onChange(withKind(draft, kind))}
        data-testid="repository-kind"
      />
      <FieldRow>
        {FIELDS[draft.kind].map((field) => (
          <DestinationField
            key={field.name}
            field={field}
            draft={draft}
            set={set}
            problem={problems[field.name]}
          />
        ))}
      </FieldRow>
      <Keep credential="login" what="the login" draft={draft} set={set} />
      {draft.kind === 'rest' && !keeps(draft, 'login') && (
        <RestLogin draft={draft} set={set} problems={problems} hostname={hostname} />
      )}
      <Keep credential="environment" what="the access keys" draft={draft} set={set} />
      {ENVIRONMENT[draft.kind].length > 0 && !keeps(draft, 'environment') && (
        <FieldRow>
          {ENVIRONMENT[draft.kind].map(({ name, label, required, secret }) => {
            const Input = secret ? PasswordField : TextField
            return (
              <Input
                key={name}
                label={label}
                mono
                required={required}
                name={name}
                value={draft.environment[name] ?? ''}
                error={problems[name]}
                onChange={(value) => set({ environment: { ...draft.environment, [name]: value } })}
              />
            )
          })}
        </FieldRow>
      )}
      <Keep credential="password" what="the repository password" draft={draft} set={set} />
      {!keeps(draft, 'password') && (
        <MadePassword
          label="Repository password"
          name="repository-password"
          help={
            draft.heldFor === null
              ? 'Encrypts everything in the repository. This browser made one; type another where the repository exists already. It is sealed here to the host; the recovery kit can read it back.'
              : 'A repository that exists at the destination opens only by its own; a new one gets this. It is sealed here to the host; the recovery kit can read it back.'
          }
          value={draft.password}
          error={problems.password}
          onChange={(password) => set({ password })}
        />
      )}
      {FIELDS[draft.kind].every(({ name, required }) => !required || draft[name].trim() !== '') && (
        <p className={styles.location}>
          restic will know it as <code>{locationOf(backendOf(draft, host === '' ? '…' : host))}</code>
        </p>
      )}
    </FieldStack>
  )
}

/** Whether what the host has stays: nobody types again what is only renamed or moved. */
function Keep(props: {
  credential: CredentialKind
  what: string
  draft: RepositoryDraft
  set: (changes: Partial<RepositoryDraft>) => void
}) {
  const { credential, what, draft, set } = props
  if (!mayKeep(draft, credential)) return null
  return (
    <CheckField
      label={`Keep ${what} that the host has`}
      checked={keeps(draft, credential)}
      onChange={(kept) => set({ held: { ...draft.held, [credential]: kept ? 'kept' : 'replaced' } })}
      data-testid={`keep-${credential}`}
    />
  )
}

interface DestinationProps {
  field: FieldText
  draft: RepositoryDraft
  set: (changes: Partial<RepositoryDraft>) => void
  problem: string | undefined
}

function DestinationField({ field, draft, set, problem }: DestinationProps) {
  return (
    <TextField
      label={field.label}
      mono
      name={field.name}
      required={field.required}
      help={field.help}
      placeholder={field.placeholder}
      value={draft[field.name]}
      error={problem}
      onChange={(value) => set({ [field.name]: value })}
    />
  )
}

function RestLogin({
  draft,
  set,
  problems,
  hostname,
}: Omit<DestinationProps, 'field' | 'problem'> & Pick<Props, 'problems' | 'hostname'>) {
  const user = restUser(draft, hostname ?? '')
  return (
    <>
      <FieldRow>
        <TextField
          label="Login user"
          mono
          name="login-user"
          required={hostname === null && draft.loginPassword !== ''}
          help={hostname === null ? 'All hosts of this token log in by it.' : `Empty: ${hostname}`}
          value={draft.loginUser}
          error={problems.loginUser}
          onChange={(loginUser) => set({ loginUser })}
        />
        <MadePassword
          label="Login password"
          name="login-password"
          help="Another one than the repository’s. Empty where the server asks for no login."
          value={draft.loginPassword}
          error={problems.loginPassword}
          onChange={(loginPassword) => set({ loginPassword })}
        />
      </FieldRow>
      {draft.loginPassword !== '' && user !== '' && <Htpasswd user={user} password={draft.loginPassword} />}
    </>
  )
}

/** The server's side of the login; made a moment after one stops typing, it takes a tenth of a second. */
function Htpasswd({ user, password }: { user: string; password: string }) {
  const [line, setLine] = useState<string | null>(null)
  useEffect(() => {
    let current = true
    setLine(null)
    const timer = setTimeout(() => {
      htpasswdLine(user, password).then(
        (made) => {
          if (current) setLine(made)
        },
        () => {},
      )
    }, 400)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [user, password])
  return (
    <div>
      <div className={styles.caption}>Put this line into the server’s .htpasswd file:</div>
      {line === null ? (
        <div className={styles.caption}>Making it…</div>
      ) : (
        <CopyText block text={line} what="the htpasswd line" data-testid="htpasswd" />
      )}
    </div>
  )
}

interface PasswordProps {
  label: string
  name: string
  help: string
  value: string
  error: string | undefined
  onChange: (value: string) => void
}

/** A password that one types, or lets this browser make. */
function MadePassword({ label, name, help, value, error, onChange }: PasswordProps) {
  const verb = value === '' ? 'Make one' : 'Make another'
  return (
    <div className={styles.password}>
      <PasswordField label={label} name={name} value={value} error={error} help={help} onChange={onChange} />
      <Button
        icon="key"
        onClick={() => onChange(generatePassword())}
        aria-label={`${verb}: ${label.toLowerCase()}`}
      >
        {verb}
      </Button>
    </div>
  )
}
