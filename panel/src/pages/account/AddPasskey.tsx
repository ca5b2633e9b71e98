// Adding a passkey: a name to know it by, then the browser and the device do the rest.

import { useState } from 'react'
import { addPasskey, beginPasskeyAdding } from '../../api/account'
import { isApiError } from '../../api/error'
import { deviceName } from '../../parts/deviceName'
import { makePasskey } from '../../seal/passkey'
import { Actions, Button, FieldStack, TextField } from '../../ui'
import { ProofFields, useProof } from './Prove'

interface Props {
  asksPassword: boolean
  /** The codes for when it is lost; none where those of before still count. */
  onDone: (codes: readonly string[]) => void
  onBack: () => void
}

export function AddPasskey({ asksPassword, onDone, onBack }: Props) {
  const proof = useProof(asksPassword)
  const [name, setName] = useState(deviceName)
  const wrongName = isApiError(proof.refused?.error) ? proof.refused.error.field('name') : undefined
  const add = () =>
    proof.attempt(async (request) => {
      const { ticket, options } = await beginPasskeyAdding(request)
      const credential = await makePasskey(options)
      onDone((await addPasskey({ ticket, name: name.trim(), credential })).codes)
    })
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void add()
      }}
    >
      <FieldStack>
        <p>
          A passkey lives in your phone, your computer or a security key, and is shown by a fingerprint, a
          face or a PIN. It cannot be typed into a wrong page. With one you sign in without the password, too.
        </p>
        <TextField
          label="Name of the passkey"
          help="By this name you will know it again."
          value={name}
          onChange={setName}
          maxLength={100}
          error={wrongName}
        />
        <ProofFields proof={proof} />
        <Actions>
          <Button onClick={onBack} disabled={proof.busy}>
            Cancel
          </Button>
          <Button
            type="submit"
            look="primary"
            icon="key"
            busy={proof.busy}
            disabled={proof.lacking || name.trim() === ''}
          >
            Make the passkey
          </Button>
        </Actions>
      </FieldStack>
    </form>
  )
}
