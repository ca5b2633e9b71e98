import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/api/types.gen'
import { firstPlan, otherProblems, pathProblems } from '../../src/model/firstPlan'
import {
  backendOf,
  draftOf,
  draftProblems,
  EMPTY_REPOSITORY,
  fromPlanProblems,
  KINDS,
  keeps,
  locationOf,
  type RepositoryDraft,
  secretsOf,
  withKind,
} from '../../src/model/repository'

const draft = (changes: Partial<RepositoryDraft>): RepositoryDraft => ({
  ...EMPTY_REPOSITORY,
  password: 'pw',
  ...changes,
})

describe('a repository from what was typed', () => {
  it('spells destinations as restic does', () => {
    const spell = (changes: Partial<RepositoryDraft>) => locationOf(backendOf(draft(changes), 'web-1'))
    expect(spell({ kind: 'local', path: ' /srv/backup ' })).toBe('/srv/backup')
    expect(spell({ kind: 'sftp', host: 'nas', user: 'bk', path: 'repo', port: '2222' })).toBe(
      'sftp://bk@nas:2222/repo',
    )
    expect(spell({ kind: 'sftp', host: 'nas', user: 'bk', path: '/abs' })).toBe('sftp://bk@nas//abs')
    expect(spell({ kind: 'rest', url: 'https://b.example/' })).toBe('rest:https://b.example/web-1/')
    expect(spell({ kind: 'rest', url: 'https://b.example', path: '/x/' })).toBe('rest:https://b.example/x/')
    expect(spell({ kind: 's3', endpoint: 'https://s3.eu/', bucket: 'b', prefix: '/p' })).toBe(
      's3:https://s3.eu/b/p',
    )
    expect(spell({ kind: 'b2', bucket: 'b', prefix: 'p' })).toBe('b2:b:p')
    expect(spell({ kind: 'azure', bucket: 'c', prefix: 'p' })).toBe('azure:c:/p')
    expect(spell({ kind: 'swift', bucket: 'c', prefix: '/p' })).toBe('swift:c:/p')
    expect(spell({ kind: 'local', path: '/srv//backup/./' })).toBe('/srv/backup')
    expect(spell({ kind: 'gs', bucket: 'b', prefix: '' })).toBe('gs:b:/')
    expect(spell({ kind: 'rclone', remote: 'r', path: 'p' })).toBe('rclone:r:p')
  })

  it('seals what belongs to the kind and nothing else', () => {
    const typed = draft({
      kind: 'rest',
      loginPassword: 'lp',
      environment: { AWS_ACCESS_KEY_ID: 'left over from another kind' },
    })
    expect(secretsOf(typed, 'web-1')).toEqual([
      { slot: 'repository/main/password', value: 'pw' },
      { slot: 'repository/main/login', value: '{"user":"web-1","password":"lp"}' },
    ])
    const s3 = draft({
      kind: 's3',
      loginPassword: 'lp',
      environment: { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: ' ' },
    })
    expect(secretsOf(s3, 'web-1')).toEqual([
      { slot: 'repository/main/password', value: 'pw' },
      {
        slot: 'repository/main/environment',
        value: '{"AWS_ACCESS_KEY_ID":"id","AWS_SECRET_ACCESS_KEY":"key"}',
      },
    ])
    expect(secretsOf(draft({ kind: 'local' }), 'h')).toHaveLength(1)
  })

  it('the plan never holds a secret', () => {
    for (const { value: kind } of KINDS) {
      const typed = draft({
        kind,
        password: 'S3CRET',
        loginPassword: 'S3CRET',
        environment: {
          AWS_SECRET_ACCESS_KEY: 'S3CRET',
          B2_ACCOUNT_KEY: 'S3CRET',
          AZURE_ACCOUNT_KEY: 'S3CRET',
        },
      })
      expect(JSON.stringify(firstPlan(backendOf(typed, 'h'), ['/etc']))).not.toContain('S3CRET')
    }
  })

  it.each<Backend>([
    { kind: 'local', path: '/srv' },
    { kind: 'sftp', host: 'h', port: 2222, user: 'u', path: 'p' },
    { kind: 'sftp', host: 'h', port: null, user: 'u', path: 'p' },
    { kind: 'rest', url: 'https://x', path: 'web' },
    { kind: 's3', endpoint: 'https://s3', bucket: 'b', prefix: 'p', region: null },
    { kind: 's3', endpoint: 'https://s3', bucket: 'b', prefix: '', region: 'eu-1' },
    { kind: 'b2', bucket: 'b', prefix: 'p' },
    { kind: 'gs', bucket: 'b', prefix: 'p' },
    { kind: 'azure', container: 'c', prefix: 'p' },
    { kind: 'swift', container: 'c', prefix: 'p' },
    { kind: 'rclone', remote: 'r', path: 'p' },
  ])('comes back from the plan as it was typed: %o', (backend) => {
    expect(backendOf(draftOf(backend), 'web-1')).toEqual(backend)
  })

  it('keeps what the host has, as far as it fits', () => {
    const both = draft({
      ...{ kind: 'rest', url: 'https://x', password: '', heldFor: 'rest' },
      held: { password: 'kept', login: 'replaced', environment: 'kept' },
    })
    expect(draftProblems(both)).toEqual({ loginPassword: expect.stringContaining('keep the one') })
    expect(secretsOf({ ...both, loginPassword: 'lp' }, 'web-1').map(({ slot }) => slot)).toEqual([
      'repository/main/login',
    ])
    const moved = { ...both, kind: 'b2' as const, bucket: 'b' }
    expect(keeps(moved, 'password')).toBe(true)
    expect(keeps(moved, 'environment')).toBe(false)
    expect(Object.keys(draftProblems(moved))).toEqual(['B2_ACCOUNT_ID', 'B2_ACCOUNT_KEY'])
  })

  it('takes the place of one kind for no place of another, but what is typed for a new one', () => {
    const disk = { ...draftOf({ kind: 'local', path: '/srv' }), heldFor: 'local' as const, password: 'pw' }
    expect(withKind(disk, 'rest')).toMatchObject({ kind: 'rest', path: '', password: 'pw' })
    expect(withKind(disk, 'local')).toEqual(disk)
    expect(withKind({ ...disk, heldFor: null }, 'rest').path).toBe('/srv')
  })

  it('takes one of several ways in, whole', () => {
    const missing = (environment: Record<string, string>) =>
      Object.keys(draftProblems(draft({ kind: 'swift', bucket: 'c', environment })))
    expect(missing({})).toEqual(['OS_AUTH_URL'])
    expect(missing({ OS_AUTH_URL: 'https://k', OS_USERNAME: 'u' })).toEqual(['OS_AUTH_URL'])
    expect(missing({ OS_AUTH_URL: 'https://k', OS_USERNAME: 'u', OS_PASSWORD: 'p' })).toEqual([])
    expect(missing({ OS_STORAGE_URL: 'https://s', OS_AUTH_TOKEN: 't' })).toEqual([])
    expect(missing({ ST_AUTH: 'https://a', ST_USER: 'u', ST_KEY: 'k' })).toEqual([])
  })

  it('says what is missing', () => {
    expect(draftProblems(draft({ kind: 'rest', url: '', password: '' }))).toMatchObject({
      url: /./,
      password: /made/,
    })
    expect(draftProblems(draft({ kind: 'rest', url: 'https://x' }))).toEqual({})
    expect(
      Object.keys(
        draftProblems(draft({ kind: 'azure', bucket: 'c', environment: { AZURE_ACCOUNT_NAME: 'a' } })),
      ),
    ).toEqual(['AZURE_ACCOUNT_KEY'])
    expect(draftProblems(draft({ kind: 'local', path: '/x', password: 'a\nb' }))).toMatchObject({
      password: /one line/,
    })
  })

  it('puts the coordinator’s words at the form’s fields', () => {
    const problems = [
      { field: 'repositories.main.backend.container', message: '`x y` is not a name' },
      { field: 'groups.default.includes[1]', message: '`etc` must be an absolute path' },
      { field: 'limits.nice', message: 'must lie between -20 and 19' },
    ]
    expect(fromPlanProblems(problems)).toEqual({ bucket: '`x y` is not a name.' })
    expect(pathProblems(problems)).toBe('`etc` must be an absolute path')
    expect(otherProblems(problems)).toEqual(['limits.nice: must lie between -20 and 19'])
  })
})
