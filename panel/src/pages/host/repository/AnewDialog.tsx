// How a host begins with an empty repository again: at the same place, where nothing is any more, or at another. Nothing is
// wiped from here: what stands at a destination is only ever left behind, or removed by a person at the storage itself.

import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import { Button, ConfirmDialog, Notice, Stack, toast } from '../../../ui'
import { useHost } from '../context'
import { useGrave } from '../grave'

interface Props {
  name: string
  open: boolean
  onClose: () => void
  /** Opens the form of another destination. */
  move: () => void
}

export function AnewDialog({ name, open, onClose, move }: Props) {
  const { host } = useHost()
  const grave = useGrave()
  const begun = () =>
    toast.ok('The host makes the repository anew', 'Its newest job tells what it found there.')
  async function reinit() {
    if (await grave.give(`make ${name} anew`, { do: 'reinit', repository: name }, begun)) onClose()
  }
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Begin ${name} anew`}
      verb="Make it anew"
      keep="Leave it"
      danger
      typeName={name}
      busy={grave.busy}
      disabled={!mayAct(grave.operator, 'admin')}
      onConfirm={() => void reinit()}
    >
      <Stack>
        <OperatorNotice operator={grave.operator} needed="admin" what="make this repository anew" />
        <p>
          {host.row.name} makes an empty repository at the same place, with the password that it holds. That
          works only where none is any more: clear the place at the storage itself first. A repository that
          still stands there is never touched.
        </p>
        <Notice tone="warn" title="See first that it is really gone">
          A disk that is not mounted looks like an empty place. The old snapshots cannot be had back from
          here.
        </Notice>
        <p>
          Or leave the old one where it is, and back up to another place from now on:{' '}
          <Button
            small
            onClick={() => {
              onClose()
              move()
            }}
          >
            Choose another destination…
          </Button>
        </p>
      </Stack>
    </ConfirmDialog>
  )
}
