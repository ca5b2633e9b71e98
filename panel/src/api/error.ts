// What goes wrong between the panel and the coordinator, as one type. Knows RFC 9457 bodies; must not know pages.

import type { ErrorCode, PlanProblem, Problem } from './types.gen'

/** `unreachable`: no answer at all. `cut`: one that ended in the middle. `malformed`: one that is not the API's. The rest are the coordinator's. */
export type ApiErrorCode = ErrorCode | 'unreachable' | 'cut' | 'malformed'

/** `title` – what kind of thing; `message` – what happened, to what; `hint` – what to do next. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ApiErrorCode
  readonly status: number
  readonly title: string
  readonly hint: string
  readonly fields: readonly PlanProblem[]
  readonly retryAfterS: number | null
  /** Who or what is in the way, by its id. */
  readonly subject: string | null

  constructor(parts: {
    code: ApiErrorCode
    status: number
    title: string
    detail: string
    hint: string
    fields?: readonly PlanProblem[]
    retryAfterS?: number | null
    subject?: string | null
  }) {
    super(parts.detail)
    this.code = parts.code
    this.status = parts.status
    this.title = parts.title
    this.hint = parts.hint
    this.fields = parts.fields ?? []
    this.retryAfterS = parts.retryAfterS ?? null
    this.subject = parts.subject ?? null
  }

  /** What is wrong with one field of what was sent, if the coordinator said so. */
  field(name: string): string | undefined {
    return this.fields.find((problem) => problem.field === name)?.message
  }
}

export function isApiError(error: unknown, ...codes: ApiErrorCode[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code))
}

export function unreachable(): ApiError {
  return new ApiError({
    code: 'unreachable',
    status: 0,
    title: 'The coordinator does not answer',
    detail: 'This browser cannot reach the coordinator.',
    hint: 'Check the network and that the coordinator runs. Agents go on backing up without it.',
  })
}

export function cut(): ApiError {
  return new ApiError({
    code: 'cut',
    status: 0,
    title: 'The connection was lost',
    detail: 'The connection was lost before all of the answer had come.',
    hint: 'What came so far holds. Ask again for the rest.',
  })
}

export function fromProblem(status: number, body: unknown): ApiError {
  if (isProblem(body)) {
    return new ApiError({
      code: body.code,
      status: body.status,
      title: body.title,
      detail: body.detail,
      hint: body.hint,
      fields: body.fields ?? [],
      retryAfterS: body.retry_after_s ?? null,
      subject: body.subject ?? null,
    })
  }
  // A proxy in between answers with a page of its own when nobody listens behind it.
  if (status === 502 || status === 503 || status === 504) return unreachable()
  return new ApiError({
    code: 'malformed',
    status,
    title: 'Not an answer of the coordinator',
    detail: `The address answered with status ${status}, but not in the coordinator’s language.`,
    hint: 'Something between this browser and the coordinator answers in its place: check the proxy and the address.',
  })
}

function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false
  const problem = body as Partial<Problem>
  return typeof problem.code === 'string' && typeof problem.detail === 'string'
}
