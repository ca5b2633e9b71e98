// What stands at the foot of a host's page while a plan edit is open: what changes, what is wrong, save, and what the host
// said. One bar for all tabs, because the plan is saved as a whole.

import { useState } from 'react'
import { LONGEST_NOTE } from '../../model/draft'
import { changes as differences, normalise, onTop, roleFor } from '../../model/plan'
import { OperatorNotice } from '../../parts/OperatorNotice'
import { changesInWords, PlanDiff } from '../../parts/PlanDiff'
import { Button, Dialog, keepFootClear, Notice, RelativeTime, TextField } from '../../ui'
import { useHost } from './context'
import { maySave, type PlanEdit, useMaybePlanEdit } from './planEdit'
import styles from './SaveBar.module.css'

export function SaveBar() {
  const edit = useMaybePlanEdit()
  return edit === null ? null : <Bar edit={edit} />
}

function Bar({ edit }: { edit: PlanEdit }) {
  const { draft, changes, overtaken } = edit
  const [showing, setShowing] = useState(false)
  if (draft === null || (changes.length === 0 && draft.sent === null)) return null
  return (
    <section
      className={styles.bar}
      aria-label="Changes of the plan"
      data-testid="save-bar"
      ref={keepFootClear}
    >
      {draft.sent !== null ? (
        <Sent edit={edit} />
      ) : edit.closed ? (
        <Closed edit={edit} show={() => setShowing(true)} />
      ) : (
        <>
          <Refused edit={edit} />
          {overtaken ? <Overtaken edit={edit} /> : <Unsaved edit={edit} show={() => setShowing(true)} />}
        </>
      )}
      <Dialog
        open={showing}
        onClose={() => setShowing(false)}
        title="What will change"
        size="lg"
        actions={<Button onClick={() => setShowing(false)}>Close</Button>}
      >
        <PlanDiff changes={changes} label="Changes" />
      </Dialog>
    </section>
  )
}

function Unsaved({ edit, show }: { edit: PlanEdit; show: () => void }) {
  const { draft, changes, problems, saving, save, discard, operator, setNote } = edit
  const allowed = maySave(edit)
  return (
    <>
      {!allowed && operator.state === 'ready' && (
        <OperatorNotice
          operator={operator}
          needed={roleFor(changes)}
          what="change where backups go, or what runs before and after them"
        />
      )}
      {problems.length > 0 && (
        <ul className={styles.problems} aria-label="To be mended before saving">
          {problems.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              {field !== '' && <code>{field}</code>} {message}
            </li>
          ))}
        </ul>
      )}
      <div className={styles.row}>
        <div className={styles.text}>
          <strong>
            {changes.length} unsaved {changes.length === 1 ? 'change' : 'changes'}
          </strong>
          <p>{changesInWords(changes)}</p>
        </div>
        <div className={styles.note}>
          <TextField
            label="Why (for the plan’s history)"
            value={draft?.note ?? ''}
            onChange={setNote}
            maxLength={LONGEST_NOTE}
            disabled={saving}
            placeholder="such as: keep a year, as the auditors want"
            data-testid="plan-note"
          />
        </div>
        <div className={styles.buttons}>
          <Button look="quiet" onClick={show}>
            Show
          </Button>
          <Button onClick={discard} disabled={saving}>
            Discard
          </Button>
          <Button
            look="primary"
            onClick={() => void save()}
            busy={saving}
            disabled={!allowed || problems.length > 0}
            data-testid="save-plan"
          >
            Sign and save
          </Button>
        </div>
      </div>
    </>
  )
}

/** It was begun before, and stays until the person lets go of it. */
function Closed({ edit, show }: { edit: PlanEdit; show: () => void }) {
  const { changes, discard } = edit
  return (
    <div className={styles.row} role="status">
      <div className={styles.text}>
        <strong>
          {changes.length} unsaved {changes.length === 1 ? 'change' : 'changes'} that this host takes no more
        </strong>
        <p>What is shown is the plan without {changes.length === 1 ? 'it' : 'them'}.</p>
      </div>
      <div className={styles.buttons}>
        <Button look="quiet" onClick={show}>
          Show
        </Button>
        <Button onClick={discard} data-testid="discard-plan">
          Discard
        </Button>
      </div>
    </div>
  )
}

function Sent({ edit }: { edit: PlanEdit }) {
  const { present, host } = useHost()
  const { draft, withdraw } = edit
  return (
    <div className={styles.row} role="status">
      <div className={styles.text}>
        <strong>{present ? 'On its way to the host…' : 'Signed and saved; it waits for the host'}</strong>
        <p>
          {present ? (
            'The host checks the signature and answers.'
          ) : (
            <>
              {host.row.name} was last seen <RelativeTime at={host.row.last_seen} />. It takes the change when
              it is back; until then you can take it back and go on editing. Given{' '}
              <RelativeTime at={draft?.sent?.at} />.
            </>
          )}
        </p>
      </div>
      <div className={styles.buttons}>
        <Button onClick={() => void withdraw()} data-testid="withdraw-plan">
          Withdraw
        </Button>
      </div>
    </div>
  )
}

function Refused({ edit }: { edit: PlanEdit }) {
  const refusal = edit.draft?.refusal ?? null
  if (refusal === null || (refusal.code === 'stale_revision' && edit.overtaken)) return null
  return (
    <Notice tone="bad" title="The host refused the change" role="alert">
      {refusal.message} {refusal.hint}
    </Notice>
  )
}

/** Somebody else's edit came first: both sides side by side, and the choice. */
function Overtaken({ edit }: { edit: PlanEdit }) {
  const { draft, view, changes, rebase, discard } = edit
  if (draft === null) return null
  const theirs = differences(draft.base, view.plan)
  const { collisions } = onTop(draft.base, normalise(draft.mine), view.plan)
  return (
    <div className={styles.overtaken} data-testid="overtaken">
      <Notice
        tone="warn"
        title={`The plan moved on: you began from revision ${draft.revision}, the host is at ${view.revision}`}
        role="alert"
      >
        {view.changed_by === null ? 'Somebody' : <bdi>{view.changed_by}</bdi>} changed it{' '}
        <RelativeTime at={view.changed_at} />. Nothing of yours is lost.
        {collisions.length > 0 && (
          <>
            {' '}
            Both sides changed these; yours would replace theirs:
            <ul className={styles.collisions} aria-label="Changed on both sides">
              {collisions.map(({ field, mine, theirs }) => (
                <li key={field}>
                  <code>{field}</code>: <del>{valueWords(theirs)}</del> → <ins>{valueWords(mine)}</ins>
                </li>
              ))}
            </ul>
          </>
        )}
      </Notice>
      <div className={styles.columns}>
        <div>
          <h3>Changed meanwhile</h3>
          <PlanDiff changes={theirs} label="Changed meanwhile" />
        </div>
        <div>
          <h3>Your changes</h3>
          <PlanDiff changes={changes} label="Your changes" />
        </div>
      </div>
      <div className={styles.row}>
        <div className={styles.text} />
        <div className={styles.buttons}>
          <Button onClick={discard}>Discard mine</Button>
          <Button look="primary" onClick={rebase} data-testid="apply-on-top">
            Apply mine on top
          </Button>
        </div>
      </div>
    </div>
  )
}

/** A value of the plan as it is written there. */
function valueWords(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.map(valueWords).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
