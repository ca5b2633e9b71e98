// Around the tabs that show the plan: they begin once it is here.

import { Outlet } from 'react-router'
import { useHost } from './context'
import { PlanGate } from './planEdit'

export default function PlanTabs() {
  const { agent } = useHost()
  return (
    <PlanGate agent={agent}>
      <Outlet />
    </PlanGate>
  )
}
