// What is decided at the endpoint or by the fleet, and only shown here: the endpoint's policy, and who may give orders.

import { policyWords } from '../../../model/policy'
import { useTrust } from '../../../parts/operator'
import { Badge, CopyText, Section } from '../../../ui'
import { useHost } from '../context'
import styles from '../Tabs.module.css'

export function PolicySection() {
  const { host } = useHost()
  const rules = policyWords(host.facts.policy)
  return (
    <Section
      title="Endpoint policy"
      lead={
        <>
          Set in <code>agent.toml</code> on the host itself; nobody changes it from here, whatever they sign.
        </>
      }
      data-testid="policy"
    >
      {rules.length === 0 ? (
        <p>It refuses nothing that is properly signed.</p>
      ) : (
        <ul className={styles.list}>
          {rules.map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ul>
      )}
    </Section>
  )
}

/** Of the statements that this browser verified: what the agent goes by as well. */
export function CoordinatorsSection() {
  const { fleet, trust } = useTrust()
  if (trust.data === undefined) return null
  return (
    <Section
      title="Coordinators"
      lead="Those of the fleet statement may give this host routine orders; nothing grave goes without a person’s key."
    >
      <ul className={styles.slots}>
        {trust.data.statement.coordinators.map(({ id, name }) => (
          <li key={id}>
            <strong>
              {name} {id === fleet.data?.coordinator.id && <Badge>this one</Badge>}
            </strong>
            <CopyText text={id} shown={`${id.slice(0, 16)}…`} what={`the id of ${name}`} />
          </li>
        ))}
      </ul>
    </Section>
  )
}
