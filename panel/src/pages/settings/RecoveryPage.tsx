// Recovery: is this sheet of paper still this fleet's kit, the escrow bundle as a file, and opening one. What is typed and
// opened here stays in this page.

import { useState } from 'react'
import { readEscrow } from '../../api/recovery'
import { bundleFileName } from '../../model/escrow'
import { Allowed } from '../../parts/Allowed'
import { isAboutWords, KitWords } from '../../parts/KitWords'
import { useTrust } from '../../parts/operator'
import { saveFile } from '../../parts/saveFile'
import { paths } from '../../paths'
import { fingerprintWords, InsecureContextError, isSecure, kitOfFleet, type Trust } from '../../seal'
import {
  Actions,
  Button,
  Cluster,
  ErrorState,
  FieldStack,
  LinkButton,
  Notice,
  Section,
  Skeleton,
  Stack,
  toast,
} from '../../ui'
import { OpenBundle } from './OpenBundle'

export default function RecoveryPage() {
  return (
    <Allowed needed="admin" what="use the recovery kit">
      <Trusted />
    </Allowed>
  )
}

function Trusted() {
  const { trust } = useTrust()
  if (!isSecure()) {
    return <ErrorState error={new InsecureContextError()} title="This page takes no recovery kit" />
  }
  // That the statements do not hold is told on top of every page.
  if (trust.data === undefined) return trust.isError ? null : <Skeleton rows={6} label="Checking the fleet" />
  return (
    <Stack>
      <CheckKit trust={trust.data} />
      <Bundle />
      <OpenBundle trust={trust.data} />
    </Stack>
  )
}

/** Nothing is sent: the words give the keys, and the statement names the fleet's. */
function CheckKit({ trust }: { trust: Trust }) {
  const [words, setWords] = useState('')
  const [fits, setFits] = useState(false)
  const [error, setError] = useState<unknown>(null)

  function check() {
    setFits(false)
    setError(null)
    try {
      kitOfFleet(words, trust.statement).wipe()
      setFits(true)
      setWords('')
    } catch (problem) {
      setError(problem)
    }
  }

  return (
    <Section
      title="Check the recovery kit"
      lead="Is the sheet in the safe still the one that opens this fleet? Better asked today than on the day it is needed."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          check()
        }}
      >
        <FieldStack>
          <KitWords
            value={words}
            onChange={(next) => {
              setWords(next)
              setFits(false)
              setError(null)
            }}
            error={error}
          />
          {error !== null && !isAboutWords(error) && <ErrorState error={error} />}
          {fits && (
            <Notice tone="ok" title="This is this fleet’s kit" role="status">
              It opens the escrow of {fingerprintWords(trust.fleet).join(' ')}. The words were taken out of
              the field again; put the sheet back.
            </Notice>
          )}
          <Actions>
            <Button type="submit" disabled={words.trim() === ''} data-testid="check-kit">
              Check
            </Button>
          </Actions>
        </FieldStack>
      </form>
    </Section>
  )
}

function Bundle() {
  const [busy, setBusy] = useState(false)

  async function download() {
    setBusy(true)
    try {
      const bundle = await readEscrow()
      saveFile(
        bundleFileName(bundle),
        new Blob([`${JSON.stringify(bundle, null, 2)}\n`], { type: 'application/json' }),
      )
      const { length } = bundle.hosts
      toast.ok(
        `The bundle of ${length} ${length === 1 ? 'host' : 'hosts'} is made`,
        'Keep it apart from the coordinator, and from the kit.',
      )
    } catch (error) {
      toast.failed('The bundle was not made', error)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Section
      title="Escrow bundle"
      lead="Where every repository is, and what opens it, sealed to the kit: one file that is worth nothing without the 24 words."
    >
      <FieldStack>
        <p>
          With it and the kit everything comes back when this coordinator is gone as well. Make it anew after
          hosts came or passwords changed, and keep it elsewhere. Every backup of the coordinator contains
          one, too. When it was last made, and by whom, stands in the audit.
        </p>
        <Cluster>
          <Button icon="download" busy={busy} onClick={() => void download()} data-testid="download-bundle">
            Download the bundle
          </Button>
          <LinkButton look="quiet" to={paths.auditOf('escrow_take')}>
            When it was made
          </LinkButton>
        </Cluster>
      </FieldStack>
    </Section>
  )
}
