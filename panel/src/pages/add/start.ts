// From what was typed to a plan that the coordinator has checked, or to what is wrong, by field. Sends nothing but the
// plan, which holds no secret.

import { checkPlan } from '../../api/calls'
import type { Plan } from '../../api/types.gen'
import { FIRST_GROUP, firstPlan, otherProblems, pathProblems } from '../../model/firstPlan'
import { backendOf, draftProblems, fromPlanProblems } from '../../model/repository'
import { newRepository } from '../../parts/newRepository'
import { lines } from '../../ui'
import type { Start } from './StartFields'

export const newStart = (): Start => ({ repository: newRepository(), paths: '/etc\n/home\n/root' })

export type Checked = { plan: Plan } | { problems: Record<string, string> }

export async function checkStart(start: Start, hostname: string): Promise<Checked> {
  const includes = lines(start.paths)
  const problems = draftProblems(start.repository)
  if (includes.length === 0) problems.paths = 'Name at least one path.'
  if (Object.keys(problems).length > 0) return { problems }
  const plan = firstPlan(backendOf(start.repository, hostname), includes)
  const answer = await checkPlan(plan)
  if (answer.problems.length === 0) return { plan }
  const paths = pathProblems(answer.problems)
  const others = otherProblems(answer.problems)
  return {
    problems: {
      ...fromPlanProblems(answer.problems),
      ...(paths === null ? {} : { paths }),
      ...(others.length === 0 ? {} : { '': others.join('; ') }),
    },
  }
}

export { FIRST_GROUP }

/** Focus goes to the first field that is wrong, so that nobody has to look for it. */
export function focusFirstProblem(form: HTMLElement | null) {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
}
