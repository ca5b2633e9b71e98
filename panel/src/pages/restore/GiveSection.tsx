// All that was chosen as a sentence, what is still in the way of it, and the button.

import { useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import type { WholeHost } from '../../api/queries'
import type { Place } from '../../api/trees'
import type { Action, Role, SnapshotRow } from '../../api/types.gen'
import { isSigned } from '../../model/orders'
import { type Abilities, lackOfRestic, missingOf, restoreOf, summaryWords } from '../../model/restore'
import { formatDuration, formatExact } from '../../model/time'
import { useLack } from '../../parts/Allowed'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { paths } from '../../paths'
import { staysMs } from '../../seal'
import { Actions, Button, Notice, Section, Stack, toast } from '../../ui'
import { useSigned } from '../host/grave'
import { useRoutine } from '../host/orders'
import type { OtherTarget } from './otherHost'
import styles from './Restore.module.css'
import type { Weights } from './weights'
import type { Wishing } from './wish'

interface Props {
  place: Place
  host: WholeHost
  snapshot: SnapshotRow | undefined
  wishing: Wishing
  weights: Weights
  can: Abilities
  typed: string
  other: OtherTarget | null
}

export function GiveSection(props: Props) {
  const { place, host, snapshot, wishing, weights, can, typed, other } = props
  const { wish } = wishing
  const { agent } = place
  const present = host.row.presence === 'online'
  const routine = useRoutine(agent, present)
  const grave = useSigned(agent, present)
  const navigate = useNavigate()
  const [lending, setLending] = useState(false)
  // What waits for the host leads nowhere: a second click, or another look at the page, must not give it twice.
  const [given, setGiven] = useState<string | null>(null)
  /** What a click gives or gave: between the answer and the next drawing there is room for another click. */
  const underWay = useRef<string | null>(null)
  const needed: Role = wish.to === 'in_place' ? 'admin' : 'operator'
  const what = wish.to === 'in_place' ? 'restore to where the files were' : 'restore files'
  const lack = useLack(needed, what)
  const order = { do: 'restore', ...restoreOf(wish, { ...place, host: typed.trim() }) } as const
  const said = JSON.stringify(order)
  const toOther = wish.to === 'other'
  const signed = toOther || isSigned(order)
  const missing = toOther
    ? (missingOf({ ...wish, to: 'fresh' }, { policy: undefined, host: '', typed: '' }) ??
      (other === null ? 'Choose the other host.' : other.missing))
    : (goneWords(host) ??
      missingOf(wish, { policy: host.facts.policy, host: host.row.name, typed }) ??
      lackOfRestic(wish, can) ??
      (given === said ? 'It is given already: what became of it stands on the host’s page.' : null))
  const busy = routine.busy !== null || grave.busy || lending
  const begun = (jobs: readonly string[]) => {
    if (!wish.dryRun) wishing.forget()
    const [job] = jobs
    if (job === undefined) toast.ok('The host restores', 'The job appears on its page in a moment.')
    else void navigate(paths.job(agent, job))
  }
  async function give() {
    if (underWay.current === said) return
    underWay.current = said
    if (!toOther) {
      const gone = signed ? grave.give(what, order, begun) : routine.give(what, order, begun)
      if (await gone) setGiven(said)
      else underWay.current = null
      return
    }
    setLending(true)
    try {
      if ((await other?.give()) === true && !wish.dryRun) wishing.forget()
    } finally {
      underWay.current = null
      setLending(false)
    }
  }
  return (
    <Section title="In words" data-testid="restore-summary">
      <Stack tight>
        <p className={styles.summary} aria-live="polite">
          {summaryWords(wish, {
            host: host.row.name,
            time: snapshot === undefined ? place.snapshot.slice(0, 8) : formatExact(snapshot.snapshot.time),
            total: weights.total,
            ...(other !== null && { elsewhere: other.words }),
          })}
        </p>
        {lack === undefined && signed && !toOther && (
          <OperatorNotice operator={grave.operator} needed={needed} what={what} />
        )}
        {!present && !toOther && lack === undefined && goneWords(host) === null && (
          <Notice tone="idle" title={`${host.row.name} is away`}>
            The restore waits here for {formatDuration(waitsMs(order, signed))}, and begins when the host is
            back by then. If it is not, the restore expires, and nothing is done. Until then it can be
            withdrawn on the host’s page.
          </Notice>
        )}
        <Actions>
          <Button
            look={wish.to === 'in_place' && !wish.dryRun ? 'danger' : 'primary'}
            icon="play"
            busy={busy}
            blocked={lack ?? missing}
            blockedShown
            disabled={signed && !toOther && !mayAct(grave.operator, needed)}
            onClick={() => void give()}
            data-testid="restore-go"
          >
            {wish.dryRun ? 'Try it' : 'Restore'}
          </Button>
        </Actions>
      </Stack>
    </Section>
  )
}

/** As the coordinator has it for what it gives itself (coordinator/src/fleet/orders.rs). */
const ROUTINE_WAITS_MS = 3_600_000

const waitsMs = (order: Action, signed: boolean) => (signed ? staysMs(order) : ROUTINE_WAITS_MS)

/** Why a host takes no orders any more. */
function goneWords({ row, retired_at, replaced_by }: WholeHost): string | null {
  if (replaced_by !== null)
    return `${replaced_by.name} took the place of ${row.name}: restore to another host.`
  return retired_at === null
    ? null
    : `${row.name} left the fleet and takes no orders: restore to another host.`
}
