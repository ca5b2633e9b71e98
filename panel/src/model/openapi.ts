// The API's own description (OpenAPI 3.1), read for people: operations by tag, who may call them, what goes in and comes
// out as indented fields. Pure. What the document leaves out is left out here; what it says wrongly draws nothing.

type Json = Record<string, unknown>

export interface ApiField {
  /** How far inside it stands. */
  depth: number
  name: string
  type: string
  required: boolean
  text: string
}

export interface ApiParameter {
  name: string
  where: string
  type: string
  required: boolean
  text: string
}

export interface ApiAnswer {
  status: string
  text: string
  /** The codes of its problem, where it is one. */
  codes: readonly string[]
  schema: unknown
  example: unknown
}

export interface ApiOperation {
  id: string
  method: string
  path: string
  tag: string
  summary: string
  text: string
  /** Whether an API token is enough, besides a session. */
  byToken: boolean
  parameters: readonly ApiParameter[]
  body: { schema: unknown; example: unknown; required: boolean } | null
  answers: readonly ApiAnswer[]
}

export interface ApiTag {
  name: string
  text: string
  operations: readonly ApiOperation[]
}

export class ApiDocument {
  readonly title: string
  readonly version: string
  readonly text: string
  readonly tags: readonly ApiTag[]
  readonly #root: Json

  constructor(document: unknown) {
    this.#root = object(document)
    const info = object(this.#root.info)
    this.title = text(info.title)
    this.version = text(info.version)
    this.text = text(info.description)
    this.tags = this.#tags()
  }

  #tags(): ApiTag[] {
    const said = list(this.#root.tags).map(object)
    const byTag = new Map<string, ApiOperation[]>(said.map(({ name }) => [text(name), []]))
    for (const [path, item] of Object.entries(object(this.#root.paths))) {
      for (const method of METHODS) {
        const found = object(item)[method]
        if (found === undefined) continue
        const operation = this.#operation(method, path, object(found))
        byTag.set(operation.tag, [...(byTag.get(operation.tag) ?? []), operation])
      }
    }
    return [...byTag]
      .map(([name, operations]) => {
        const description = said.find((tag) => tag.name === name)?.description
        return { name, text: text(description), operations }
      })
      .filter(({ operations }) => operations.length > 0)
  }

  #operation(method: string, path: string, found: Json): ApiOperation {
    const body = this.#resolve(found.requestBody)
    const security = list(found.security).map(object)
    return {
      id: `${method}-${path.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '')}`,
      method: method.toUpperCase(),
      path,
      tag: text(list(found.tags)[0]) || 'other',
      summary: text(found.summary),
      text: text(found.description),
      byToken: security.some((one) => 'api_token' in one),
      parameters: list(found.parameters).map((one) => this.#parameter(this.#resolve(one))),
      body: found.requestBody === undefined ? null : { ...content(body), required: body.required === true },
      answers: Object.entries(object(found.responses)).map(([status, answer]) =>
        this.#answer(status, this.#resolve(answer)),
      ),
    }
  }

  #parameter({ name, in: where, schema, required, description }: Json): ApiParameter {
    return {
      name: text(name),
      where: text(where),
      type: this.typeOf(schema),
      required: required === true,
      text: text(description),
    }
  }

  #answer(status: string, answer: Json): ApiAnswer {
    const problem = object(object(answer.content)['application/problem+json'])
    const codes = Object.values(object(problem.examples)).map((one) => text(object(object(one).value).code))
    return {
      status,
      text: text(answer.description),
      codes: codes.filter((code) => code !== ''),
      ...content(answer),
    }
  }

  #resolve(found: unknown): Json {
    const one = object(found)
    if (typeof one.$ref !== 'string') return one
    const steps = one.$ref.split('/').slice(1)
    return steps.reduce<Json>((at, step) => object(at[step]), this.#root)
  }

  /** A schema in a few words: "string or null", "array of HostRow", its values where it is a choice. */
  typeOf(schema: unknown): string {
    const one = object(schema)
    if (typeof one.$ref === 'string') {
      const named = this.#resolve(one)
      // A name for a bare string tells less than what it is, unless it has fields to show.
      return isWhole(named) ? nameOf(one.$ref) : this.typeOf(named)
    }
    const variants = variantsOf(one).map((variant) => this.typeOf(variant))
    if (variants.length > 0) return [...new Set(variants)].join(' or ')
    if (Array.isArray(one.enum)) return one.enum.map((value) => JSON.stringify(value)).join(' | ')
    if (one.const !== undefined) return JSON.stringify(one.const)
    const types = typeof one.type === 'string' ? [one.type] : list(one.type).map(text)
    if (types.includes('array')) {
      const rest = types.filter((type) => type !== 'array')
      return [`array of ${this.typeOf(one.items)}`, ...rest].join(' or ')
    }
    if (types.includes('object') && isSchema(one.additionalProperties))
      return `map of ${this.typeOf(one.additionalProperties)}`
    return types.length === 0 ? 'anything' : types.join(' or ')
  }

  /** What stands inside a schema, level by level. */
  fieldsOf(schema: unknown): ApiField[] {
    return this.#fields(schema, 0, [])
  }

  #fields(schema: unknown, depth: number, above: readonly string[]): ApiField[] {
    const one = object(schema)
    const ref = typeof one.$ref === 'string' ? one.$ref : null
    // A type that holds itself, or lies deep, is named and not opened again.
    if (depth > DEEPEST || (ref !== null && above.includes(ref))) return []
    const within = ref === null ? above : [...above, ref]
    const found = this.#resolve(one)
    const inside = found.items ?? found.additionalProperties
    if (isSchema(inside)) return this.#fields(inside, depth, within)
    const parts = list(found.allOf).flatMap((part) => this.#fields(part, depth, within))
    const variants = variantsOf(found).filter((variant) => object(variant).type !== 'null')
    const chosen =
      variants.length === 1
        ? this.#fields(variants[0], depth, within)
        : variants.flatMap((variant) => this.#variant(variant, depth, within))
    return [...parts, ...this.#properties(found, depth, within), ...chosen]
  }

  #variant(variant: unknown, depth: number, within: readonly string[]): ApiField[] {
    const inner = this.#fields(variant, depth + 1, within)
    if (inner.length === 0) return []
    const said = text(object(variant).description)
    return [{ depth, name: 'or', type: this.typeOf(variant), required: false, text: said }, ...inner]
  }

  #properties(found: Json, depth: number, within: readonly string[]): ApiField[] {
    const required = list(found.required)
    return Object.entries(object(found.properties)).flatMap(([name, property]) => [
      {
        depth,
        name,
        type: this.typeOf(property),
        required: required.includes(name),
        text: text(object(property).description) || text(this.#resolve(property).description),
      },
      ...this.#fields(property, depth + 1, within),
    ])
  }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const
const DEEPEST = 4

/** By any part of its path, method, summary, tag or problem codes, whatever the case. */
export function matchesOperation(operation: ApiOperation, wanted: string): boolean {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  const { method, path, summary, tag, answers, text: more } = operation
  const all = [method, path, summary, more, tag, ...answers.flatMap(({ codes }) => codes)]
    .join(' ')
    .toLowerCase()
  return words.every((word) => all.includes(word))
}

/** The tags with only what matches; none that is left empty. */
export function tagsMatching(tags: readonly ApiTag[], wanted: string): ApiTag[] {
  return tags
    .map((tag) => ({ ...tag, operations: tag.operations.filter((one) => matchesOperation(one, wanted)) }))
    .filter(({ operations }) => operations.length > 0)
}

/** A text in pieces: what stands between backticks is code. The brackets that the document's makers link with go. */
export function codeIn(text: string): { at: number; words: string; isCode: boolean }[] {
  const pieces = text.replaceAll(/\[(`[^`]+`)\]/g, '$1').split('`')
  return pieces.map((words, at) => ({ at, words, isCode: at % 2 === 1 })).filter(({ words }) => words !== '')
}

function content(holder: Json): { schema: unknown; example: unknown } {
  const [media] = Object.values(object(holder.content)).map(object)
  const [first] = Object.values(object(media?.examples)).map((one) => object(one).value)
  return { schema: media?.schema, example: media?.example ?? first }
}

function variantsOf(schema: Json): unknown[] {
  return [...list(schema.oneOf), ...list(schema.anyOf)]
}

function isWhole(schema: Json): boolean {
  return schema.properties !== undefined || variantsOf(schema).length > 0 || schema.allOf !== undefined
}

/** Where `true` may stand instead of a schema, it says nothing. */
function isSchema(value: unknown): boolean {
  return Object.keys(object(value)).length > 0
}

function nameOf(ref: string): string {
  return ref.split('/').at(-1) ?? ref
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
