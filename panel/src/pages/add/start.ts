// From what was typed to a plan that the coordinator has checked, or to what is wrong, by field. Sends nothing but the
// plan, which holds no secret.

import { checkPlan } from '../../api/calls'
import type { Backend, Plan, TemplateView } from '../../api/types.gen'
import { firstPlan, otherProblems, pathProblems } from '../../model/firstPlan'
import { backendOf, draftProblems, fromPlanProblems } from '../../model/repository'
import { type Applied, applyTemplate } from '../../model/template'
import { newRepository } from '../../parts/newRepository'
import { lines } from '../../ui'
import type { Start } from './StartFields'

export const newStart = (): Start => ({
  repository: newRepository(),
  paths: '/etc\n/home\n/root',
  template: null,
})

export type Checked = { plan: Plan } | { problems: Record<string, string> }

export async function checkStart(start: Start, hostname: string): Promise<Checked> {
  const includes = lines(start.paths)
  const problems = draftProblems(start.repository)
  if (start.template === null && includes.length === 0) problems.paths = 'Name at least one path.'
  if (Object.keys(problems).length > 0) return { problems }
  const backend = backendOf(start.repository, hostname)
  const plan =
    start.template === null ? firstPlan(backend, includes) : templated(backend, start.template).plan
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

/** A template as the first plan of a host that has nothing but its repository. */
function templated(backend: Backend, template: TemplateView): Applied {
  const plan = { ...firstPlan(backend, []), groups: {}, schedules: {} }
  const policy = { refuse_hooks: false, refuse_orders: [], keep_at_least: null }
  return applyTemplate({ plan, held: new Set(), policy, readOnly: null }, template.plan, { exact: true })
}

/** What a new host cannot do as the template says. */
export function startNotes(template: TemplateView): string[] {
  return templated({ kind: 'local', path: '/' }, template).notes
}

/** Focus goes to the first field that is wrong, so that nobody has to look for it. */
export function focusFirstProblem(form: HTMLElement | null) {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
}
