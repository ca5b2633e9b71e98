// Adding a code generator: its secret as a QR code and as text, then a code back, so that it counts only once it works.

import { useState } from 'react'
import { beginTotp, confirmTotp } from '../../api/account'
import { isApiError } from '../../api/error'
import type { TotpView } from '../../api/types.gen'
import { QrCode } from '../../parts/QrCode'
import { Actions, Button, CopyText, FieldStack, TextField } from '../../ui'
import { Refusal } from '../signIn/Refusal'
import styles from './Account.module.css'
import { ProofFields, useProof } from './Prove'

interface Props {
  asksPassword: boolean
  /** The codes for when the generator is lost; none where those of before still count. */
  onDone: (codes: readonly string[]) => void
  onBack: () => void
}

export function AddTotp({ asksPassword, onDone, onBack }: Props) {
  const [told, setTold] = useState<TotpView | null>(null)
  return told === null ? (
    <Begin asksPassword={asksPassword} onTold={setTold} onBack={onBack} />
  ) : (
    <Confirm told={told} onDone={onDone} onBack={onBack} />
  )
}

function Begin(props: { asksPassword: boolean; onTold: (told: TotpView) => void; onBack: () => void }) {
  const proof = useProof(props.asksPassword)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void proof.attempt(async (request) => props.onTold(await beginTotp(request)))
      }}
    >
      <FieldStack>
        <p>
          A code generator is an app on your phone, or a password manager, that shows six digits which change
          every half minute. You type them after your password.
        </p>
        <ProofFields proof={proof} />
        <Actions>
          <Button onClick={props.onBack} disabled={proof.busy}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={proof.busy} disabled={proof.lacking}>
            Show the QR code
          </Button>
        </Actions>
      </FieldStack>
    </form>
  )
}

function Confirm({ told, onDone, onBack }: { told: TotpView } & Omit<Props, 'asksPassword'>) {
  const proof = useProof(false)
  const [code, setCode] = useState('')
  const wrong = isApiError(proof.refused?.error, 'wrong_factor', 'invalid_field')
  const confirm = () =>
    proof.attempt(async () => onDone((await confirmTotp({ code: code.replaceAll(/\s/g, '') })).codes))
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void confirm()
      }}
    >
      <FieldStack>
        {proof.refused !== null && !wrong && <Refusal {...proof.refused} />}
        <div className={styles.codeSheet}>
          <QrCode text={told.uri} label="The secret for your code generator, as a QR code" size={176} />
          <div>
            <p>
              Scan this with your code generator. Where that cannot be done, type or paste the secret instead
              (time-based, six digits, SHA-1, 30 seconds):
            </p>
            <CopyText
              text={told.secret}
              shown={inGroups(told.secret)}
              what="the secret"
              data-testid="totp-secret"
            />
          </div>
        </div>
        <TextField
          label="The code that it shows now"
          name="code"
          mono
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={12}
          autoFocus
          value={code}
          onChange={setCode}
          error={
            wrong
              ? 'This code does not fit. Take the one that is shown now; the clock of the device must be right.'
              : undefined
          }
        />
        <Actions>
          <Button onClick={onBack} disabled={proof.busy}>
            Cancel
          </Button>
          <Button type="submit" look="primary" busy={proof.busy} disabled={code.trim() === ''}>
            Add the code generator
          </Button>
        </Actions>
      </FieldStack>
    </form>
  )
}

function inGroups(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? secret
}
