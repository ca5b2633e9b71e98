// Checks the fleet's statements on every page, after the page itself is there, and warns when they do not hold: whoever
// looks only at lists should hear of it as well.

import { Distrust } from '../../parts/OperatorNotice'
import { useTrust } from '../../parts/operator'
import styles from './Shell.module.css'

export default function TrustWatch() {
  const { trust } = useTrust()
  if (!trust.isError) return null
  return (
    <div className={styles.distrust}>
      <Distrust error={trust.error} />
    </div>
  )
}
