// Signing the fleet's next statement from here: by this browser's key where it is an admin's, by the recovery kit's words
// where no admin's key is left.

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { publishStatement } from '../../api/calls'
import { key } from '../../api/queries'
import type { Statement } from '../../api/types.gen'
import { KitWords } from '../../parts/KitWords'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { type Operator, useOperator } from '../../parts/operator'
import { KitError, kitFromWords, type Signer, signStatement, type Trust } from '../../seal'
import { Button } from '../../ui'

/** The words are a kit, but that of another fleet. */
class OtherKitError extends Error {
  override readonly name = 'OtherKitError'
}

export interface Signing {
  /** The fleet as this browser verified it; nothing is signed without. */
  trust: Trust | null
  /** Whether there is something to sign with. */
  ready: boolean
  busy: boolean
  error: unknown
  /** Says why nothing can be signed here, and takes the kit's words instead. Nothing where this browser's key does. */
  notice: ReactNode
  /** Signs what `next` makes of the statement that is known, and publishes it. Says whether it counts now. */
  publish: (next: (trust: Trust) => Statement) => Promise<boolean>
  reset: () => void
}

/** `what`: "approve a key". */
export function useSigning(what: string): Signing {
  const operator = useOperator()
  const queries = useQueryClient()
  const [words, setWords] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const trust = trustOf(operator)
  const isOwn = mayAct(operator, 'admin')
  const inField = error instanceof KitError || error instanceof OtherKitError

  async function publish(next: (trust: Trust) => Statement): Promise<boolean> {
    if (trust === null) return false
    setBusy(true)
    setError(null)
    try {
      const sign = (signer: Signer) => signStatement(next(trust), signer)
      await publishStatement(
        isOwn ? await sign(operator.pen.signer) : await withKit(words ?? '', trust, sign),
      )
      setWords(null)
      return true
    } catch (problem) {
      setError(problem)
      return false
    } finally {
      setBusy(false)
      await queries.invalidateQueries({ queryKey: key.fleet })
      await queries.invalidateQueries({ queryKey: key.keys })
    }
  }

  return {
    trust,
    ready: trust !== null && (isOwn || (words ?? '').trim() !== ''),
    busy,
    error: inField ? null : error,
    notice: isOwn ? null : (
      <>
        <OperatorNotice operator={operator} needed="admin" what={what} />
        {mayUseKit(operator) &&
          (words === null ? (
            <div>
              <Button small onClick={() => setWords('')}>
                Sign with the recovery kit…
              </Button>
            </div>
          ) : (
            <KitWords
              required={false}
              value={words}
              onChange={setWords}
              problem={inField ? error.message : undefined}
              help="They are used here, once, and sent nowhere."
            />
          ))}
      </>
    ),
    publish,
    reset: () => {
      setWords(null)
      setError(null)
    },
  }
}

function trustOf(operator: Operator): Trust | null {
  return operator.state === 'ready' || operator.state === 'unable' ? operator.trust : null
}

/** A page that came over plain http takes no words. */
function mayUseKit(operator: Operator): boolean {
  return operator.state === 'ready' || (operator.state === 'unable' && operator.keyless === true)
}

async function withKit<T>(words: string, trust: Trust, sign: (root: Signer) => Promise<T>): Promise<T> {
  const kit = kitFromWords(words)
  try {
    if (kit.rootKey !== trust.statement.root)
      throw new OtherKitError('These are the words of another fleet’s kit. This fleet’s are needed.')
    return await sign(kit.rootSigner)
  } finally {
    kit.wipe()
  }
}
