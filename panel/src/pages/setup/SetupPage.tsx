// The first start: who you are, then the recovery kit, then three of its words back, then the fleet is founded. The kit is
// made here, is never sent, and is forgotten when this page is left.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { setUp } from '../../api/calls'
import { isApiError } from '../../api/error'
import { sessionQuery, setupQuery } from '../../api/queries'
import { isSecure, type Kit, keepSeen, makeDevice, makeKit, signFoundation, verifyChain } from '../../seal'
import { ErrorState, Notice, Skeleton, useTitle } from '../../ui'
import doorStyles from '../Door.module.css'
import { Brand, ThemeSwitch } from '../shell/Shell'
import { KitStep } from './KitStep'
import { type Person, PersonStep } from './PersonStep'
import styles from './Setup.module.css'
import { WordsStep } from './WordsStep'

type Step = 'person' | 'kit' | 'words'
const STEPS: readonly { step: Step; title: string }[] = [
  { step: 'person', title: 'First admin' },
  { step: 'kit', title: 'Recovery kit' },
  { step: 'words', title: 'Three words back' },
]

export default function SetupPage() {
  useTitle('First start')
  const queries = useQueryClient()
  const setup = useQuery(setupQuery)
  const [step, setStep] = useState<Step>('person')
  const [person, setPerson] = useState<Person>(firstPerson)
  const [kit, setKit] = useKit()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  // Each step starts at its heading, for the keyboard and for screen readers.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the step is what changed
  useEffect(() => heading.current?.focus(), [step])

  if (setup.data === undefined) {
    return <Door>{setup.isError ? <ErrorState error={setup.error} /> : <Skeleton rows={5} />}</Door>
  }
  const { coordinator } = setup.data

  async function found(kit: Kit) {
    setBusy(true)
    setError(null)
    try {
      const user = person.user.trim()
      const { device, keep } = await makeDevice(user, person.device.trim())
      const statement = await signFoundation(
        {
          fleet: kit.fleet,
          rootKey: kit.rootKey,
          recoveryKey: kit.recoveryKey,
          coordinator: { id: coordinator.id, channel: coordinator.channel, name: coordinator.name },
          operator: { key: device.signer.key, name: `${user} · ${device.name}` },
        },
        kit.rootSigner,
      )
      const trust = verifyChain([statement], null)
      // Kept before the coordinator hears of it: a key that the fleet names must not be lost with the tab.
      await keep()
      const me = await setUp({ token: person.token.trim(), user, password: person.password, statement })
      await keepSeen(trust)
      setKit(null)
      queries.setQueryData(sessionQuery.queryKey, me)
      await queries.invalidateQueries({ queryKey: setupQuery.queryKey })
    } catch (problem) {
      setError(problem)
      // What belongs to the first step is mended there; everything typed, and the kit, are still here.
      if (isApiError(problem, 'bad_bootstrap_token', 'invalid_field')) setStep('person')
    } finally {
      setBusy(false)
    }
  }

  return (
    <Door>
      <h1 ref={heading} tabIndex={-1} className={styles.heading}>
        {STEPS.find((one) => one.step === step)?.title}
      </h1>
      <ol className={styles.steps} aria-label="Steps">
        {STEPS.map((one, n) => (
          <li key={one.step} aria-current={one.step === step ? 'step' : undefined}>
            <span>{n + 1}</span> {one.title}
          </li>
        ))}
      </ol>
      {!isSecure() && (
        <Notice tone="bad" title="Not here: this page came over plain http" role="alert">
          The recovery kit and your key are made in the browser, and over plain http somebody on the way could
          take them. Open the https address that the coordinator printed, or run{' '}
          <code>ssh -L 7700:127.0.0.1:7700 {location.hostname}</code> and open http://localhost:7700 with the
          same link.
        </Notice>
      )}
      <div className={doorStyles.card}>
        {step === 'person' && (
          <PersonStep
            person={person}
            passwordMin={setup.data.password_min}
            disabled={!isSecure()}
            refusal={error}
            onChange={setPerson}
            onDone={() => {
              setError(null)
              if (kit === null) setKit(makeKit())
              setStep('kit')
            }}
          />
        )}
        {step === 'kit' && kit !== null && (
          <KitStep
            kit={kit}
            coordinator={coordinator.name}
            onBack={() => setStep('person')}
            onDone={() => setStep('words')}
          />
        )}
        {step === 'words' && kit !== null && (
          <WordsStep
            kit={kit}
            busy={busy}
            error={error}
            onBack={() => setStep('kit')}
            onDone={() => void found(kit)}
          />
        )}
      </div>
    </Door>
  )
}

/** The token comes behind the # of the link that the coordinator printed; it is taken out of the address at once. */
function firstPerson(): Person {
  const token = decodeURIComponent(location.hash.slice(1))
  return { token, user: '', password: '', again: '', device: deviceName() }
}

function deviceName(): string {
  const agent = navigator.userAgent
  const browser = /Firefox\//.test(agent)
    ? 'Firefox'
    : /Edg\//.test(agent)
      ? 'Edge'
      : /Chrom(e|ium)\//.test(agent)
        ? 'Chromium'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'Browser'
  const system = /Windows/.test(agent)
    ? 'Windows'
    : /Mac OS/.test(agent)
      ? 'macOS'
      : /Android/.test(agent)
        ? 'Android'
        : /Linux/.test(agent)
          ? 'Linux'
          : 'this computer'
  return `${browser} on ${system}`
}

/** The kit, wiped when it is replaced or the page is left. */
function useKit() {
  const [kit, set] = useState<Kit | null>(null)
  const held = useRef<Kit | null>(null)
  useEffect(
    () => () => {
      held.current?.wipe()
      held.current = null
    },
    [],
  )
  const replace = (next: Kit | null) => {
    held.current?.wipe()
    held.current = next
    set(next)
  }
  return [kit, replace] as const
}

function Door({ children }: { children: React.ReactNode }) {
  // Out of the address bar and the history, once it was read.
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname)
  }, [])
  return (
    <main className={doorStyles.door}>
      <div className={doorStyles.theme}>
        <ThemeSwitch />
      </div>
      <div className={doorStyles.brand}>
        <Brand />
        restic-manager
      </div>
      {children}
    </main>
  )
}
