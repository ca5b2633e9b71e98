// The first start: who you are, then the recovery kit, then three of its words back, then the fleet is founded. The kit is
// made here, is never sent, and is forgotten when this page is left. Where the coordinator lost its people but not its
// fleet, the second step is to go on with that fleet instead.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { isApiError } from '../../api/error'
import { sessionQuery, setupQuery } from '../../api/queries'
import type { MeView, SignedDocument } from '../../api/types.gen'
import { deviceName } from '../../parts/deviceName'
import { isSecure, type Kit, makeKit } from '../../seal'
import { ErrorState, Notice, Skeleton, useTitle } from '../../ui'
import doorStyles from '../Door.module.css'
import { Brand, ThemeSwitch } from '../shell/Shell'
import { FleetStep } from './FleetStep'
import { found } from './founding'
import { KitStep } from './KitStep'
import { type Person, PersonStep } from './PersonStep'
import styles from './Setup.module.css'
import { WordsStep } from './WordsStep'

type Step = 'person' | 'kit' | 'words' | 'fleet'
type Steps = readonly { step: Step; title: string }[]
const STEPS: Steps = [
  { step: 'person', title: 'First admin' },
  { step: 'kit', title: 'Recovery kit' },
  { step: 'words', title: 'Three words back' },
]
const STEPS_OF_A_KNOWN_FLEET: Steps = [
  { step: 'person', title: 'First admin' },
  { step: 'fleet', title: 'The fleet that is here' },
]

export default function SetupPage() {
  useTitle('First start')
  const queries = useQueryClient()
  const setup = useQuery(setupQuery)
  const [step, setStep] = useState<Step>('person')
  const [person, setPerson] = useState<Person>(firstPerson)
  const [kit, setKit] = useKit()
  /** Of the fleet that outlived the coordinator's database. */
  const [known, setKnown] = useState<readonly SignedDocument[]>([])
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

  async function begin(act: () => Promise<MeView>) {
    setBusy(true)
    setError(null)
    try {
      const me = await act()
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

  const steps = known.length === 0 ? STEPS : STEPS_OF_A_KNOWN_FLEET
  return (
    <Door>
      <h1 ref={heading} tabIndex={-1} className={styles.heading}>
        {steps.find((one) => one.step === step)?.title}
      </h1>
      <ol className={styles.steps} aria-label="Steps">
        {steps.map((one, n) => (
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
            onDone={(statements) => {
              setError(null)
              setKnown(statements)
              // A fleet that is there already has its kit.
              if (statements.length === 0 && kit === null) setKit(makeKit())
              setStep(statements.length === 0 ? 'kit' : 'fleet')
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
            onDone={() => void begin(() => found(person, coordinator, kit))}
          />
        )}
        {step === 'fleet' && (
          <FleetStep
            person={person}
            statements={known}
            coordinator={coordinator}
            busy={busy}
            error={error}
            onBack={() => setStep('person')}
            onDone={(act) => void begin(act)}
          />
        )}
      </div>
    </Door>
  )
}

/** The token comes behind the # of the link that the coordinator printed; it is taken out of the address at once. */
function firstPerson(): Person {
  return { token: unescaped(location.hash.slice(1)), user: '', password: '', again: '', device: deviceName() }
}

/** Some mail programs escape what they make a link of. A stray `%` is nobody's escape, and no reason to show nothing. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
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
