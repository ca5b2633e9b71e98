// Opening a bundle with the kit: from a file, also of a coordinator that is gone, or as this one has it now. The kit's key
// stays in memory until the bundle is closed or the page left, and for ten minutes at most.

import { useEffect, useRef, useState } from 'react'
import { readEscrow } from '../../api/recovery'
import type { EscrowBundle } from '../../api/types.gen'
import { readBundle } from '../../model/escrow'
import { textOf } from '../../parts/fileText'
import { isAboutWords, KitWords } from '../../parts/KitWords'
import { type Kit, kitForBundle, type Trust } from '../../seal'
import {
  Actions,
  Button,
  Cluster,
  ErrorState,
  ExactTime,
  FieldStack,
  FileField,
  Notice,
  Section,
  Stack,
} from '../../ui'
import { OpenedHosts } from './OpenedHosts'

const STAYS_OPEN_MS = 10 * 60_000

interface Chosen {
  bundle: EscrowBundle
  /** The file's name; `null`: from this coordinator. */
  file: string | null
}

export function OpenBundle({ trust }: { trust: Trust }) {
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [words, setWords] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const { kit, keep, close } = useKit()

  async function take(read: () => Promise<Chosen>) {
    setError(null)
    setBusy(true)
    close()
    try {
      setChosen(await read())
    } catch (problem) {
      setChosen(null)
      setError(problem)
    } finally {
      setBusy(false)
    }
  }

  function open(bundle: EscrowBundle) {
    setError(null)
    try {
      keep(kitForBundle(words, bundle))
      setWords('')
    } catch (problem) {
      setError(problem)
    }
  }

  return (
    <Section
      title="Open a bundle"
      lead="Shows what opens each repository, and restores from it: also of hosts that this coordinator has never heard of."
    >
      <Stack>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (chosen !== null) open(chosen.bundle)
          }}
        >
          <FieldStack>
            <FileField
              label="A bundle from a file"
              help="As this page downloads it, or escrow.json out of a backup of a coordinator. It is read here, and sent nowhere."
              accept=".json,application/json"
              disabled={busy}
              onFile={(file) =>
                void take(async () => ({ bundle: readBundle(await textOf(file)), file: file.name }))
              }
              data-testid="bundle-file"
            />
            <Cluster>
              <Button
                busy={busy}
                onClick={() => void take(async () => ({ bundle: await readEscrow(), file: null }))}
                data-testid="bundle-here"
              >
                Or take what this coordinator has
              </Button>
            </Cluster>
            {chosen !== null && <About chosen={chosen} trust={trust} />}
            {error !== null && !isAboutWords(error) && <ErrorState error={error} title="Not opened" />}
            {chosen !== null && kit === null && (
              <>
                <KitWords value={words} onChange={setWords} error={error} />
                <Actions>
                  <Button
                    type="submit"
                    look="primary"
                    disabled={words.trim() === ''}
                    data-testid="open-bundle"
                  >
                    Open it
                  </Button>
                </Actions>
              </>
            )}
          </FieldStack>
        </form>
        {chosen !== null && kit !== null && (
          <OpenedHosts key={kit.recoveryKey} bundle={chosen.bundle} kit={kit} onClose={close} />
        )}
      </Stack>
    </Section>
  )
}

function About({ chosen: { bundle, file }, trust }: { chosen: Chosen; trust: Trust }) {
  const { hosts, fleet, made_at } = bundle
  return (
    <>
      <p>
        {file === null ? 'This coordinator’s bundle' : <bdi>{file}</bdi>}: {hosts.length}{' '}
        {hosts.length === 1 ? 'host' : 'hosts'}, made <ExactTime at={made_at} />.
      </p>
      {fleet !== trust.fleet && (
        <Notice tone="warn" title="It is the bundle of another fleet" role="status">
          It opens with that fleet’s kit. What it opens can be restored onto hosts of this fleet.
        </Notice>
      )}
    </>
  )
}

/** The kit while a bundle is open; wiped when it is closed, when the page is left, and in any case after a while. */
function useKit() {
  const [kit, setKit] = useState<Kit | null>(null)
  const held = useRef<Kit | null>(null)
  const close = () => {
    held.current?.wipe()
    held.current = null
    setKit(null)
  }
  useEffect(() => {
    if (kit === null) return
    const timer = setTimeout(() => {
      kit.wipe()
      setKit(null)
    }, STAYS_OPEN_MS)
    return () => clearTimeout(timer)
  }, [kit])
  useEffect(() => () => held.current?.wipe(), [])
  return {
    kit,
    keep: (next: Kit) => {
      held.current?.wipe()
      held.current = next
      setKit(next)
    },
    close,
  }
}
