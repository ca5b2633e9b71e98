import { expect, test } from 'vitest'
import type { Backend } from '../../src/api/types.gen'
import { existingRepository, lostFields, type Standing } from '../../src/model/destination'

const REST: Backend = { kind: 'rest', url: 'https://x', path: 'web' }
const S3: Backend = { kind: 's3', endpoint: 'https://s3', bucket: 'b', prefix: '', region: null }
const standing =
  (all: Record<string, Partial<Standing>>) =>
  (slot: string): Standing => ({
    ...{ held: false, typed: undefined, lost: false },
    ...all[slot.replace('repository/main/', '')],
  })

test('what the host has stays, unless another was typed for it', () => {
  const has = { password: { held: true }, login: { held: true, typed: '{"user":"u","password":"p"}' } }
  expect(existingRepository('main', REST, 'rest', standing(has))).toMatchObject({
    ...REST,
    ...{ loginUser: 'u', loginPassword: 'p', password: '' },
    ...{ held: { password: 'kept', login: 'replaced' }, heldFor: 'rest' },
  })
})

test('what was typed for a destination that is not saved is in the form again', () => {
  const typed = { password: { typed: 'pw' }, environment: { typed: '{"AWS_ACCESS_KEY_ID":"id"}' } }
  expect(existingRepository('main', S3, null, standing(typed))).toMatchObject({
    ...{ password: 'pw', environment: { AWS_ACCESS_KEY_ID: 'id' } },
    ...{ held: {}, heldFor: null },
  })
  expect(
    existingRepository('main', S3, null, standing({ environment: { typed: 'no JSON' } })).environment,
  ).toEqual({})
})

test('what a reload took is said at its field', () => {
  const lost = standing({ password: { held: true, lost: true }, login: { lost: true } })
  expect(Object.keys(lostFields('main', 'rest', lost))).toEqual(['password', 'loginPassword'])
  expect(existingRepository('main', REST, 'rest', lost).held).toEqual({ password: 'replaced' })
  expect(Object.keys(lostFields('main', 's3', standing({ environment: { lost: true } })))).toEqual([
    'AWS_ACCESS_KEY_ID',
  ])
})
