// A keeper's side of a repository: the hosts whose snapshots it forgets, by policies copied from their plans; whether each
// copy still says what the host's plan says, and the step that makes it so.

import { useState } from 'react'
import { Link } from 'react-router'
import type { Ward } from '../../../api/types.gen'
import { retentionWords } from '../../../model/plan'
import { type Charge, wardOf, wardStanding, withoutWard, withWard, withWards } from '../../../model/wards'
import { paths } from '../../../paths'
import { Badge, Button, Cluster, Notice, SelectField, StatusDot, toast } from '../../../ui'
import { useHost } from '../context'
import { type PlanEdit, usePlanEdit } from '../planEdit'
import styles from '../Tabs.module.css'
import type { Sharer } from './charges'

export function Keeper({ name, sharers }: { name: string; sharers: readonly Sharer[] }) {
  const { host } = useHost()
  const edit = usePlanEdit()
  const { plan } = edit
  const wards = plan.repositories[name]?.wards ?? []
  if (Object.keys(plan.groups).length > 0 && wards.length === 0) return null
  const others = sharers.filter(({ sharing }) => !wards.some((ward) => ward.agent === sharing.agent))
  const behind = sharers.flatMap(({ charge }) =>
    charge !== undefined && wards.some((ward) => stands(ward, charge) === 'behind') ? [charge] : [],
  )
  const set = (change: (wards: readonly Ward[]) => Ward[]) =>
    edit.edit((before) => withWards(before, name, change(before.repositories[name]?.wards ?? [])))
  return (
    <div className={styles.part} data-testid={`keeper-${name}`}>
      <h3>Keeper</h3>
      <p className={styles.hint}>
        {wards.length === 0
          ? `${host.row.name} backs up nothing itself, so it can look after this repository for others: forget by their policies, and prune. Its own login must be one that may delete.`
          : `${host.row.name} forgets the snapshots of these hosts by the policies of their own plans, and prunes.`}
      </p>
      {Object.keys(plan.groups).length > 0 && (
        <Notice tone="warn">
          This host has groups of its own: whoever takes it over gets a login that may delete. A keeper is
          safer without.
        </Notice>
      )}
      {behind.length > 1 && <StepAll name={name} charges={behind} edit={edit} />}
      {wards.length > 0 && (
        <ul className={styles.slots} aria-label="Hosts that it looks after">
          {wards.map((ward) => (
            <WardRow
              key={ward.agent}
              name={name}
              ward={ward}
              sharer={sharers.find(({ sharing }) => sharing.agent === ward.agent)}
              remove={() => set((before) => withoutWard(before, ward.agent))}
            />
          ))}
        </ul>
      )}
      <PickWard
        all={sharers.length}
        sharers={others}
        add={(charge) => set((before) => withWard(before, wardOf(charge)))}
      />
    </div>
  )
}

function stands(ward: Ward, charge: Charge) {
  return ward.agent === charge.agent ? wardStanding(ward, charge) : 'in_step'
}

/** One signed edit of the keeper's plan; beside an open edit it becomes part of that. */
async function bringInStep(edit: PlanEdit, name: string, charges: readonly Charge[]) {
  const change = (plan: PlanEdit['plan']) => {
    const wards = plan.repositories[name]?.wards ?? []
    return withWards(
      plan,
      name,
      charges.reduce<readonly Ward[]>((all, charge) => withWard(all, wardOf(charge)), wards),
    )
  }
  if (edit.draft === null) await edit.save({ change })
  else {
    edit.edit(change)
    toast.ok('Added to your unsaved changes', 'Sign and save them below.')
  }
}

function StepAll({ name, charges, edit }: { name: string; charges: readonly Charge[]; edit: PlanEdit }) {
  return (
    <Notice
      tone="warn"
      title={`${charges.length} hosts changed their policies since`}
      action={
        <Button
          small
          busy={edit.saving}
          disabled={!edit.enabled}
          onClick={() => void bringInStep(edit, name, charges)}
        >
          Bring all in step
        </Button>
      }
    >
      Until then their snapshots are forgotten by the policies they had.
    </Notice>
  )
}

function WardRow(props: { name: string; ward: Ward; sharer: Sharer | undefined; remove: () => void }) {
  const { name, ward, sharer, remove } = props
  const edit = usePlanEdit()
  const charge = sharer?.charge
  const standing = wardStanding(ward, charge)
  const called = sharer?.sharing.name ?? ward.hostname
  return (
    <li data-testid={`ward-${called}`}>
      <div className={styles.wide}>
        <Cluster>
          <strong>
            {sharer === undefined ? called : <Link to={paths.groups(ward.agent)}>{called}</Link>}
          </strong>
          {standing === 'in_step' ? (
            <StatusDot tone="ok">in step</StatusDot>
          ) : standing === 'behind' ? (
            <StatusDot tone="warn">behind</StatusDot>
          ) : (
            <StatusDot tone="idle" hollow>
              {sharer === undefined ? 'uses another repository by now' : 'its plan is not here'}
            </StatusDot>
          )}
        </Cluster>
        <p>
          As its plan’s revision {ward.revision}
          {charge !== undefined && charge.revision !== ward.revision && ` (now ${charge.revision})`}; restic
          names it {ward.hostname}.
        </p>
        <Policies ward={ward} fresh={standing === 'behind' && charge !== undefined ? wardOf(charge) : null} />
      </div>
      <Cluster>
        {standing === 'behind' && charge !== undefined && (
          <Button
            small
            look="primary"
            busy={edit.saving}
            disabled={!edit.enabled}
            onClick={() => void bringInStep(edit, name, [charge])}
            aria-label={`Bring in step: ${called}`}
          >
            Bring in step
          </Button>
        )}
        <Button small disabled={!edit.enabled} onClick={remove} aria-label={`Remove ${called}`}>
          Remove
        </Button>
      </Cluster>
    </li>
  )
}

function Policies({ ward, fresh }: { ward: Ward; fresh: Ward | null }) {
  const names = [...new Set([...Object.keys(ward.groups), ...Object.keys(fresh?.groups ?? {})])]
  if (names.length === 0) return <p>None of its groups goes to this repository.</p>
  return (
    <ul className={styles.plain}>
      {names.map((group) => {
        const [was, is] = [ward.groups[group], fresh?.groups[group]]
        const words = (one: typeof was) =>
          one === undefined ? 'not looked after' : `keeps ${retentionWords(one) ?? 'everything'}`
        const changed = fresh !== null && words(was) !== words(is)
        return (
          <li key={group}>
            <Badge>{group}</Badge> {changed ? <del>{words(was)}</del> : words(was)}
            {changed && (
              <>
                {' '}
                → <ins>{words(is)}</ins>
              </>
            )}
          </li>
        )
      })}
    </ul>
  )
}

function PickWard(props: { all: number; sharers: readonly Sharer[]; add: (charge: Charge) => void }) {
  const { all, sharers, add } = props
  const { enabled } = usePlanEdit()
  const [chosen, setChosen] = useState<string | null>(null)
  const charge = sharers.find(({ sharing }) => sharing.agent === chosen)?.charge
  if (all > 0 && sharers.length === 0) return null
  if (all === 0) {
    return (
      <p className={styles.hint}>
        Hosts that use the same repository can be picked here once both have opened it: they are recognised by
        restic’s own id of it.
      </p>
    )
  }
  return (
    <div className={styles.pick}>
      <SelectField
        label="Look after another host"
        value={chosen}
        placeholder="Choose a host"
        data-testid="pick-ward"
        disabled={!enabled}
        onChange={setChosen}
        choices={sharers.map(({ sharing, charge: known }) => ({
          value: sharing.agent,
          label: known === undefined ? `${sharing.name} (its plan is not here)` : sharing.name,
          disabled: known === undefined,
        }))}
      />
      <Button
        icon="add"
        disabled={!enabled || charge === undefined}
        onClick={() => {
          if (charge !== undefined) add(charge)
          setChosen(null)
        }}
      >
        Add
      </Button>
    </div>
  )
}
