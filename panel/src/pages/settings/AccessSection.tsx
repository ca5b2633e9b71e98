// What an admin does to somebody's access: end their sessions, take lost second factors away, disable, enable.

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { disablePerson, enablePerson, resetFactors, signOutPerson } from '../../api/calls'
import { key } from '../../api/queries'
import type { PersonView } from '../../api/types.gen'
import { factorWords } from '../../model/people'
import { Button, ConfirmDialog, Section, toast } from '../../ui'
import styles from './Access.module.css'

interface Props {
  person: PersonView
  lastAdmin: string | null
  isSelf: boolean
}

type Asking = 'sign-out' | 'factors' | 'disable' | null

export function AccessSection({ person, lastAdmin, isSelf }: Props) {
  const queries = useQueryClient()
  const [asking, setAsking] = useState<Asking>(null)
  const [busy, setBusy] = useState(false)
  const { id, name } = person

  async function act(work: () => Promise<unknown>, done: string, failed: string) {
    setBusy(true)
    try {
      await work()
      toast.ok(done)
      setAsking(null)
    } catch (error) {
      toast.failed(failed, error)
    } finally {
      setBusy(false)
      await queries.invalidateQueries({ queryKey: key.people })
      await queries.invalidateQueries({ queryKey: key.keys })
    }
  }

  return (
    <Section title="Access" data-testid="access">
      <ul className={styles.verbs}>
        <Verb text="End every session, on every device. Who knows the password can sign in again.">
          <Button
            small
            blocked={person.sessions === 0 ? `${name} is signed in nowhere.` : null}
            onClick={() => setAsking('sign-out')}
          >
            Sign out everywhere…
          </Button>
        </Verb>
        <Verb text="After a lost telephone or key: the password alone is enough until they add another.">
          <Button
            small
            look="danger"
            blocked={factorsReason(person, isSelf)}
            onClick={() => setAsking('factors')}
          >
            Reset second factors…
          </Button>
        </Verb>
        {person.state === 'disabled' ? (
          <Verb text="Let them in again, with the role and the password of before.">
            <Button
              small
              busy={busy}
              onClick={() =>
                void act(() => enablePerson(id), `${name} is enabled`, `${name} is still disabled`)
              }
            >
              Enable
            </Button>
          </Verb>
        ) : (
          <Verb text="Let them in no more. What they did stays in the audit, and their name stays theirs.">
            <Button small look="danger" blocked={lastAdmin} onClick={() => setAsking('disable')}>
              Disable…
            </Button>
          </Verb>
        )}
      </ul>
      <ConfirmDialog
        open={asking === 'sign-out'}
        onClose={() => setAsking(null)}
        title={`Sign ${name} out everywhere?`}
        verb="Sign out"
        keep="Leave them"
        busy={busy}
        onConfirm={() =>
          void act(() => signOutPerson(id), `${name} is signed out`, `${name} is still signed in`)
        }
      >
        <p>
          {isSelf && 'You too, here. '}
          Their open pages ask for the password again. API tokens go on.
        </p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'factors'}
        onClose={() => setAsking(null)}
        title={`Reset the second factors of ${name}?`}
        verb="Reset"
        danger
        typeName={name}
        busy={busy}
        onConfirm={() =>
          void act(
            () => resetFactors(id),
            `${name} has no second factor now`,
            'The second factors are as they were',
          )
        }
      >
        <p>
          Removes: {factorWords(person.factors)}, and the recovery codes; their sessions end. Be sure that it
          is {name} who asks: from now on whoever knows the password is let in.
        </p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'disable'}
        onClose={() => setAsking(null)}
        title={`Disable ${name}?`}
        verb="Disable"
        danger
        typeName={name}
        busy={busy}
        onConfirm={() => void act(() => disablePerson(id), `${name} is disabled`, `${name} is not disabled`)}
      >
        <p>
          {isSelf && 'This is you: you are signed out at once. '}
          Sessions and API tokens end with their next request. Hosts still believe their operator keys: revoke
          those under Operator keys.
        </p>
      </ConfirmDialog>
    </Section>
  )
}

function Verb({ text, children }: { text: string; children: ReactNode }) {
  return (
    <li>
      <span>{text}</span>
      <span>{children}</span>
    </li>
  )
}

function factorsReason({ name, factors, provider }: PersonView, isSelf: boolean): string | null {
  if (isSelf) return 'Your own are on your account page.'
  if (factors.length > 0) return null
  return provider === null ? `${name} has none.` : `${provider} asks for them, if at all.`
}
