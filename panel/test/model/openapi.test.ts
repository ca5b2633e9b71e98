// The API's document, read for people: the real one is whole, and what is odd in a document draws nothing wrong.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ApiDocument, codeIn, tagsMatching } from '../../src/model/openapi'

const REAL: unknown = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../docs/openapi.json'), 'utf8'),
)

describe('the document of this version', () => {
  const api = new ApiDocument(REAL)
  const operations = api.tags.flatMap((tag) => tag.operations)

  it('is read whole', () => {
    const { paths } = REAL as { paths: Record<string, Record<string, unknown>> }
    const said = Object.values(paths).reduce((sum, item) => sum + Object.keys(item).length, 0)
    expect(operations).toHaveLength(said)
    expect(new Set(operations.map(({ id }) => id)).size).toBe(said)
    for (const { summary, answers, path } of operations) {
      expect(summary, path).not.toBe('')
      expect(answers.length, path).toBeGreaterThan(0)
    }
  })

  it('shows every body with its fields', () => {
    const bodies = operations.filter(({ body }) => body !== null)
    expect(bodies.length).toBeGreaterThan(5)
    const signIn = operations.find(({ method, path }) => method === 'POST' && path === '/session')
    const fields = api.fieldsOf(signIn?.body?.schema)
    expect(fields.map(({ name, type, required }) => [name, type, required])).toEqual([
      ['password', 'string', true],
      ['user', 'string', true],
    ])
  })

  it('ends, however a type holds itself', () => {
    for (const { answers } of operations) {
      for (const { schema } of answers) expect(api.fieldsOf(schema).length).toBeLessThan(2_000)
    }
  })

  it('is searched by path, words and codes', () => {
    const found = (wanted: string) => tagsMatching(api.tags, wanted).flatMap((tag) => tag.operations)
    expect(found('delete templates').map(({ method, path }) => `${method} ${path}`)).toEqual([
      'DELETE /templates/{name}',
    ])
    expect(found('').length).toBe(operations.length)
    expect(found('no such thing at all')).toEqual([])
  })
})

describe('a schema in words', () => {
  const api = new ApiDocument({
    tags: [{ name: 'empty', description: 'Nothing is here.' }],
    paths: {
      '/a': {
        get: {
          tags: ['a'],
          security: [{ session: [] }, { api_token: [] }],
          parameters: [{ $ref: '#/components/parameters/Limit' }],
          responses: { '409': { $ref: '#/components/responses/Taken' } },
        },
        parameters: [],
      },
    },
    components: {
      parameters: { Limit: { name: 'limit', in: 'query', schema: { type: ['integer', 'null'] } } },
      responses: {
        Taken: {
          description: 'It is taken.',
          content: {
            'application/problem+json': {
              examples: { taken: { value: { code: 'name_taken' } } },
              schema: { $ref: '#/components/schemas/Row' },
            },
          },
        },
      },
      schemas: {
        Row: {
          properties: {
            name: { $ref: '#/components/schemas/Name' },
            next: { $ref: '#/components/schemas/Row' },
          },
          required: ['name'],
        },
        Name: { type: 'string', description: 'As people call it.' },
        Either: {
          oneOf: [
            { type: 'object', properties: { do: { enum: ['run'] } } },
            { $ref: '#/components/schemas/Row' },
            { type: 'null' },
          ],
        },
      },
    },
  })
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

  it('names what has fields, and says what the rest is', () => {
    expect(api.typeOf(ref('Row'))).toBe('Row')
    expect(api.typeOf(ref('Name'))).toBe('string')
    expect(api.typeOf({ type: 'array', items: ref('Row') })).toBe('array of Row')
    expect(api.typeOf({ oneOf: [ref('Row'), { type: 'null' }] })).toBe('Row or null')
    expect(api.typeOf({ enum: ['a', 'b'] })).toBe('"a" | "b"')
    const map = { type: 'object', additionalProperties: ref('Row') }
    expect(api.typeOf(map)).toBe('map of Row')
    expect(api.fieldsOf(map).map(({ name }) => name)).toEqual(['name', 'next'])
    expect(api.typeOf({ type: 'object', additionalProperties: false })).toBe('object')
    expect(api.typeOf(undefined)).toBe('anything')
  })

  it('opens a type once, and says what each variant holds', () => {
    expect(api.fieldsOf(ref('Row')).map(({ depth, name, text }) => [depth, name, text])).toEqual([
      [0, 'name', 'As people call it.'],
      [0, 'next', ''],
    ])
    expect(api.fieldsOf(ref('Either')).map(({ depth, name }) => [depth, name])).toEqual([
      [0, 'or'],
      [1, 'do'],
      [0, 'or'],
      [1, 'name'],
      [1, 'next'],
    ])
  })

  it('follows parameters and answers that stand elsewhere, and shows no empty tag', () => {
    expect(api.tags.map(({ name }) => name)).toEqual(['a'])
    const [operation] = api.tags[0]?.operations ?? []
    expect(operation).toMatchObject({
      byToken: true,
      parameters: [{ name: 'limit', where: 'query', type: 'integer or null', required: false }],
      answers: [{ status: '409', text: 'It is taken.', codes: ['name_taken'] }],
    })
  })
})

it('what is no document has nothing to show', () => {
  for (const odd of [null, [], 'text', { paths: { '/a': null } }, { paths: { '/a': { get: 7 } } }])
    expect(new ApiDocument(odd).tags.flatMap((tag) => tag.operations).length).toBeLessThan(2)
})

it('words between backticks are code, and links to them are not shown', () => {
  const pieces = codeIn('Known after [`Signed::verify`] alone, as `a` is.')
  expect(pieces.map(({ words, isCode }) => [words, isCode])).toEqual([
    ['Known after ', false],
    ['Signed::verify', true],
    [' alone, as ', false],
    ['a', true],
    [' is.', false],
  ])
  expect(codeIn('')).toEqual([])
})
