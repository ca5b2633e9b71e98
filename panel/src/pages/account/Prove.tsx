// One's password once more, before what a borrowed session should not do. Whom a provider vouches for has none to give.

import { type ReactNode, useId, useRef, useState } from 'react'
import { isApiError } from '../../api/error'
import type { ConfirmRequest } from '../../api/types.gen'
import { Dialog, FieldStack, FormActions, PasswordField } from '../../ui'
import { Refusal, type Refused } from '../signIn/Refusal'

/** The state of a form that asks for it. */
export function useProof(asksPassword: boolean) {
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refused | null>(null)
  const field = useRef<HTMLInputElement>(null)

  /** Does it with the proof; what is refused is kept for the form to tell. */
  async function attempt(act: (proof: ConfirmRequest) => Promise<void>) {
    setBusy(true)
    setRefused(null)
    try {
      await act(asksPassword ? { password } : {})
    } catch (error) {
      setRefused({ error, at: Date.now() })
      if (isApiError(error, 'wrong_credentials')) {
        setPassword('')
        field.current?.focus()
      }
    } finally {
      setBusy(false)
    }
  }

  return {
    asksPassword,
    password,
    setPassword,
    busy,
    refused,
    field,
    attempt,
    lacking: asksPassword && password === '',
  }
}

export type Proof = ReturnType<typeof useProof>

/** The password's field, and above it what was refused. */
export function ProofFields({ proof }: { proof: Proof }) {
  const { asksPassword, password, setPassword, refused, field } = proof
  const wrong = isApiError(refused?.error, 'wrong_credentials')
  return (
    <>
      {refused !== null && !wrong && <Refusal {...refused} />}
      {asksPassword && (
        <PasswordField
          label="Your password"
          name="password"
          autoComplete="current-password"
          help="Asked once more, so that nobody does this at a browser that you left open."
          value={password}
          onChange={setPassword}
          ref={field}
          data-autofocus
          error={wrong ? 'This is not your password.' : undefined}
        />
      )}
    </>
  )
}

interface ProveProps {
  title: string
  children: ReactNode
  verb: string
  danger?: boolean
  asksPassword: boolean
  act: (proof: ConfirmRequest) => Promise<void>
  onClose: () => void
}

export function ProveDialog({
  title,
  children,
  verb,
  danger = false,
  asksPassword,
  act,
  onClose,
}: ProveProps) {
  const proof = useProof(asksPassword)
  const form = useId()
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      size="sm"
      busy={proof.busy}
      actions={
        <FormActions
          form={form}
          onCancel={onClose}
          busy={proof.busy}
          disabled={proof.lacking}
          look={danger ? 'danger' : 'primary'}
        >
          {verb}
        </FormActions>
      }
    >
      <form
        id={form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void proof.attempt(act)
        }}
      >
        <FieldStack>
          {children}
          <ProofFields proof={proof} />
        </FieldStack>
      </form>
    </Dialog>
  )
}
